// Package history keeps a user's builds on disk, so that they outlive the process that
// made them. To it a build is a header of some bytes, others that are read more rarely, and the
// output of its steps: what they mean it does not know.
//
// Each build has a file of its own, which is renamed into place when it is whole. So any
// number of processes write at once without a lock, and one that is killed leaves nothing
// behind that is taken for a build.
package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What is kept: so many builds, and so many bytes.
const (
	maxBuilds  = 100
	maxBytes   = 16 << 20 // of all builds together
	maxHeader  = 1 << 20  // of a build
	maxDetails = 512 << 10
	maxMadeOf  = 512 << 10
	maxLogs    = 1 << 20 // of a build's steps together
	MaxStepLog = 128 << 10
)

// A Store is a directory of builds. It need not exist until a build is added.
type Store struct{ Dir string }

// A Record is a build to be kept.
type Record struct {
	ID     string    // letters and digits
	Began  time.Time // orders it among all
	Key    string    // what it is a build of; Newest finds it by that
	Header []byte    // without a line break
	// Details, and what the build was made of, are not kept if they are larger than half a MiB.
	Details, MadeOf []byte
	Logs            []string // of each the end is kept
}

const (
	timeFormat = "20060102T150405.000000000"
	suffix     = ".build"
	unfinished = ".unfinished-"
)

// name is that of a record's file: all that is needed to find it without opening it.
func (r Record) name() string {
	return strings.Join([]string{r.Began.UTC().Format(timeFormat), hashed(r.Key), r.ID}, "-") + suffix
}

func hashed(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:6])
}

// Add keeps a build, and forgets the oldest of too many.
func (s Store) Add(r Record) error {
	if len(r.Header) > maxHeader {
		return fmt.Errorf("build %s is not kept: it takes %d bytes, and the limit is %d", r.ID, len(r.Header), maxHeader)
	}
	r.Began = s.lastOfAll(r.Began)
	if err := s.write(r); err != nil {
		return fmt.Errorf("build %s is not kept: %w", r.ID, err)
	}
	s.prune()
	return nil
}

// lastOfAll is when a build began, but after all that are kept if the newest of them is of the
// future. Then the clock was set back, and by its word the build would be the oldest, which
// is forgotten first.
func (s Store) lastOfAll(began time.Time) time.Time {
	list, _ := s.List()
	if len(list) == 0 {
		return began
	}
	stamp, _, _ := strings.Cut(filepath.Base(list[0].file), "-")
	newest, err := time.Parse(timeFormat, stamp)
	if err == nil && newest.After(time.Now()) && !began.After(newest) {
		return newest.Add(time.Nanosecond)
	}
	return began
}

func (s Store) write(r Record) (err error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(s.Dir, 0o700); err != nil { // it may be there with another mode
		return err
	}
	f, err := os.CreateTemp(s.Dir, unfinished+"*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(encode(r)); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(s.Dir, r.name()))
}

// prune removes the oldest builds of too many, and what writers left that were killed.
// Another process may be at it too.
func (s Store) prune() {
	entries, _ := os.ReadDir(s.Dir)
	builds, bytes := 0, int64(0)
	for _, e := range slices.Backward(entries) { // the newest first
		info, err := e.Info()
		switch {
		case err != nil: // gone
		case strings.HasPrefix(e.Name(), unfinished):
			if time.Since(info.ModTime()) > time.Hour {
				os.Remove(filepath.Join(s.Dir, e.Name()))
			}
		case isBuild(e):
			builds++
			bytes += info.Size()
			if builds > maxBuilds || bytes > maxBytes {
				os.Remove(filepath.Join(s.Dir, e.Name()))
			}
		}
	}
}

// isBuild says whether an entry is one of ours: a pipe, for one, is not opened.
func isBuild(e fs.DirEntry) bool {
	return e.Type().IsRegular() && strings.HasSuffix(e.Name(), suffix) && strings.Count(e.Name(), "-") == 2
}

// List are all builds, the newest first. A directory that is not there holds none.
func (s Store) List() ([]Build, error) { return s.list("") }

// Newest are the builds of a key, the newest first.
func (s Store) Newest(key string) ([]Build, error) { return s.list("-" + hashed(key) + "-") }

func (s Store) list(part string) ([]Build, error) {
	entries, err := os.ReadDir(s.Dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Build
	for _, e := range slices.Backward(entries) {
		if isBuild(e) && strings.Contains(e.Name(), part) {
			list = append(list, Build{file: filepath.Join(s.Dir, e.Name())})
		}
	}
	return list, nil
}

// Tail is the last bytes of a log that is longer than limit, from a line's start, with a
// word on what was left out.
func Tail(log string, limit int) string {
	if len(log) <= limit {
		return log
	}
	log = log[len(log)-limit:]
	if i := strings.IndexByte(log, '\n'); i >= 0 && i < len(log)-1 {
		log = log[i+1:]
	}
	return fmt.Sprintf("[only the last %d KiB were kept]\n%s", limit>>10, log)
}

// tails are the logs as they are kept.
func tails(logs []string) []string {
	spoke := 0
	for _, log := range logs {
		if log != "" {
			spoke++
		}
	}
	out := make([]string, len(logs))
	for i, log := range logs {
		out[i] = Tail(log, min(MaxStepLog, maxLogs/max(1, spoke)))
	}
	return out
}

// encode is a file: a line with the lengths of the header, the details, what the build was made of,
// and the logs, then all of them.
func encode(r Record) []byte {
	logs := tails(r.Logs)
	var b bytes.Buffer
	if len(r.Details) > maxDetails {
		r.Details = nil
	}
	if len(r.MadeOf) > maxMadeOf {
		r.MadeOf = nil
	}
	fmt.Fprintf(&b, "%s %d %d %d", magic, len(r.Header), len(r.Details), len(r.MadeOf))
	for _, log := range logs {
		fmt.Fprintf(&b, " %d", len(log))
	}
	b.WriteByte('\n')
	b.Write(r.Header)
	b.Write(r.Details)
	b.Write(r.MadeOf)
	for _, log := range logs {
		b.WriteString(log)
	}
	return b.Bytes()
}

// magic begins each file. Its number is that of the format. The first one had no details, the
// second did not say what the build was made of.
const (
	magic         = "buildls-build-3"
	magicNoMadeOf = "buildls-build-2"
	magicNoDetail = "buildls-build-1"
)
