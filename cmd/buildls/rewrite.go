package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	ws "github.com/buildls/buildls/workspace"
)

// exact takes what is in files to the byte, unless it is a terminal.
func (s stdio) exact() io.Writer {
	if out, ok := s.out.(*os.File); ok && term.IsTerminal(int(out.Fd())) {
		return s.clean().out
	}
	return s.out
}

// writeDiff writes what changes in a file as patch reads it.
func writeDiff(w io.Writer, name, diff string) error {
	name = strings.TrimLeft(filepath.ToSlash(name), "/")
	if strings.ContainsAny(name, " \t") {
		name += "\t" // ends it, as with GNU diff
	}
	_, err := fmt.Fprintf(w, "--- a/%s\n+++ b/%s\n%s", name, name, diff)
	return err
}

// rewrite puts a text in the place of a file's, which is still what was read. The file keeps its
// mode and its names: behind a link it is the target that changes. It is whole at each moment,
// unless it has several names, which it could not keep otherwise.
func rewrite(name string, before, now []byte) error {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	if disk, err := ws.ReadPlain(path); err != nil || string(disk) != string(before) {
		return errors.Join(fmt.Errorf("%s was changed meanwhile, and stays as it is", name), err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if hasSeveralNames(info) {
		return os.WriteFile(path, now, info.Mode().Perm())
	}
	return replace(path, now, info)
}

// replace puts a new file in the place of another.
func replace(path string, text []byte, info os.FileInfo) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".buildls-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, keepOwner(f.Name(), info), os.Chmod(f.Name(), info.Mode()), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
