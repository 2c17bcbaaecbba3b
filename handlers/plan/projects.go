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
	"time"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// Projects reads the compose and bake files of directories, and remembers what they say
// as long as every file and variable that was asked for is as it was. That a buffer has changed is
// seen at once; that a file on the disk has, within a few seconds, or after [Projects.Expire].
type Projects struct {
	mu    sync.Mutex
	known map[string]*readProject // by directory
	lists []*Profiles             // the newest, made of what is known
	below map[string]subfolders   // of workspace folders
	found map[string]foundFile    // Dockerfiles that profiles name
	since time.Time               // when found began
	turn  int                     // how often all has expired

	making sync.Mutex // held by who reads: who waits needs the same, mostly
}

// A foundFile is a Dockerfile that a profile names: its path, and the key of its place.
type foundFile struct{ path, key string }

// find finds the Dockerfile that a profile names.
func (ps *Projects) find(snapshot *workspace.Snapshot, path string) foundFile {
	if path == "" {
		return foundFile{}
	}
	ps.mu.Lock()
	if time.Since(ps.since) > fresh {
		ps.found, ps.since = map[string]foundFile{}, time.Now()
	}
	f, ok := ps.found[path]
	turn := ps.turn
	ps.mu.Unlock()
	if ok {
		return f
	}
	f.path = snapshot.DockerfileAt(path)
	f.key = workspace.PlaceOf(f.path).Key()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if turn == ps.turn {
		ps.found[path] = f
	}
	return f
}

// fresh is how long the disk is not asked again: many documents are looked at together.
const fresh = 3 * time.Second

// A readProject is a project, and what it was read from.
type readProject struct {
	files   map[string]string          // a hash of each file's content; "" for one that is not there
	buffers map[string]*workspace.Text // those of the files that are open
	env     map[string]string          // "=" and the value; "" for one that is not set
	project *project.Project
	checked time.Time // when the disk was asked; guarded by Projects.mu
}

// Expire has the disk asked again for all that is known.
func (ps *Projects) Expire() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, r := range ps.known {
		r.checked = time.Time{}
	}
	ps.lists, ps.below, ps.since = nil, nil, time.Time{}
	ps.turn++ // what is being read now may be as it was before
}

// read reads a directory as the author sees it: a buffer goes before its file.
func (ps *Projects) read(seen *workspace.Snapshot, dir string) *readProject {
	known, ok := ps.recall(seen, dir)
	if ok {
		return known
	}
	ps.making.Lock()
	defer ps.making.Unlock()
	if known, ok = ps.recall(seen, dir); ok {
		return known
	}
	ps.mu.Lock()
	now, turn := time.Now(), ps.turn
	ps.mu.Unlock()
	if known == nil || !known.holds(seen) {
		known = readDir(seen, dir)
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.known == nil {
		ps.known = map[string]*readProject{}
	}
	if ps.known[dir] = known; turn == ps.turn {
		known.checked = now
	}
	return known
}

// recall is what is known of a directory; ok says that it can be believed.
func (ps *Projects) recall(seen *workspace.Snapshot, dir string) (known *readProject, ok bool) {
	ps.mu.Lock()
	known = ps.known[dir]
	ok = known != nil && time.Since(known.checked) < fresh
	ps.mu.Unlock()
	return known, ok && known.sameBuffers(seen)
}

func readDir(seen *workspace.Snapshot, dir string) *readProject {
	r := &readProject{files: map[string]string{}, buffers: map[string]*workspace.Text{}, env: map[string]string{}, project: &project.Project{}}
	if _, err := os.Stat(dir + string(filepath.Separator) + "."); errors.Is(err, fs.ErrPermission) {
		return r // what may not be entered is not the author's project
	}
	r.project = project.Read(dir, project.Source{
		Read: func(path string) ([]byte, error) {
			data, err := readFile(seen, path)
			r.files[path] = hashOf(data, err)
			if d := seen.DocumentAt(path); d != nil {
				r.buffers[path] = d.Text
			}
			return data, err
		},
		Env: func(name string) (string, bool) {
			r.env[name] = variable(name)
			return os.LookupEnv(name)
		},
	})
	return r
}

// sameBuffers says whether the same texts are open of the files that were read.
func (r *readProject) sameBuffers(seen *workspace.Snapshot) bool {
	for path := range r.files {
		var text *workspace.Text
		if d := seen.DocumentAt(path); d != nil {
			text = d.Text
		}
		if r.buffers[path] != text {
			return false
		}
	}
	return true
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
		if WhyNoContext(f.Place()) != "" {
			continue // nobody works on all of it
		}
		for _, dir := range ps.subfolders(f.Path) {
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

// subfolders are those of a workspace folder, as they were when they were listed.
type subfolders struct {
	list   []string
	listed time.Time
}

func (ps *Projects) subfolders(dir string) []string {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	known, ok := ps.below[dir]
	if !ok || time.Since(known.listed) > fresh {
		known = subfolders{listed: time.Now()}
		entries, _ := os.ReadDir(dir) // what cannot be read has none
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "node_modules" && len(known.list) < maxSubfolders {
				known.list = append(known.list, filepath.Join(dir, e.Name()))
			}
		}
		if ps.below == nil {
			ps.below = map[string]subfolders{}
		}
		ps.below[dir] = known
	}
	return known.list
}
