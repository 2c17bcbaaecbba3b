// Package survey says what of a build context would be sent, and why the rest would not:
// how many files and bytes, for which instruction, what an ignore file keeps out and by
// which line, what is large, what nothing matches, and what looks like a secret.
//
// The context is walked once, through the filter that a build sends it through
// (workspace.Follow, fsutil.NewFilterFS), so that what is counted is what is sent (survey.go, tree.go). What
// an instruction takes of that is found as BuildKit's copy finds it (pick.go); which line
// of an ignore file is to blame is worked out beside the filter (ignore.go).
//
// It knows neither Dockerfiles nor editors.
package survey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/workspace"
)

// A Question is what a build wants of a context.
type Question struct {
	// Ignore is the content of the ignore file that counts; nil if there is none.
	Ignore []byte
	// Nothing is whether the context is not sent at all.
	Nothing bool
	// Follow are the paths that are sent, with what symlinks on the way lead to; none: all.
	Follow []string
	// Uses are the instructions, each with its sources.
	Uses [][]Path
}

// A Path is a source of an instruction.
type Path struct {
	Path      string // from the context's root, with "/"
	Wildcards bool   // Path may have the wildcards of path.Match
	// Include and Exclude are patterns, of the kind of an ignore file's, for what lies
	// below Path; none: all of it, nothing.
	Include, Exclude []string
}

// An Amount is a number of files and the bytes of their contents. A symlink is a file
// without content, and a file with several names has its content once. Directories do not
// count.
type Amount struct {
	Files int
	Bytes int64
}

// An Answer says what would be sent. Paths are relative to the context, with "/"; those
// of directories end in one.
type Answer struct {
	Amount
	Largest  []Size // files and directories, 10 at most, the largest first
	Excluded []Line // in the order of the ignore file
	Secrets  []string
	// Unreadable are the directories that may not be read, so that nobody knows what is in
	// them. A build that asks for one fails.
	Unreadable []string
	Uses       []Use // as in the Question
}

// A Size is how large a file is, or all that is sent of a directory.
type Size struct {
	Path  string
	Bytes int64
}

// A Use is what an instruction takes.
type Use struct {
	Amount
	Largest  []Size   // files alone, 3 at most
	Missing  []string // the sources that nothing matches
	Excluded []Line   // what it would take but for the ignore file
	Secrets  []string
	// Unreadable are the directories of the Answer of which it takes something.
	Unreadable []string
}

// Of answers a question about a context. An error is one that a build would end with (a
// [Fault], if it is the ignore file's), or that of ctx; that a directory below the context
// may not be read is none.
func Of(ctx context.Context, contextFS fsutil.FS, q Question) (*Answer, error) {
	rules, err := readRules(q.Ignore)
	if err != nil {
		return nil, err
	}
	s := &survey{rules: rules, uses: make([]tally, len(q.Uses)), question: q}
	s.sent = s.tree.add
	if !q.Nothing {
		if err := s.walk(ctx, contextFS); err != nil {
			return nil, err
		}
	}
	return s.answer(ctx, contextFS)
}

// A survey is one walk.
type survey struct {
	question Question
	rules    *rules
	tree     tree
	excluded tally
	uses     []tally                             // of what each use does without
	sent     func(path string, stat *types.Stat) // is told of what is sent

	unreadable []string
}

// watchedFS shows its walker every entry that a filter looks at, and what it says of it.
type watchedFS struct {
	fsutil.FS
	seen   func(path string, entry fs.DirEntry, verdict error) // nil: nobody watches
	closed func(path string)                                   // is told which directories may not be read
}

func (w *watchedFS) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	seen := w.seen
	if seen == nil {
		return w.FS.Walk(ctx, target, fn)
	}
	return w.FS.Walk(ctx, target, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && errors.Is(err, fs.ErrPermission) { // it was shown before
			w.closed(path)
			return nil
		}
		verdict := fn(path, entry, err)
		if entry != nil {
			seen(path, entry, verdict)
		}
		return verdict
	})
}

// walk does what session/filesync and fsutil's sender do.
func (s *survey) walk(ctx context.Context, contextFS fsutil.FS) error {
	watched := &watchedFS{FS: contextFS, closed: func(path string) { s.unreadable = append(s.unreadable, filepath.ToSlash(path)+"/") }}
	opt := &fsutil.FilterOpt{ExcludePatterns: s.rules.patterns, FollowPaths: s.question.Follow}
	if err := workspace.Follow(watched, opt); err != nil {
		return err
	}
	filtered, err := fsutil.NewFilterFS(watched, opt)
	if err != nil {
		return err
	}
	sent := ""
	watched.seen = func(path string, entry fs.DirEntry, verdict error) {
		if path != sent {
			s.left(filepath.ToSlash(path), entry.IsDir(), verdict != nil)
		}
	}
	return filtered.Walk(ctx, "/", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, ok := entry.(*fsutil.DirEntryInfo) // the filter's own: no copy is made
		if !ok {
			return fmt.Errorf("%s has no metadata", path)
		}
		sent = path
		s.sent(filepath.ToSlash(path), info.Stat)
		return nil
	})
}

// left notes an entry that is not sent, if that is an ignore file's doing. A directory
// that is looked into is none: what is in it is.
func (s *survey) left(path string, isDir, pruned bool) {
	if s.rules.none() {
		return
	}
	rule := s.rules.blame(path, isDir)
	if rule < 0 || isDir && !pruned {
		return
	}
	s.excluded.add(rule, path, isDir)
	for i, use := range s.question.Uses {
		for _, p := range use {
			if p.touches(path) {
				s.uses[i].add(rule, path, isDir)
				break
			}
		}
	}
}

func (s *survey) answer(ctx context.Context, contextFS fsutil.FS) (*Answer, error) {
	s.tree.close()
	a := &Answer{Amount: s.tree.amount(), Largest: s.tree.largest(10), Excluded: s.rules.lines(s.excluded), Unreadable: s.unreadable}
	secrets := s.tree.secrets(contextFS)
	for _, e := range secrets {
		a.Secrets = append(a.Secrets, s.tree.entries[e].path)
	}
	for i, paths := range s.question.Uses {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		u, err := s.tree.use(paths, secrets)
		if err != nil {
			return nil, err
		}
		u.Excluded = s.rules.lines(s.uses[i])
		for _, dir := range s.unreadable {
			if slices.ContainsFunc(paths, func(p Path) bool { return p.touches(dir) }) {
				u.Unreadable = append(u.Unreadable, dir)
				u.Missing = slices.DeleteFunc(u.Missing, func(m string) bool { return Path{Path: m}.touches(dir) })
			}
		}
		a.Uses = append(a.Uses, u)
	}
	return a, nil
}
