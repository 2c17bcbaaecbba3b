package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
	ws "github.com/buildls/buildls/workspace"
)

// A baseline is a file of problems that are known, so that only new ones are told. Names in it are
// relative to its folder. A problem stays known when its line moves, and not when it changes.
type baseline struct {
	file   string
	update bool // write the file instead of leaving out what it has
}

// A knownProblem is an element of the file. Only the fingerprint counts, the rest is for readers.
type knownProblem struct {
	File        string `json:"file"`
	Code        string `json:"code"`
	Message     string `json:"message"`
	Fingerprint string `json:"fingerprint"`
}

// apply leaves out of files what is known, or writes down what there is and leaves out all.
func (b baseline) apply(files []checked) error {
	if b.update {
		return b.write(files)
	}
	known, err := b.read()
	if err != nil {
		return err
	}
	for i, f := range files {
		prints := f.fingerprints(b.nameOf(f))
		var left []dockerfile.Problem
		for j, p := range f.problems {
			if !known[prints[j]] {
				left = append(left, p)
			}
		}
		files[i].problems = left
	}
	return nil
}

func (b baseline) read() (known map[string]bool, err error) {
	data, err := ws.ReadPlain(b.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--baseline: there is no %s; add --update-baseline to write it", b.file)
	}
	var list []knownProblem
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("--baseline: cannot read %s: %w; add --update-baseline to write it anew", b.file, err)
	}
	known = map[string]bool{}
	for _, k := range list {
		known[k.Fingerprint] = true
	}
	return known, nil
}

func (b baseline) write(files []checked) error {
	list := []knownProblem{}
	for i, f := range files {
		name := b.nameOf(f)
		for j, print := range f.fingerprints(name) {
			list = append(list, knownProblem{name, f.problems[j].Code, f.problems[j].Message, print})
		}
		files[i].problems = nil
	}
	slices.SortStableFunc(list, func(a, b knownProblem) int { return cmp.Compare(a.File, b.File) })
	data, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = os.WriteFile(b.file, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("--update-baseline: %w", err)
	}
	return nil
}

// nameOf is a file's name relative to the folder of the baseline, with slashes.
func (b baseline) nameOf(f checked) string {
	name, err := filepath.Abs(f.name)
	if err != nil || f.name == "-" {
		return f.name
	}
	dir, err := filepath.Abs(filepath.Dir(b.file))
	if err != nil {
		return f.name
	}
	relative, err := filepath.Rel(dir, name)
	if err != nil {
		return f.name
	}
	return filepath.ToSlash(relative)
}
