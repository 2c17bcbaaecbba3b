package plan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/workspace"
)

// maxSubfolders is in how many subfolders of a workspace folder compose and bake files are
// looked for.
const maxSubfolders = 50

// dirs are the directories in which the author's compose and bake files may lie:
// each workspace folder and its subfolders, those between it and path (which may be
// empty), and those of open compose and bake files.
func (ps *Projects) dirs(snapshot *workspace.Snapshot, path string) []string {
	var dirs []string
	add := func(dir string) {
		known := func(other string) bool { // perhaps in other case
			return other == dir || strings.EqualFold(other, dir) && workspace.SamePlace(other, dir)
		}
		if dir != "" && !slices.ContainsFunc(dirs, known) {
			dirs = append(dirs, dir)
		}
	}
	for _, f := range snapshot.Folders() {
		add(f.Path)
		for _, dir := range ps.subfolders(f) {
			add(dir)
		}
	}
	// upTo adds the directories from that of path up to the folder that holds it, in the
	// folder's spelling.
	upTo := func(path string) {
		folder, rel, ok := snapshot.FolderAt(path)
		if !ok {
			add(filepath.Dir(path))
			return
		}
		for rel = filepath.Dir(rel); rel != "."; rel = filepath.Dir(rel) {
			add(filepath.Join(folder.Path, rel))
		}
		add(folder.Path)
	}
	if path != "" {
		upTo(path)
	}
	for _, d := range snapshot.Projects() {
		add(filepath.Dir(d.Path))
	}
	return dirs
}

// subfolders are those of a workspace folder.
func (ps *Projects) subfolders(f workspace.Folder) []string {
	return ps.below.of(f.Path, func() (list []string) {
		if WhyNoContext(f.Place()) != "" {
			return nil // nobody works on all of it
		}
		entries, _ := os.ReadDir(f.Path) // what cannot be read has none
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "node_modules" && len(list) < maxSubfolders {
				list = append(list, filepath.Join(f.Path, e.Name()))
			}
		}
		return list
	})
}
