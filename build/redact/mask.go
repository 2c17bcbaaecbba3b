package redact

import (
	"bytes"
	"cmp"
	"slices"
)

// A Mask holds what must not be shown, the longest first. What a URL holds of that is
// hidden even by an empty one.
type Mask [][]byte

// shortest is the length from which a value is hidden: to hide each "1" would hide the
// log, and no secret.
const shortest = 4

// With adds a value, whole and line by line: tools print them so.
func (m Mask) With(value []byte) Mask {
	for _, v := range append([][]byte{value}, bytes.Split(value, []byte("\n"))...) {
		if v = bytes.TrimSpace(v); len(v) >= shortest {
			m = append(m, v)
		}
	}
	return m.Sorted()
}

func (m Mask) Sorted() Mask {
	slices.SortStableFunc(m, func(a, b []byte) int { return cmp.Compare(len(b), len(a)) })
	return m
}

func (m Mask) Hide(text []byte) []byte { return URLsIn(m.HideValues(text)) }

func (m Mask) HideValues(text []byte) []byte {
	for _, v := range m {
		text = bytes.ReplaceAll(text, v, []byte("***"))
	}
	return text
}

// HidePiece masks values in text, of which more is to come: held is the end of it that may
// be the beginning of a value.
func (m Mask) HidePiece(text []byte) (shown, held []byte) {
	var first [256]bool
	for _, v := range m {
		first[v[0]] = true
	}
	var out []byte
	done := 0 // so much of text is in out
	for i := 0; i < len(text) && len(m) > 0; i++ {
		if !first[text[i]] {
			continue
		}
		whole, begun := m.at(text[i:])
		switch {
		case begun:
			return append(out, text[done:i]...), text[i:]
		case whole > 0:
			out = append(append(out, text[done:i]...), "***"...)
			i += whole - 1
			done = i + 1
		}
	}
	if done == 0 {
		return text, nil
	}
	return append(out, text[done:]...), nil
}

// at is the length of the longest value that text begins with; begun says that a longer one may
// begin there.
func (m Mask) at(text []byte) (whole int, begun bool) {
	for _, v := range m { // the longest first
		switch {
		case bytes.HasPrefix(text, v):
			return len(v), false
		case bytes.HasPrefix(v, text):
			return 0, true
		}
	}
	return 0, false
}

func (m Mask) HideText(text string) string {
	return string(m.Hide([]byte(text)))
}

// HideError masks an error's text and keeps what it wraps.
func (m Mask) HideError(err error) error {
	if err == nil {
		return nil
	}
	return &maskedError{err, m.HideText(err.Error())}
}

type maskedError struct {
	err  error
	text string
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.err }
