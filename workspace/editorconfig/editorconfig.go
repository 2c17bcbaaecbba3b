// Package editorconfig says how a project wants a file to be laid out, by the files .editorconfig
// beside it and above (https://editorconfig.org).
//
// It knows no kind of file, and no editor.
package editorconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"mvdan.cc/editorconfig"
)

// Name is what such a file is called.
const Name = ".editorconfig"

// MaxBytes is how large such a file may be, and maxRange how many numbers a pattern may stand for
// ({1..9}): the library writes all of them down.
const (
	MaxBytes = 64 << 10
	maxRange = 1000
	maxWidth = 16 // of an indentation
)

// Wishes are what is wanted. The zero Wishes want nothing.
type Wishes struct {
	Style     string // of an indentation: "tab" or "space"; else empty
	Width     int    // of an indentation, in columns; 0: nothing is said
	LineBreak string // "\n" or "\r\n"; else empty
	// FinalNewline and Trim are whether the last line ends, and whether lines end without blanks;
	// nil: nothing is said.
	FinalNewline, Trim *bool
}

// Of are the wishes for a file, by its absolute path. read reads a file, as
// [workspace.ReadPlain] does. The error names the files that count, but cannot be read: the others
// count all the same.
func Of(path string, read func(path string) ([]byte, error)) (Wishes, error) {
	var all editorconfig.Section
	var wrong []error
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		file, err := parse(filepath.Join(dir, Name), read)
		if err != nil {
			wrong = append(wrong, err)
		}
		if rel, err := filepath.Rel(dir, path); err == nil && file != nil {
			for i := len(file.Sections) - 1; i >= 0; i-- { // the last one wins
				all.Add(of(file.Sections[i], rel)...)
			}
		}
		if file != nil && file.Root || dir == filepath.Dir(dir) {
			return wishes(all), errors.Join(wrong...)
		}
	}
}

// parse reads one file; nil if there is none.
func parse(path string, read func(string) ([]byte, error)) (*editorconfig.File, error) {
	data, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return nil, nil
	case err != nil:
		return nil, err
	case len(data) > MaxBytes:
		return nil, fmt.Errorf("%s is larger than %d KiB, and does not count", path, MaxBytes>>10)
	}
	return editorconfig.Parse(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
}

var numbers = regexp.MustCompile(`\{([+-]?[0-9]+)\.\.([+-]?[0-9]+)\}`)

// of are the properties of a section, if it is about a file. One with a pattern that is none is
// about nothing: the library panics.
func of(s editorconfig.Section, rel string) (list []editorconfig.Property) {
	defer func() {
		if recover() != nil {
			list = nil
		}
	}()
	for _, m := range numbers.FindAllStringSubmatch(s.Name, -1) {
		first, errFirst := strconv.Atoi(m[1])
		last, errLast := strconv.Atoi(m[2])
		if errFirst != nil || errLast != nil || last/2-first/2 > maxRange/2 {
			return nil
		}
	}
	file := editorconfig.File{Sections: []editorconfig.Section{s}}
	return file.Filter(rel, nil, nil).Properties
}

func wishes(s editorconfig.Section) (w Wishes) {
	if style := s.Get("indent_style"); style == "tab" || style == "space" {
		w.Style = style
	}
	w.Width = min(max(s.TabWidth(), 0), maxWidth)
	w.LineBreak = map[string]string{"lf": "\n", "crlf": "\r\n"}[s.Get("end_of_line")]
	w.FinalNewline, w.Trim = truth(s.Get("insert_final_newline")), truth(s.Get("trim_trailing_whitespace"))
	return w
}

func truth(value string) *bool {
	if value != "true" && value != "false" {
		return nil
	}
	is := value == "true"
	return &is
}

// Indent is one step of indentation; otherwise where nothing is said.
func (w Wishes) Indent(otherwise string) string {
	switch {
	case w.Style == "tab":
		return "\t"
	case w.Width > 0 && (w.Style == "space" || strings.Trim(otherwise, " ") == ""):
		return strings.Repeat(" ", w.Width)
	case w.Style == "space" && strings.Trim(otherwise, " ") != "":
		return strings.Repeat(" ", 4)
	}
	return otherwise
}
