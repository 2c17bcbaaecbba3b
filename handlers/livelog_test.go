package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build"
)

// What steps print is told whole and in order, in few messages, also to a client that is slow.
func TestLiveLog(t *testing.T) {
	told, messages := map[int]*strings.Builder{0: {}, 1: {}}, 0
	l := newLiveLog(func(out build.Log) {
		messages++
		told[out.Step].WriteString(out.Text)
		time.Sleep(time.Millisecond) // the client's
	})
	start := time.Now()
	var want [2]strings.Builder
	for i := range 200_000 {
		text := fmt.Sprintln("line", i)
		want[i%2].WriteString(text)
		l.add(build.Log{Step: i % 2, Name: fmt.Sprint(i % 2), Text: text})
	}
	l.close()
	took := time.Since(start)
	for step := range want {
		if told[step].String() != want[step].String() {
			t.Errorf("step %d: %d bytes of %d", step, told[step].Len(), want[step].Len())
		}
	}
	if most := 3 + int(took/logEvery); messages > most {
		t.Errorf("%d messages in %s", messages, took)
	}
}

// A build waits for a client that does not read, and holds no more than a bound.
func TestLiveLogBounded(t *testing.T) {
	reads := make(chan struct{})
	l := newLiveLog(func(build.Log) { <-reads })
	added := make(chan struct{})
	go func() {
		defer close(added)
		for range 64 {
			l.add(build.Log{Text: strings.Repeat("x", logAhead/8)})
		}
	}()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		full := l.bytes > logAhead
		l.mu.Unlock()
		if full {
			break
		}
		if time.Now().After(late) {
			t.Fatal("nothing waits")
		}
	}
	select {
	case <-added:
		t.Error("it did not wait")
	default:
	}
	close(reads)
	<-added
	l.close()
}
