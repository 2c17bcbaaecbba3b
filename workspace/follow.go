package workspace

// An engine asks for paths of a context, and for what the links on the way lead to. fsutil
// follows these for all paths at once, and leaves a path at a link that an earlier one went
// through: of `COPY link/x` and `COPY link/y` it sends one. So each path is followed here for
// itself, to its end, and what that finds is sent as well.
//
// What builds with fsutil alone must come out as with any other client. So nothing is added for
// a path with wildcards, of which a build takes what there is, nor for one whose end is sent.
// A build that lacks the end of any other path fails.

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Follow follows the paths that an engine asks for, to be used before fsutil.NewFilterFS is.
// It makes patterns of them that include what they lead to, and sends no less than fsutil.
func Follow(files fsutil.FS, opt *fsutil.FilterOpt) error {
	if len(opt.FollowPaths) == 0 || len(opt.IncludePatterns) > 0 { // nobody asks with both
		return nil
	}
	include, err := fsutil.FollowLinks(files, opt.FollowPaths)
	if err != nil || include == nil { // all is sent
		return err
	}
	usual, err := fsutil.NewFilterFS(files, &fsutil.FilterOpt{IncludePatterns: include, ExcludePatterns: opt.ExcludePatterns})
	if err != nil {
		return err
	}
	f := follower{files: files, links: map[string]string{}}
	for _, path := range opt.FollowPaths {
		way, err := f.follow(path)
		if err != nil {
			return err
		}
		if len(way.Links) == 0 || way.Loop {
			continue
		}
		lost, err := lack(usual, include, append(way.Links, way.End))
		if err != nil {
			return err
		}
		include = append(include, lost...)
	}
	opt.IncludePatterns, opt.FollowPaths = include, nil
	if slices.Contains(include, "") { // the root: all is sent
		opt.IncludePatterns = nil
	}
	return nil
}

// lack are patterns for a way if some of it is not sent.
func lack(sent fsutil.FS, include, way []string) (patterns []string, err error) {
	lost := false
	for _, path := range way {
		pattern := literalPattern(path)
		if slices.ContainsFunc(include, func(p string) bool { return pattern == p || strings.HasPrefix(pattern, p+"/") }) {
			continue
		}
		patterns = append(patterns, pattern)
		seen := false
		if err := walkTo(sent, path, func(fs.DirEntry) error { seen = true; return nil }); err != nil {
			return nil, err
		}
		lost = lost || !seen
	}
	if !lost {
		return nil, nil
	}
	return patterns, nil
}

// walkTo calls fn for what is at a path and below it.
func walkTo(files fsutil.FS, path string, fn func(fs.DirEntry) error) error {
	err := files.Walk(context.Background(), path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return fn(entry)
	})
	if isNotExist(err) {
		return nil
	}
	return err
}

// Follow is the function Follow, of this context.
func (c *ContextFS) Follow(opt *fsutil.FilterOpt) error { return Follow(c, opt) }

// A follower follows paths of files.
type follower struct {
	files fsutil.FS
	links map[string]string // what linkAt found
}

// maxFollowed is how many links a path may go through, as for BuildKit
// (containerd/continuity/fs.RootPath).
const maxFollowed = 255

// A Way is how a path of a context leads to something, through the links in it. Paths are
// relative to the context.
type Way struct {
	Links []string // that it goes through, in order; none if the path has wildcards
	End   string   // where it leads; "" is the root
	There bool     // something is there
	// Out is the first of Links that leads out of the context. The root is then taken for
	// what it leads to, as BuildKit does.
	Out  string
	Loop bool // there is no end
}

// Resolve finds the way that a path takes.
func Resolve(files fsutil.FS, path string) (Way, error) {
	way, err := follower{files: files, links: map[string]string{}}.follow(path)
	if err != nil || way.Loop {
		return way, err
	}
	err = walkTo(files, way.End, func(entry fs.DirEntry) error {
		way.There = true
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return way, err
}

// follow finds the way that a path takes, but whether something is there.
func (f follower) follow(path string) (way Way, err error) {
	path, ok := literal(path)
	if !ok {
		return Way{}, nil
	}
	separator := string(filepath.Separator)
	todo := strings.Split(filepath.FromSlash(path), separator)
	leaves := func() {
		if n := len(way.Links); way.Out == "" && n > 0 {
			way.Out = way.Links[n-1]
		}
	}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if name == ".." {
			if way.End == "" {
				leaves()
			}
			way.End = strings.TrimPrefix(filepath.Dir(separator+way.End), separator)
		}
		if name == "" || name == "." || name == ".." {
			continue
		}
		next := filepath.Join(way.End, name)
		link, err := f.linkAt(next)
		if err != nil {
			return way, err
		}
		if link == "" {
			way.End = next
			continue
		}
		if way.Links = append(way.Links, next); len(way.Links) > maxFollowed {
			way.Loop = true
			return way, nil
		}
		if os.IsPathSeparator(link[0]) {
			way.End = ""
			leaves()
		}
		todo = append(strings.Split(link, separator), todo...)
	}
	return way, nil
}

// linkAt is what the link at a path leads to, without a drive; "" if there is none.
func (f follower) linkAt(path string) (link string, err error) {
	if link, ok := f.links[path]; ok {
		return link, nil
	}
	err = walkTo(f.files, path, func(entry fs.DirEntry) error {
		if entry.IsDir() {
			return fs.SkipDir
		}
		if entry.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*types.Stat); ok {
			link = filepath.FromSlash(stat.Linkname)
			link = link[len(filepath.VolumeName(link)):]
		}
		return nil
	})
	f.links[path] = link
	return link, err
}

// literal is the path that a pattern without wildcards stands for.
func literal(pattern string) (path string, ok bool) {
	if runtime.GOOS == "windows" { // there is nothing to escape with
		return pattern, !strings.ContainsAny(pattern, "*?[")
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?', '[':
			return "", false
		case '\\':
			if i++; i == len(pattern) {
				return "", false
			}
		}
		b.WriteByte(pattern[i])
	}
	return b.String(), true
}

var escapeWildcards = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

// literalPattern is a pattern that matches a path alone, and what is below it.
func literalPattern(path string) string {
	if runtime.GOOS == "windows" {
		return filepath.ToSlash(path)
	}
	pattern := escapeWildcards.Replace(path)
	if strings.HasPrefix(pattern, "!") { // not an exception
		pattern = `\` + pattern
	}
	return pattern
}
