package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A network answers each request with a list of tags, once held is closed; nil: at once.
type network struct {
	status   int
	held     chan struct{}
	now, all atomic.Int32 // requests
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	n.all.Add(1)
	n.now.Add(1)
	defer n.now.Add(-1)
	if n.held != nil {
		select {
		case <-n.held:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return &http.Response{StatusCode: n.status, Body: io.NopCloser(strings.NewReader(`{"tags": ["1", "latest"]}`)), Request: req}, nil
}

func clientOf(t *testing.T, n *network) *Client {
	c := New(t.Context())
	c.transport = n
	return c
}

// What was answered is kept for ten minutes, an error for one.
func TestAnswersAreKept(t *testing.T) {
	for status, kept := range map[int]time.Duration{200: 10 * time.Minute, 404: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			n := &network{status: status}
			c := clientOf(t, n)
			for i, wait := range []time.Duration{0, kept - time.Second, 2 * time.Second} {
				time.Sleep(wait) // in no time
				tags, err := c.Tags(t.Context(), "alpine:3")
				if (err == nil) != (status == 200) || err == nil && fmt.Sprint(tags) != "[latest 1]" {
					t.Errorf("%d: %v, %v", status, tags, err)
				}
				if want := int32(1 + i/2); n.all.Load() != want {
					t.Errorf("%d, after %v: %d requests, want %d", status, wait, n.all.Load(), want)
				}
			}
			for i := range 3 * maxAnswers {
				c.Tags(t.Context(), fmt.Sprint("image", i))
			}
			if len(c.kept) > maxAnswers {
				t.Errorf("%d answers are kept", len(c.kept))
			}
		})
	}
}

// Many who ask the same share one request, and wait no longer than they like. The answer is there
// for those who come later.
func TestOneAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{status: 200, held: make(chan struct{})}
		c := clientOf(t, n)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		for range 10 {
			if _, err := c.Tags(over, "alpine"); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		waiting := make(chan []string)
		for _, name := range []string{"alpine", "docker.io/library/alpine:3", "index.docker.io/alpine"} {
			go func() {
				tags, _ := c.Tags(t.Context(), name)
				waiting <- tags
			}()
		}
		synctest.Wait()
		close(n.held)
		for range 3 {
			if tags := <-waiting; len(tags) != 2 {
				t.Error(tags)
			}
		}
		if tags, err := c.Tags(over, "alpine"); len(tags) != 2 || err != nil || n.all.Load() != 1 {
			t.Errorf("%v, %v, %d requests", tags, err, n.all.Load())
		}
	})
}

// Of registries that do not answer, few are asked at a time, and none for long.
func TestFewAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{held: make(chan struct{})}
		c := clientOf(t, n)
		const asked = maxAsking + 1
		failed := make(chan error)
		for i := range asked {
			go func() {
				_, err := c.Digest(t.Context(), fmt.Sprint("image", i))
				failed <- err
			}()
		}
		synctest.Wait()
		if n.now.Load() != maxAsking {
			t.Errorf("%d are asked at a time", n.now.Load())
		}
		start := time.Now()
		for range asked {
			if err := <-failed; !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 2*requestWithin {
			t.Error(took)
		}
	})
}
