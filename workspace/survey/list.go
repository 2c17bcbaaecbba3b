package survey

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/tonistiigi/fsutil"
)

// A File is what a directory holds.
type File struct {
	Name      string
	Directory bool
}

// List is what a build finds in a directory of its context, of the names that begin with a prefix in
// any case: directories first, each by its name, and no more than most. ignore is the content of the
// ignore file; nil if there is none. A directory that it keeps out is listed if an exception may let
// in what is below. dir has "/" between its elements; "" is the context itself. The error is that of
// the walk, or a [Fault].
func List(ctx context.Context, contextFS fsutil.FS, dir, prefix string, most int, ignore []byte) (list []File, err error) {
	rules, err := readRules(ignore)
	if err != nil {
		return nil, err
	}
	ignored, err := patternmatcher.New(rules.patterns)
	if err != nil {
		return nil, err
	}
	var found []File
	err = contextFS.Walk(ctx, filepath.FromSlash(dir), func(name string, e fs.DirEntry, err error) error {
		name = filepath.ToSlash(name)
		if name == dir || name == "" || errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil {
			return err
		}
		if base := path.Base(name); len(base) >= len(prefix) && strings.EqualFold(base[:len(prefix)], prefix) {
			found = append(found, File{base, e.IsDir()})
		}
		if e.IsDir() {
			return filepath.SkipDir
		}
		return nil
	})
	slices.SortFunc(found, func(a, b File) int {
		if a.Directory != b.Directory {
			if a.Directory {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	for _, f := range found {
		if len(list) == most {
			break
		}
		out, err := ignored.MatchesOrParentMatches(filepath.Join(filepath.FromSlash(dir), f.Name))
		if err == nil && (!out || f.Directory && ignored.Exclusions()) {
			list = append(list, f)
		}
	}
	return list, err
}
