package survey

import (
	"context"
	"hash/maphash"
	"io/fs"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Sums tell whether what would be sent of a context has changed. The zero value is ready. It is not
// for concurrent use.
type Sums struct{ open map[string]openFile }

// A Buffer is what an editor has of an open file.
type Buffer struct {
	Changed int64       // when it was changed, in ns since 1970
	OnDisk  func() bool // whether the file has the same text now
}

// An openFile is one that an editor had open when it was last looked at.
type openFile struct {
	seen  [2]int64 // its size and time
	at    int64    // when its buffer changed
	stamp uint64   // stands for its content
}

var seed = maphash.MakeSeed()

// Of stands for all that a question asks for: the names and modes of files, and their sizes and
// times in place of their contents. Other sums of the same Sums can be compared with it. buffers are
// those of open files, by their paths from the context's root, with "/": to open, save or close a
// file is no change. The error is as that of the function Of.
func (m *Sums) Of(ctx context.Context, contextFS fsutil.FS, q Question, buffers map[string]Buffer) (uint64, error) {
	rules, err := readRules(q.Ignore)
	if err != nil {
		return 0, err
	}
	var h maphash.Hash
	h.SetSeed(seed)
	s := &survey{rules: rules, uses: make([]tally, len(q.Uses)), question: q}
	s.sent = func(path string, stat *types.Stat) {
		maphash.WriteComparable(&h, path)
		maphash.WriteComparable(&h, stat.Linkname)
		maphash.WriteComparable(&h, stat.Mode)
		if !fs.FileMode(stat.Mode).IsDir() {
			buffer, open := buffers[path]
			maphash.WriteComparable(&h, m.stamp(path, [2]int64{stat.Size, stat.ModTime}, buffer, open))
		}
	}
	if !q.Nothing {
		if err := s.walk(ctx, contextFS); err != nil {
			return 0, err
		}
	}
	return h.Sum64(), nil
}

// stamp stands for the content of a file. It stays if either what is seen of the file stays, or its
// buffer does.
func (m *Sums) stamp(path string, seen [2]int64, buffer Buffer, open bool) uint64 {
	last, ok := m.open[path]
	if open && seen != last.seen && seen[1] != buffer.Changed && !buffer.OnDisk() {
		seen = [2]int64{-1, buffer.Changed} // another process wrote it just now: that counts once it is closed
	}
	stamp := maphash.Comparable(seed, seen)
	if ok && (last.seen == seen || open && last.at == buffer.Changed) {
		stamp = last.stamp
	}
	if open {
		if m.open == nil {
			m.open = map[string]openFile{}
		}
		m.open[path] = openFile{seen, buffer.Changed, stamp}
	}
	return stamp
}
