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

// An openFile is one that an editor had open when it was last looked at.
type openFile struct {
	seen  [2]int64 // its size and time
	at    int64    // when its buffer changed
	stamp uint64   // stands for its content
}

var seed = maphash.MakeSeed()

// Of stands for all that a question asks for: the names and modes of files, and their sizes and
// times in place of their contents. Other sums of the same Sums can be compared with it. buffers are
// the times, in ns since 1970, at which open files were changed in their editor, by their paths from
// the context's root, with "/": to open, save or close a file is no change. The error is as that of
// the function Of.
func (m *Sums) Of(ctx context.Context, contextFS fsutil.FS, q Question, buffers map[string]int64) (uint64, error) {
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
			at, open := buffers[path]
			maphash.WriteComparable(&h, m.stamp(path, [2]int64{stat.Size, stat.ModTime}, at, open))
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
func (m *Sums) stamp(path string, seen [2]int64, at int64, open bool) uint64 {
	stamp := maphash.Comparable(seed, seen)
	if last, ok := m.open[path]; ok && (last.seen == seen || open && last.at == at) {
		stamp = last.stamp
	}
	if open {
		if m.open == nil {
			m.open = map[string]openFile{}
		}
		m.open[path] = openFile{seen, at, stamp}
	}
	return stamp
}
