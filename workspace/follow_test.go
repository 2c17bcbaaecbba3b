package workspace

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	continuity "github.com/containerd/continuity/fs"
	"github.com/tonistiigi/fsutil"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// asked are the regular files and links that are sent to who asks for paths.
func asked(t *testing.T, files fsutil.FS, opt fsutil.FilterOpt) []string {
	t.Helper()
	sent, err := fsutil.NewFilterFS(files, &opt)
	must(t, err)
	var paths []string
	must(t, sent.Walk(t.Context(), "", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, filepath.ToSlash(path))
		}
		return err
	}))
	return paths
}

// completed is what an engine asks for after Follow.
func completed(t *testing.T, files fsutil.FS, opt fsutil.FilterOpt) fsutil.FilterOpt {
	t.Helper()
	opt.FollowPaths = slices.Clone(opt.FollowPaths)
	must(t, Follow(files, &opt))
	return opt
}

// Of each path is sent what it leads to, whatever other paths go through the same links.
func TestFollow(t *testing.T) {
	dir := tree(t, map[string]string{
		"real/x": "x", "real/y": "y", "real/sub/z": "z", "other/f": "f", "v2/shared/conf": "c", "[slug]/p": "p", "[slug]/q": "q", "s/p": "-",
		"link": "->real", "link2": "->link", "real/self": "->../link", "real/far": "->/other/f", "root": "->.", "up": "->..",
		"current": "->v2", "v2/conf": "->../current/shared/conf", "out": "->../../elsewhere", "dangling": "->gone", "loop": "->loop/a", "loop2": "->loop", "route": "->[slug]",
	})
	for _, c := range []struct{ follow, exclude, want string }{
		{"link/x", "", "link real/x"},
		{"link/x link/y", "", "link real/x real/y"},
		{"link/sub/z link/x", "", "link real/sub/z real/x"},
		{"link/x link/sub", "", "link real/sub/z real/x"},
		{"link/x link2/y", "", "link link2 real/x real/y"},
		{"link link/x", "", "link real/far real/self real/sub/z real/x real/y"},
		{"link/* link/y", "", "link other/f real/far real/self real/sub/z real/x real/y"},
		{"link/self/self/x link/self/y", "", "link real/self real/x real/y"},
		{"link/x link/far", "", "link other/f real/far real/x"},
		{"root/link/x root/link/y", "", "link real/x real/y root"},
		{"up/real/x up/link/y", "", "link real/x real/y up"},
		{"current/conf", "", "current v2/conf v2/shared/conf"},
		{"route/p route/q", "", "[slug]/p [slug]/q route s/p"},
		{"link/x out/a out/b dangling/a dangling/b loop/b loop2/c gone/x", "", "dangling link loop loop2 out real/x"},
		{"link/x link/y", "real/y", "link real/x"},
		{"link/x link/y", "real", "link"},
		{"link/x link/y", "link", "real/x real/y"},
		// A build takes what there is, so it must come out as without.
		{"link/x link/y*", "", "link real/x"},
		{"link/x link2/s* link2/y", "", "link link2 real/x real/y"},
		{"link/x real/y", "", "link real/x real/y"},
		{"link/a link/sub real/sub/z", "", "link real/sub/z"},
		{"link/x .", "", strings.Join(asked(t, open(t, dir, nil), fsutil.FilterOpt{}), " ")},
	} {
		opt := fsutil.FilterOpt{FollowPaths: strings.Fields(c.follow), ExcludePatterns: strings.Fields(c.exclude)}
		files := open(t, dir, nil)
		equal(t, c.follow+" but "+c.exclude, strings.Join(asked(t, files, completed(t, files, opt)), " "), c.want)
	}
}

// On random trees, each path leads to what it leads to in the whole context, and where fsutil
// alone has that, nothing is sent beyond what fsutil alone sends.
func TestFollowRandom(t *testing.T) {
	added := 0
	for seed := range uint64(enginetest.Some(200)) {
		r := rand.New(rand.NewPCG(seed, 12))
		all := randomLinks(r)
		dir := tree(t, all)
		var paths []string // that lead to something, as in a build that succeeds
		for range 40 {
			if path := randomPath(r, 2+r.IntN(2)); len(paths) < 4 && leadsTo(t, dir, path) != "nothing" {
				paths = append(paths, path)
			}
		}
		slices.Sort(paths)
		files, opt := open(t, dir, nil), fsutil.FilterOpt{FollowPaths: paths}
		usual, mine := asked(t, files, opt), asked(t, files, completed(t, files, opt))
		usualDir, mineDir := tree(t, these(all, usual)), tree(t, these(all, mine))
		what := fmt.Sprintf("seed %d: %s", seed, paths)
		enough := true
		for _, path := range paths {
			want := leadsTo(t, dir, path)
			equal(t, what+": "+path, leadsTo(t, mineDir, path), want)
			enough = enough && leadsTo(t, usualDir, path) == want
		}
		if enough {
			equal(t, what, mine, usual)
		} else {
			added++
		}
	}
	if added < enginetest.Some(5) {
		t.Errorf("%d trees need more than fsutil sends: that tests little", added)
	}
}

// randomLinks are the files of a context with many links, as tree takes them.
func randomLinks(r *rand.Rand) map[string]string {
	files, taken := map[string]string{}, map[string]bool{}
	for range 14 {
		path := randomPath(r, 1+r.IntN(3))
		free := !taken[path]
		for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
			_, isFile := files[dir]
			free = free && !isFile
		}
		if !free {
			continue
		}
		for at := path; at != "."; at = filepath.Dir(at) {
			taken[at] = true
		}
		files[path] = path
		if r.IntN(5) < 2 {
			files[path] = "->" + []string{"", "/", "../"}[r.IntN(3)] + randomPath(r, 1)
		}
	}
	return files
}

func these(files map[string]string, paths []string) map[string]string {
	some := map[string]string{}
	for _, path := range paths {
		some[path] = files[path]
	}
	return some
}

func randomPath(r *rand.Rand, depth int) string {
	var path []string
	for range depth {
		path = append(path, string("abc"[r.IntN(3)]))
	}
	return strings.Join(path, "/")
}

// leadsTo is what a path leads to as BuildKit finds it: the path of a file or a directory, or
// that there is nothing.
func leadsTo(t *testing.T, dir, path string) string {
	t.Helper()
	found, err := continuity.RootPath(dir, path)
	if err != nil {
		return "nothing"
	}
	fi, err := os.Lstat(found)
	if err != nil {
		return "nothing"
	}
	rel, err := filepath.Rel(dir, found)
	must(t, err)
	return fmt.Sprint(rel, " ", fi.Mode().Type())
}
