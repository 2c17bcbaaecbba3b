package registry

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/distribution/reference"
	"golang.org/x/sync/singleflight"
)

const (
	// answerFor is how long an answer is kept, errorFor how long an error is.
	answerFor = 10 * time.Minute
	errorFor  = time.Minute
	// maxAnswers bounds how many answers are kept, maxAsking how many registries are asked at a time.
	maxAnswers = 100
	maxAsking  = 4
)

// A Client asks registries in the background, and keeps what they answered for ten minutes; an
// error for one. Its methods answer at once what is known. If nothing is, they wait for the answer
// until their ctx is done. The asking goes on without them, for 20 seconds at most: who asks again
// later has the answer. They may be called concurrently; those who ask the same share one asking.
type Client struct {
	ctx       context.Context
	transport http.RoundTripper
	asking    singleflight.Group
	slots     chan struct{}

	mu   sync.Mutex
	kept map[string]answer
}

type answer struct {
	value any
	err   error
	until time.Time
}

// New makes a client that asks nobody any more once ctx is done.
func New(ctx context.Context) *Client {
	return &Client{ctx: ctx, transport: docker.DefaultHTTPTransport(nil), slots: make(chan struct{}, maxAsking), kept: map[string]answer{}}
}

// Tags are those that an image's repository has, in the order of [Sort]: 10,000 at most. A tag or
// digest of the name does not count. If there is an error, they may be some of them. The slice is
// shared: it must not be changed.
func (c *Client) Tags(ctx context.Context, image string) ([]string, error) {
	return ask(ctx, c, "tags", image, (*repository).tags)
}

// Digest is "sha256:…" of the manifest that an image's tag, or latest, names: of the index if there
// is one.
func (c *Client) Digest(ctx context.Context, image string) (string, error) {
	return ask(ctx, c, "digest", image, (*repository).digest)
}

// Created is when an image was made, as it says itself: that for Linux on this machine's processor
// if there are several, else the first. Images that can be made again to the byte say 1970, or the
// like. A registry may count the question as a pull.
func (c *Client) Created(ctx context.Context, image string) (time.Time, error) {
	return ask(ctx, c, "created", image, (*repository).created)
}

// ask answers a question about an image, which find puts to its registry.
func ask[T any](ctx context.Context, c *Client, question, image string, find func(*repository, context.Context, string) (T, error)) (T, error) {
	var none T
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return none, err
	}
	if question == "tags" {
		named = reference.TrimNamed(named)
	}
	named = reference.TagNameOnly(named)
	key := question + " " + named.String()
	if a, ok := c.known(key); ok {
		return a.value.(T), a.err
	}
	answered := c.asking.DoChan(key, func() (any, error) {
		if a, ok := c.known(key); ok { // since
			return a.value, a.err
		}
		select {
		case c.slots <- struct{}{}:
		case <-c.ctx.Done():
			return none, c.ctx.Err()
		}
		defer func() { <-c.slots }()
		ctx, cancel := context.WithTimeout(c.ctx, askingWithin)
		defer cancel()
		r, err := newRepository(ctx, c.transport, named)
		if err != nil {
			return none, err
		}
		found, err := find(r, ctx, refOf(named))
		c.keep(key, found, err)
		return found, err
	})
	select {
	case a := <-answered:
		return a.Val.(T), a.Err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// refOf is the digest of a name, or else its tag.
func refOf(named reference.Named) string {
	if d, ok := named.(reference.Digested); ok {
		return d.Digest().String()
	}
	return named.(reference.Tagged).Tag()
}

func (c *Client) known(key string) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.kept[key]
	return a, ok && time.Now().Before(a.until)
}

func (c *Client) keep(key string, value any, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= maxAnswers {
		clear(c.kept)
	}
	until := time.Now().Add(answerFor)
	if err != nil {
		until = time.Now().Add(errorFor)
	}
	c.kept[key] = answer{value, err, until}
}
