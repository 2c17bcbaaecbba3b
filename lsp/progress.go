package lsp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.lsp.dev/protocol"
)

// reportEvery is the least time between two reports of one progress.
const reportEvery = 100 * time.Millisecond

// createWithin bounds the wait for a client that does not answer the creation of a
// token, after the work has already ended.
const createWithin = 2 * time.Second

// A Progress shows work that takes long: one begin, reports whose percentage never
// falls, one end. One goroutine owns what is sent. Its methods are safe for
// concurrent use, and do nothing on a nil Progress.
type Progress struct {
	client *Client
	token  protocol.ProgressToken
	title  string

	mu         sync.Mutex
	message    string
	percentage int
	fresh      bool // something to report
	ended      bool

	wake chan struct{} // capacity 1
	done chan struct{} // closed when nothing more is sent
}

// ProgressOf shows progress on the token that came with a request. It must be ended
// before the request is answered. cancel is called if the author cancels.
func (c *Client) ProgressOf(token protocol.ProgressToken, title string, cancel func()) *Progress {
	return c.startProgress(token, title, cancel, false)
}

// NewProgress shows progress on a token that the client is asked to create. If it
// refuses, nothing is shown. Only for clients with window.workDoneProgress.
func (c *Client) NewProgress(title string, cancel func()) *Progress {
	c.mu.Lock()
	c.tokens++
	token := protocol.String(fmt.Sprintf("buildls/%d", c.tokens))
	c.mu.Unlock()
	return c.startProgress(token, title, cancel, true)
}

func (c *Client) startProgress(token protocol.ProgressToken, title string, cancel func(), create bool) *Progress {
	p := &Progress{client: c, token: token, title: title, wake: make(chan struct{}, 1), done: make(chan struct{})}
	key := tokenKey(token)
	c.mu.Lock()
	c.progress[key] = cancel
	c.mu.Unlock()
	c.server.Go(func() {
		defer close(p.done)
		defer func() {
			c.mu.Lock()
			delete(c.progress, key)
			c.mu.Unlock()
		}()
		if !create || p.create() {
			p.show()
		}
	})
	return p
}

// tokenKey tells 1 from "1".
func tokenKey(t protocol.ProgressToken) string { return fmt.Sprintf("%T %v", t, t) }

// cancelProgress handles window/workDoneProgress/cancel. A token that has ended is
// left alone.
func (c *Client) cancelProgress(p *protocol.WorkDoneProgressCancelParams) error {
	c.mu.Lock()
	cancel := c.progress[tokenKey(p.Token)]
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	return nil
}

// Token is what the client knows the progress by; nil for a nil Progress.
func (p *Progress) Token() protocol.ProgressToken {
	if p == nil {
		return nil
	}
	return p.token
}

// Report says what is being done, and how much is done of 100. A smaller percentage
// than before is not believed.
func (p *Progress) Report(message string, percentage int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	percentage = min(max(percentage, p.percentage), 100)
	if p.ended || message == p.message && percentage == p.percentage {
		return
	}
	p.message, p.percentage, p.fresh = message, percentage, true
	p.poke()
}

// End says how the work ended, and returns when that has been sent. Later calls do
// nothing.
func (p *Progress) End(message string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	if !p.ended {
		p.message, p.ended = message, true
		p.poke()
	}
	p.mu.Unlock()
	<-p.done
}

func (p *Progress) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// create asks the client for the token, and says whether it may be used.
func (p *Progress) create() bool {
	ctx, cancel := context.WithCancel(p.client.server.ctx)
	defer cancel()
	answered := make(chan error, 1)
	p.client.server.Go(func() {
		params := &protocol.WorkDoneProgressCreateParams{Token: p.token}
		answered <- p.client.Call(ctx, protocol.MethodWindowWorkDoneProgressCreate, params, nil)
	})
	var late <-chan time.Time
	for {
		select {
		case err := <-answered:
			return err == nil
		case <-late:
			return false
		case <-p.wake:
			if p.isEnded() && late == nil {
				late = time.After(createWithin)
			}
		}
	}
}

func (p *Progress) isEnded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// show sends begin, reports and end.
func (p *Progress) show() {
	p.send(&protocol.WorkDoneProgressBegin{Kind: "begin", Title: p.title, Cancellable: ptr(true), Percentage: ptr(uint32(0))})
	var next time.Time // the earliest for a report
	timer := time.NewTimer(0)
	defer timer.Stop()
	gone := p.client.server.ctx.Done()
	for {
		message, percentage, ended, due := p.take(time.Now().After(next))
		switch {
		case ended:
			p.send(&protocol.WorkDoneProgressEnd{Kind: "end", Message: &message})
			return
		case due:
			p.send(&protocol.WorkDoneProgressReport{Kind: "report", Message: &message, Cancellable: ptr(true), Percentage: ptr(uint32(percentage))})
			next = time.Now().Add(reportEvery)
			timer.Reset(reportEvery)
		}
		select {
		case <-p.wake:
		case <-timer.C:
		case <-gone: // the work ends too, and then waits for nobody
			return
		}
	}
}

// take reads the state; due says that there is something to report and that it may be
// reported now.
func (p *Progress) take(mayReport bool) (message string, percentage int, ended, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	due = p.fresh && mayReport && !p.ended
	if due {
		p.fresh = false
	}
	return p.message, p.percentage, p.ended, due
}

func (p *Progress) send(value any) {
	raw, err := protocol.Marshal(value)
	if err != nil {
		return // our own types: cannot happen
	}
	p.client.Notify(protocol.MethodProgress, &protocol.ProgressParams{Token: p.token, Value: raw})
}

func ptr[T any](v T) *T { return &v }
