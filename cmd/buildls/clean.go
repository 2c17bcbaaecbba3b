package main

import (
	"io"

	"github.com/buildls/buildls/build/escape"
)

// clean is std for who shows what others wrote: Dockerfiles, engines, file names. Nothing of
// that steers the terminal; colours stay.
func (std stdio) clean() stdio {
	std.out, std.err = cleanWriter{std.out, &escape.Filter{}, std.out}, cleanWriter{std.err, &escape.Filter{}, nil}
	return std
}

type cleanWriter struct {
	w      io.Writer
	filter *escape.Filter
	io.Closer
}

func (c cleanWriter) Write(text []byte) (int, error) {
	if _, err := c.w.Write(c.filter.Clean(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}
