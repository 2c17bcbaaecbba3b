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
	"sync"
	"time"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// Projects reads the compose and bake files of directories, and remembers what they say
// as long as every file and variable that was asked for is as it was. That a buffer has changed is
// seen at once; that a file on the disk has, within a few seconds, or after [Projects.Expire].
type Projects struct {
	mu      sync.Mutex
	known   map[string]*readProject // by directory
	lists   []*Profiles             // the newest, made of what is known
	turn    int                     // how often all has expired
	changed map[string]bool         // places of Dockerfiles that readings say other things of, see Edited

	sameIn *workspace.Snapshot   // the one that same is of
	same   map[*readProject]bool // whether the same buffers are open as when it was read

	below    recently[[]string]  // subfolders of workspace folders
	found    recently[foundFile] // Dockerfiles that profiles name
	contexts recently[error]     // what is wrong with the contexts of profiles
	elements checkedElements

	making sync.Mutex // held by who reads: who waits needs the same, mostly
}

// A foundFile is a Dockerfile that a profile names: its path, and the key of its place.
type foundFile struct{ path, key string }

// find finds the Dockerfile that a profile names.
func (ps *Projects) find(snapshot *workspace.Snapshot, path string) foundFile {
	if path == "" {
		return foundFile{}
	}
	return ps.found.of(path, func() foundFile {
		at := snapshot.DockerfileAt(path)
		return foundFile{at, placeAt(snapshot, at).Key()}
	})
}

// A readProject is a project, and what it was read from.
type readProject struct {
	files   map[string]string              // a hash of each file's content; "" for one that is not there
	buffers map[string]*workspace.Document // those of the files that are open
	env     map[string]string              // "=" and the value; "" for one that is not set
	reader  *project.Reader                // for the next reading
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
	ps.lists = nil
	ps.below.forget()
	ps.found.forget()
	ps.contexts.forget()
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
	same := known != nil && ps.sameBuffers(known, seen)
	if known == nil || !known.current(seen, same) {
		before := known
		known = readDir(seen, dir, before)
		ps.noteChanged(seen, before, known)
	} else if !same {
		known = known.withBuffers(seen)
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.known == nil {
		ps.known = map[string]*readProject{}
	}
	if old := ps.known[dir]; old != known { // what was made of it is not asked for again
		ps.lists = slices.DeleteFunc(ps.lists, func(l *Profiles) bool { return slices.Contains(l.reads, old) })
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
	return known, ok && ps.sameBuffers(known, seen)
}

// sameBuffers is as that of the project, which is asked once for each snapshot: many documents
// are looked at in one.
func (ps *Projects) sameBuffers(r *readProject, seen *workspace.Snapshot) bool {
	ps.mu.Lock()
	same, ok := ps.same[r]
	ok = ok && ps.sameIn == seen
	ps.mu.Unlock()
	if ok {
		return same
	}
	same = r.sameBuffers(seen)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.sameIn != seen {
		ps.sameIn, ps.same = seen, map[*readProject]bool{}
	}
	ps.same[r] = same
	return same
}

// readDir reads a directory. before is what was read of it the last time; nil if nothing was.
func readDir(seen *workspace.Snapshot, dir string, before *readProject) *readProject {
	r := &readProject{files: map[string]string{}, buffers: map[string]*workspace.Document{}, env: map[string]string{}, project: &project.Project{}}
	if before != nil {
		r.reader = before.reader
	} else {
		r.reader = project.NewReader(dir)
	}
	if _, err := os.Stat(dir + string(filepath.Separator) + "."); errors.Is(err, fs.ErrPermission) {
		return r // what may not be entered is not the author's project
	}
	r.project = r.reader.Read(project.Source{
		Read: func(path string) ([]byte, error) {
			data, err := readFile(seen, path)
			r.files[path] = hashOf(data, err)
			if d := seen.DocumentAt(path); d != nil {
				r.buffers[path] = d
			}
			return data, err
		},
		Env: func(name string) (string, bool) {
			r.env[name] = envKey(name)
			return os.LookupEnv(name)
		},
	})
	return r
}

// withBuffers is the project, as if it had been read from the buffers that are open now: they have
// the same texts as the files.
func (r *readProject) withBuffers(seen *workspace.Snapshot) *readProject {
	now := &readProject{files: r.files, buffers: map[string]*workspace.Document{}, env: r.env, reader: r.reader, project: r.project}
	for path := range r.files {
		if d := seen.DocumentAt(path); d != nil {
			now.buffers[path] = d
		}
	}
	return now
}

// sameBuffers says whether the same texts are open of the files that were read.
func (r *readProject) sameBuffers(seen *workspace.Snapshot) bool {
	text := func(d *workspace.Document) *workspace.Text {
		if d == nil {
			return nil
		}
		return d.Text
	}
	for path := range r.files {
		if text(r.buffers[path]) != text(seen.DocumentAt(path)) {
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

// current says whether a project would be read the same. sameBuffers is whether the same texts are
// open of its files.
func (r *readProject) current(seen *workspace.Snapshot, sameBuffers bool) bool {
	for path, hash := range r.files {
		read := readFile
		if sameBuffers {
			if r.buffers[path] != nil {
				continue
			}
			read = func(_ *workspace.Snapshot, path string) ([]byte, error) { return readDisk(path) }
		}
		if hashOf(read(seen, path)) != hash {
			return false
		}
	}
	for name, value := range r.env {
		if envKey(name) != value {
			return false
		}
	}
	return true
}

func envKey(name string) string {
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

// readFile reads a buffer, else a file.
func readFile(seen *workspace.Snapshot, path string) ([]byte, error) {
	if d := seen.DocumentAt(path); d != nil {
		return d.Text.Bytes(), nil
	}
	return readDisk(path)
}

// readDisk reads a regular file.
func readDisk(path string) ([]byte, error) {
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
