package plan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// Projects reads the compose and bake files of directories, and remembers what they say
// as long as every file and variable that was asked for is as it was.
type Projects struct {
	mu    sync.Mutex
	known map[string]*readProject // by directory
}

// A readProject is a project, and what it was read from.
type readProject struct {
	files   map[string]string // a hash of each file's content; "" for one that is not there
	env     map[string]string // "=" and the value; "" for one that is not set
	project *project.Project
}

// read reads a directory as the author sees it: a buffer goes before its file.
func (ps *Projects) read(seen *workspace.Snapshot, dir string) *project.Project {
	if _, err := os.Stat(dir + string(filepath.Separator) + "."); errors.Is(err, fs.ErrPermission) {
		return &project.Project{} // what may not be entered is not the author's project
	}
	ps.mu.Lock()
	known := ps.known[dir]
	ps.mu.Unlock()
	if known != nil && known.holds(seen) {
		return known.project
	}
	r := &readProject{files: map[string]string{}, env: map[string]string{}}
	r.project = project.Read(dir, project.Source{
		Read: func(path string) ([]byte, error) {
			data, err := readFile(seen, path)
			r.files[path] = hashOf(data, err)
			return data, err
		},
		Env: func(name string) (string, bool) {
			r.env[name] = variable(name)
			return os.LookupEnv(name)
		},
	})
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.known == nil {
		ps.known = map[string]*readProject{}
	}
	ps.known[dir] = r
	return r.project
}

// Reads says whether a project was read from a file, or would be if it were there.
func (ps *Projects) Reads(path string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, r := range ps.known {
		for file := range r.files {
			if file == path || filepath.Base(file) == filepath.Base(path) && workspace.SamePlace(file, path) {
				return true
			}
		}
	}
	return false
}

// holds says whether a project would be read the same.
func (r *readProject) holds(seen *workspace.Snapshot) bool {
	for path, hash := range r.files {
		if hashOf(readFile(seen, path)) != hash {
			return false
		}
	}
	for name, value := range r.env {
		if variable(name) != value {
			return false
		}
	}
	return true
}

func variable(name string) string {
	if v, ok := os.LookupEnv(name); ok {
		return "=" + v
	}
	return ""
}

func hashOf(data []byte, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return err.Error()
	}
	sum := sha256.Sum256(data)
	return string(sum[:])
}

// maxProjectFile bounds what is read of one file, in bytes. Package project refuses what
// is that long.
const maxProjectFile = 2 << 20

// readFile reads a buffer, else a regular file.
func readFile(seen *workspace.Snapshot, path string) ([]byte, error) {
	if d := seen.DocumentAt(path); d != nil {
		return d.Text.Bytes(), nil
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxProjectFile))
}

// maxSubfolders is in how many subfolders of a workspace folder compose and bake files are
// looked for.
const maxSubfolders = 50

// projectDirs are the directories in which the author's compose and bake files may lie:
// each workspace folder and its subfolders, those between it and path (which may be
// empty), and those of open compose and bake files.
func projectDirs(snapshot *workspace.Snapshot, path string) []string {
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
		if WhyNoContext(f.Place()) != "" {
			continue // nobody works on all of it
		}
		for _, dir := range subfolders(f.Path) {
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

func subfolders(dir string) (list []string) {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "node_modules" && len(list) < maxSubfolders {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list
}
