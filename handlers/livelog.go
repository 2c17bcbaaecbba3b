package handlers

import (
	"strings"
	"sync"
	"time"

	"github.com/buildls/buildls/build"
)

const (
	// logEvery is the least time between two messages of a build's live log.
	logEvery = 125 * time.Millisecond
	// logAhead is how many bytes may wait for the client before the build waits for it.
	logAhead = 1 << 20
)

// A liveLog tells the client what the steps of a build print, in few messages. One goroutine
// sends; it ends with close.
type liveLog struct {
	send func(build.Log)

	mu      sync.Mutex
	room    *sync.Cond // with mu: some was taken
	waiting []*waitingLog
	bytes   int

	wake    chan struct{} // capacity 1
	closing chan struct{} // closed when nothing more comes
	done    chan struct{} // closed when all is sent
}

// waitingLog is output of a step that is not sent yet.
type waitingLog struct {
	of   build.Log // without its text
	text strings.Builder
}

func newLiveLog(send func(build.Log)) *liveLog {
	l := &liveLog{send: send, wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{})}
	l.room = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// add takes output.
func (l *liveLog) add(out build.Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.bytes > logAhead {
		l.room.Wait()
	}
	text := out.Text
	out.Text = ""
	l.waitingFor(out).text.WriteString(text)
	l.bytes += len(text)
	select {
	case l.wake <- struct{}{}:
	default:
	}
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
	out, out.Text = first.of, first.text.String()
	l.bytes -= len(out.Text)
	l.room.Broadcast()
	return out, true
}
