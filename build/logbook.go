package build

import (
	"bytes"
	"errors"
	"fmt"
	"github.com/buildls/buildls/build/redact"
	"os"
	"slices"
	"strings"
	"sync"
)

// How much of the output of a build is kept.
const (
	logBlock = 64 << 10  // of a vertex, in memory; what is more goes to a file
	maxLog   = 256 << 20 // of a build, in its file; of what is more, the last of each vertex
	lostLog  = 1 << 20   // of a vertex, in memory, if there can be no file
)

// A logbook is the file that holds what the steps of a build print, if that is much. It has no
// name where a system allows that, so that nothing stays if the process is killed. What is
// written to it was masked.
type logbook struct {
	limit int64

	mu     sync.Mutex
	file   *os.File // nil as long as little was printed
	name   string   // that is to be removed; empty if it has none
	size   int64
	broken error // why there can be no file
}

var errFull = errors.New("a build may print so much")

// add writes a block, and tells where it is.
func (b *logbook) add(data []byte) (at int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil && b.file == nil {
		b.file, b.name, b.broken = openUnnamed()
	}
	if b.broken == nil && b.size+int64(len(data)) > b.limit {
		return 0, errFull
	}
	if b.broken == nil {
		_, b.broken = b.file.WriteAt(data, b.size)
	}
	if b.broken != nil {
		return 0, b.broken
	}
	at = b.size
	b.size += int64(len(data))
	return at, nil
}

// openUnnamed is a file of this user alone. It keeps its name where a system removes none of an
// open file.
func openUnnamed() (f *os.File, name string, err error) {
	f, err = os.CreateTemp("", "buildls-log-*") // of mode 0600
	if err == nil && os.Remove(f.Name()) != nil {
		name = f.Name()
	}
	return f, name, err
}

func (b *logbook) read(into []byte, at int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return os.ErrClosed
	}
	_, err := b.file.ReadAt(into, at)
	return err
}

// close lets go of the file. What is in memory stays.
func (b *logbook) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return
	}
	b.file.Close()
	if b.name != "" {
		os.Remove(b.name)
	}
	b.file, b.broken = nil, os.ErrClosed
}

// bytes is how large the file is.
func (b *logbook) bytes() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return 0
	}
	return b.size
}

// An output is what a vertex printed: blocks in the build's file, and the last of it.
type output struct {
	book   *logbook
	blocks []logPart
	left   int64  // bytes that were left out between the blocks and the end
	end    []byte // up to three blocks
	most   int    // of end, if there can be no file
	held   []byte // what may be the beginning of a secret

	clipped bool // by the engine
}

type logPart struct{ at, length int64 }

// write takes what was printed, and returns what may be shown of it: a value that must not be is
// found also where it comes in pieces.
func (o *output) write(data []byte, hidden redact.Mask) []byte {
	if len(o.held) > 0 {
		data = append(o.held, data...)
	}
	shown, held := hidden.HidePiece(data)
	o.held = bytes.Clone(held)
	o.clipped = o.clipped || bytes.Contains(shown, []byte(clipped))
	o.keep(shown)
	return shown
}

// flush shows what was held back: nothing more comes.
func (o *output) flush(hidden redact.Mask) []byte {
	held := hidden.HideValues(o.held)
	o.held = nil
	o.keep(held)
	return held
}

func (o *output) keep(data []byte) {
	for len(data) > 0 {
		n := min(len(data), logBlock)
		o.end = append(o.end, data[:n]...)
		data = data[n:]
		if len(o.end) >= max(o.most, 2*logBlock) {
			o.spill()
		}
	}
}

// spill moves the older part of the end into the file, or out of what is kept.
func (o *output) spill() {
	if o.left == 0 && o.most == 0 { // else the file has a gap already
		at, err := o.book.add(o.end[:logBlock])
		switch last := len(o.blocks) - 1; {
		case errors.Is(err, errFull):
			o.left += logBlock
		case err != nil:
			o.most = lostLog
			return
		case last >= 0 && o.blocks[last].at+o.blocks[last].length == at:
			o.blocks[last].length += logBlock
		default:
			o.blocks = append(o.blocks, logPart{at, logBlock})
		}
	} else {
		o.left += logBlock
	}
	o.end = append(o.end[:0], o.end[logBlock:]...)
}

// printed is how many bytes that were, but for what the engine left out.
func (o *output) printed() int64 {
	all := o.left + int64(len(o.end))
	for _, p := range o.blocks {
		all += p.length
	}
	return all
}

// text is all that was kept, with a word on what was not.
func (o *output) text() string {
	if len(o.blocks) == 0 && o.left == 0 {
		return string(o.end) + o.remark()
	}
	var b strings.Builder
	for _, p := range o.blocks {
		data := make([]byte, p.length)
		if err := o.book.read(data, p.at); err != nil {
			fmt.Fprintf(&b, "[%d KiB of output can no longer be read: %v]\n", p.length>>10, err)
			continue
		}
		b.Write(data)
	}
	if o.left > 0 {
		fmt.Fprintf(&b, "\n[%d KiB of output were not kept]\n", o.left>>10)
	}
	b.Write(o.end)
	return b.String() + o.remark()
}

// tail are the last n bytes.
func (o *output) tail(n int) []byte {
	tail := o.end[max(0, len(o.end)-n):]
	for _, p := range slices.Backward(o.blocks) {
		want := min(int64(n-len(tail)), p.length)
		if want == 0 || o.left > 0 {
			break
		}
		data := make([]byte, want, want+int64(len(tail)))
		if o.book.read(data, p.at+p.length-want) != nil {
			break
		}
		tail = append(data, tail...)
	}
	return tail
}

// last is the tail, with a word on what came before.
func (o *output) last(n int) string {
	tail := o.tail(n)
	if o.printed() > int64(len(tail)) {
		return fmt.Sprintf("[only the last %d KiB are shown]\n%s", len(tail)>>10, tail)
	}
	return string(tail)
}

// clipped is in the output of a step of which BuildKit left out something
// (its util/progress/logs).
const clipped = "\n[output clipped, log limit "

// remark says what to do about an engine that leaves out output.
func (o *output) remark() string {
	if !o.clipped {
		return ""
	}
	return "\n[The engine left out some of this output. It keeps all of it if its environment has BUILDKIT_STEP_LOG_MAX_SIZE=-1 and BUILDKIT_STEP_LOG_MAX_SPEED=-1]\n"
}
