// Package logs keeps what the steps of a build print: the last of it in memory, and all of it, up
// to a limit, in a file without a name.
package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build/redact"
)

// How much of the output of a build is kept.
const (
	BlockBytes = 64 << 10  // of a vertex, in memory; what is more goes to a file
	MaxBytes   = 256 << 20 // of a build, in its file; of what is more, the last of each vertex
	LostBytes  = 1 << 20   // of a vertex, in memory, if there can be no file
)

// A Book is the file that holds what the steps of a build print, if that is much. It has no
// name where a system allows that, so that nothing stays if the process is killed. What is
// written to it was masked.
type Book struct {
	Limit int64

	mu     sync.Mutex
	file   *os.File // nil as long as little was printed
	name   string   // that is to be removed; empty if it has none
	size   int64
	broken error // why there can be no file
}

var errFull = errors.New("a build may print so much")

// add writes a block, and tells where it is.
func (b *Book) add(data []byte) (at int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil && b.file == nil {
		b.file, b.name, b.broken = openUnnamed()
	}
	if b.broken == nil && b.size+int64(len(data)) > b.Limit {
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

func (b *Book) read(into []byte, at int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return os.ErrClosed
	}
	_, err := b.file.ReadAt(into, at)
	return err
}

// Close lets go of the file. What is in memory stays.
func (b *Book) Close() {
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

// Size is how large the file is.
func (b *Book) Size() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return 0
	}
	return b.size
}

// An Output is what a vertex printed: blocks in the build's file, and the last of it.
type Output struct {
	Book   *Book
	blocks []logPart
	left   int64  // bytes that were left out between the blocks and the end
	End    []byte // up to three blocks
	most   int    // of end, if there can be no file
	held   []byte // what may be the beginning of a secret

	clipped bool // by the engine
}

type logPart struct{ at, length int64 }

// Write takes what was printed, and returns what may be shown of it: a value that must not be is
// found also where it comes in pieces.
func (o *Output) Write(data []byte, hidden redact.Mask) []byte {
	if len(o.held) > 0 {
		data = append(o.held, data...)
	}
	shown, held := hidden.HidePiece(data)
	o.held = bytes.Clone(held)
	o.clipped = o.clipped || bytes.Contains(shown, []byte(clipped))
	o.keep(shown)
	return shown
}

// Flush shows what was held back: nothing more comes.
func (o *Output) Flush(hidden redact.Mask) []byte {
	held := hidden.HideValues(o.held)
	o.held = nil
	o.keep(held)
	return held
}

func (o *Output) keep(data []byte) {
	for len(data) > 0 {
		n := min(len(data), BlockBytes)
		o.End = append(o.End, data[:n]...)
		data = data[n:]
		if len(o.End) >= max(o.most, 2*BlockBytes) {
			o.spill()
		}
	}
}

// spill moves the older part of the end into the file, or out of what is kept.
func (o *Output) spill() {
	if o.left == 0 && o.most == 0 { // else the file has a gap already
		at, err := o.Book.add(o.End[:BlockBytes])
		switch last := len(o.blocks) - 1; {
		case errors.Is(err, errFull):
			o.left += BlockBytes
		case err != nil:
			o.most = LostBytes
			return
		case last >= 0 && o.blocks[last].at+o.blocks[last].length == at:
			o.blocks[last].length += BlockBytes
		default:
			o.blocks = append(o.blocks, logPart{at, BlockBytes})
		}
	} else {
		o.left += BlockBytes
	}
	o.End = append(o.End[:0], o.End[BlockBytes:]...)
}

// printed is how many bytes that were, but for what the engine left out.
func (o *Output) printed() int64 {
	all := o.left + int64(len(o.End))
	for _, p := range o.blocks {
		all += p.length
	}
	return all
}

// ReadAll is all that was kept, with a word on what was not.
func (o *Output) ReadAll() string {
	if len(o.blocks) == 0 && o.left == 0 {
		return string(o.End) + o.remark()
	}
	var b strings.Builder
	for _, p := range o.blocks {
		data := make([]byte, p.length)
		if err := o.Book.read(data, p.at); err != nil {
			fmt.Fprintf(&b, "[%d KiB of output can no longer be read: %v]\n", p.length>>10, err)
			continue
		}
		b.Write(data)
	}
	if o.left > 0 {
		fmt.Fprintf(&b, "\n[%d KiB of output were not kept]\n", o.left>>10)
	}
	b.Write(o.End)
	return b.String() + o.remark()
}

// Tail are the last n bytes.
func (o *Output) Tail(n int) []byte {
	tail := o.End[max(0, len(o.End)-n):]
	for _, p := range slices.Backward(o.blocks) {
		want := min(int64(n-len(tail)), p.length)
		if want == 0 || o.left > 0 {
			break
		}
		data := make([]byte, want, want+int64(len(tail)))
		if o.Book.read(data, p.at+p.length-want) != nil {
			break
		}
		tail = append(data, tail...)
	}
	return tail
}

// Last is the tail, with a word on what came before.
func (o *Output) Last(n int) string {
	tail := o.Tail(n)
	if o.printed() > int64(len(tail)) {
		return fmt.Sprintf("[only the last %d KiB are shown]\n%s", len(tail)>>10, tail)
	}
	return string(tail)
}

// clipped is in the output of a step of which BuildKit left out something
// (its util/progress/logs).
const clipped = "\n[output clipped, log limit "

// remark says what to do about an engine that leaves out output.
func (o *Output) remark() string {
	if !o.clipped {
		return ""
	}
	return "\n[The engine left out some of this output. It keeps all of it if its environment has BUILDKIT_STEP_LOG_MAX_SIZE=-1 and BUILDKIT_STEP_LOG_MAX_SPEED=-1]\n"
}
