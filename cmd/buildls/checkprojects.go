package main

import (
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/handlers/plan"
	ws "github.com/buildls/buildls/workspace"
)

// projects are the compose and bake files around Dockerfiles, which say what a build of one is given.
type projects struct {
	files plan.Projects

	mu    sync.Mutex
	roots map[string]*ws.Snapshot // by the folder that an editor would have open
}

// maxWays is how many ways of building one Dockerfile are told apart.
const maxWays = 8

// of are the ways in which the projects build a Dockerfile, one at least, and the context of the first;
// empty if no project builds it from a folder.
func (p *projects) of(name string) (ways []lint.File, context string) {
	path, err := filepath.Abs(name)
	if err != nil {
		return []lint.File{{}}, ""
	}
	snapshot := p.snapshot(path)
	if len(p.files.Profiles(snapshot, plan.Defaults{}, path).For(snapshot, path, "")) == 0 {
		return []lint.File{{}}, ""
	}
	doc := &ws.Document{URI: snapshot.URIOf(path), Path: path}
	setups, wrong := p.files.Setups(snapshot, doc, "", plan.Defaults{})
	for i, s := range setups {
		if wrong[i] != nil || len(ways) == maxWays {
			continue
		}
		if len(ways) == 0 && !s.Context.Remote() {
			context = s.Context.Dir
		}
		ways = append(ways, waysOf(s)...)
	}
	if len(ways) == 0 {
		ways = []lint.File{{}}
	}
	return ways, context
}

// snapshot has the folder open that holds the repository of a file, else the file's own.
func (p *projects) snapshot(path string) *ws.Snapshot {
	root := filepath.Dir(path)
	for dir := root; ; {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			root = dir
			break
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.roots[root] == nil {
		w := ws.New()
		snapshot, _, err := w.Apply(ws.SetFolders{Added: []ws.Folder{{URI: w.Snapshot().URIOf(root)}}})
		if err != nil {
			snapshot = w.Snapshot()
		}
		if p.roots == nil {
			p.roots = map[string]*ws.Snapshot{}
		}
		p.roots[root] = snapshot
	}
	return p.roots[root]
}

// waysOf are those of a build, one for each of its platforms.
func waysOf(s plan.Setup) (ways []lint.File) {
	for _, platform := range append(slices.Clone(s.Platforms), "")[:max(1, len(s.Platforms))] {
		ways = append(ways, lint.File{Args: s.BuildArgs, Target: s.Target, Platform: platform, Rules: practice.Config{Contexts: s.Named}})
	}
	return ways
}
