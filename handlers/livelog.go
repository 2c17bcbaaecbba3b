package handlers

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/buildls/buildls/build"
)

const (
	// logEvery is the least time between two messages of a build's live log.
	logEvery = 125 * time.Millisecond
	// logAhead is how many bytes may wait for the client before the build waits for it.
	logAhead = 1 << 20
	// logPatience is how long a build waits for the client, all in all. BuildKit's client gives
	// up what is not read of a build three seconds after its end (its client/solve.go), and
	// what it gives up is in no log.
	logPatience = 2 * time.Second
)

// A liveLog tells the client what the steps of a build print, in few messages, and leaves out
// what a client that does not read would have to be told later. One goroutine sends; it ends
// with close.
type liveLog struct {
	send     func(build.Log)
	patience time.Duration // that is left; only add touches it

	mu      sync.Mutex
	waiting []*waitingLog
	bytes   int

	room    chan struct{} // capacity 1: some was taken
	wake    chan struct{} // capacity 1
	closing chan struct{} // closed when nothing more comes
	done    chan struct{} // closed when all is sent
}

// waitingLog is output of a step that is not sent yet.
type waitingLog struct {
	of   build.Log // without its text
	text []byte
	left int // bytes that were left out before text
}

func newLiveLog(send func(build.Log)) *liveLog {
	l := &liveLog{send: send, patience: logPatience, room: make(chan struct{}, 1), wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// add takes output. It is called from one goroutine.
func (l *liveLog) add(out build.Log) {
	for l.isFull() && l.patience > 0 {
		l.awaitRoom()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := out.Text
	out.Text = ""
	w := l.waitingFor(out)
	w.text = append(w.text, text...)
	l.bytes += len(text)
	if l.bytes > 2*logAhead {
		for _, w := range l.waiting {
			l.bytes -= w.halve()
		}
	}
	wake(l.wake)
}

func (l *liveLog) isFull() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes > logAhead
}

// awaitRoom waits until some was taken, as long as there is patience.
func (l *liveLog) awaitRoom() {
	start := time.Now()
	late := time.NewTimer(l.patience)
	defer late.Stop()
	select {
	case <-l.room:
	case <-late.C:
	}
	l.patience -= time.Since(start)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// halve leaves out the older half, in whole lines, and returns how many bytes that are.
func (w *waitingLog) halve() (n int) {
	n = len(w.text) / 2
	n += bytes.IndexByte(w.text[n:], '\n') + 1
	w.text = append([]byte(nil), w.text[n:]...)
	w.left += n
	return n
}

func (l *liveLog) waitingFor(of build.Log) *waitingLog {
	for _, w := range l.waiting {
		if w.of == of {
			return w
		}
	}
	w := &waitingLog{of: of}
	l.waiting = append(l.waiting, w)
	return w
}

// close sends what is left, and returns when that is done.
func (l *liveLog) close() {
	close(l.closing)
	<-l.done
}

func (l *liveLog) run() {
	defer close(l.done)
	for closing := false; !closing; {
		select {
		case <-l.wake:
		case <-l.closing:
			closing = true
		}
		for out, ok := l.take(); ok; out, ok = l.take() {
			l.send(out)
			select {
			case <-time.After(logEvery):
			case <-l.closing:
			}
		}
	}
}

// take is the output of the step that has waited the longest.
func (l *liveLog) take() (out build.Log, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return out, false
	}
	first := l.waiting[0]
	l.waiting = l.waiting[1:]
	l.bytes -= len(first.text)
	out, out.Text = first.of, string(first.text)
	if first.left > 0 {
		out.Text = fmt.Sprintf("…\n[%d KiB that the editor did not read in time are left out here; buildls.log has all]\n%s", first.left>>10, out.Text)
	}
	wake(l.room)
	return out, true
}
