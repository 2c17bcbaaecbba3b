package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine/embedded"
)

// A Pool keeps one connection to each engine that was used, so that the next
// build starts at once. Its zero value is ready. It is safe for concurrent use.
type Pool struct {
	mu     sync.Mutex
	conns  map[poolKey]*pooled
	config string // see Configure

	told sync.Map // remarks on the configuration, of which the author was told
}

// Configure names the file of the embedded engine's configuration, in BuildKit's own format. If it
// is empty, which is the default, the environment names it, or it is where BuildKit has it. A file
// that has changed counts from the next build on.
func (p *Pool) Configure(file string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = file
}

// configured is an engine with the configuration that it should have.
func (p *Pool) configured(e Engine) Engine {
	own, ok := e.(embeddedEngine)
	if !ok {
		return e
	}
	own.config = p.configuration()
	return own
}

func (p *Pool) configuration() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config
}

// Configuration reports the configuration of the embedded engine; nil where there is none. c is the
// engine if it runs, and else nil.
func (p *Pool) Configuration(ctx context.Context, c *Conn) *embedded.Report {
	paths, err := embeddedEngine{config: p.configuration()}.paths()
	if err != nil {
		return nil
	}
	var workers []*client.WorkerInfo
	if c != nil && c.Info.Name == "embedded" {
		ctx, cancel := context.WithTimeout(ctx, aliveWithin)
		defer cancel()
		workers, _ = c.ListWorkers(ctx) // without them it is not known what it has
	}
	return embedded.Configured(paths, workers)
}

// A poolKey identifies an engine before it is connected to.
type poolKey struct{ name, address, context, builder, platforms string }

type pooled struct {
	conn    *Conn
	users   int
	dropped bool // closed by its last user
}

// looking is an engine for who only looks at it.
func (p *Pool) looking(e Engine) Engine {
	e = p.configured(e)
	if own, ok := e.(embeddedEngine); ok {
		own.looked = true
		return own
	}
	return e
}

// aliveWithin bounds the check of a warm connection.
const aliveWithin = 2 * time.Second

// connect returns a connection to e, warm if there is one that answers.
func (p *Pool) connect(ctx context.Context, e Engine, report func(string)) (*Choice, error) {
	e = p.configured(e)
	asking := ctx
	if own, ok := e.(embeddedEngine); ok {
		var err error
		if asking, err = own.asking(ctx); err != nil {
			return nil, err
		}
	}
	key := key(e)
	if c := p.take(key); c != nil {
		if c.conn.Alive(asking) {
			return p.choice(key, c), nil
		}
		p.drop(key, c)
	}
	conn, err := e.Connect(ctx, report)
	if err != nil {
		return nil, err
	}
	return p.choice(key, p.put(key, conn)), nil
}

func (p *Pool) choice(key poolKey, c *pooled) *Choice {
	return &Choice{Info: c.conn.Info, Conn: c.conn, Release: func() { p.release(c) }, Again: func() *Choice {
		if c := p.take(key); c != nil {
			return p.choice(key, c)
		}
		return nil
	}}
}

func key(e Engine) poolKey {
	i := e.Info()
	k := poolKey{name: i.Name, address: i.Address, context: i.Context, builder: i.Builder}
	if b, ok := e.(builder); ok { // another node may build for others
		k.platforms = strings.Join(formatted(b.platforms), " ")
	}
	return k
}

// Alive says whether the engine still answers. Bounded.
func (c *Conn) Alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, aliveWithin)
	defer cancel()
	_, err := c.ListWorkers(ctx)
	return err == nil
}

func (p *Pool) take(key poolKey) *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[key]
	if c != nil {
		c.users++
	}
	return c
}

// put keeps a connection. One that was put there meanwhile makes way.
func (p *Pool) put(key poolKey, conn *Conn) *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.conns[key]; old != nil {
		old.retire()
	}
	if p.conns == nil {
		p.conns = map[poolKey]*pooled{}
	}
	conn.pool = p
	c := &pooled{conn: conn, users: 1}
	p.conns[key] = c
	return c
}

// drop gives back a connection that no longer answers. Builds that still use it
// keep it until they end.
func (p *Pool) drop(key poolKey, c *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[key] == c {
		delete(p.conns, key)
	}
	c.users--
	c.retire()
}

func (p *Pool) release(c *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.users--
	if c.dropped {
		c.retire()
	}
}

// retire closes the connection once nobody uses it. The pool's lock is held.
func (c *pooled) retire() {
	c.dropped = true
	if c.users == 0 {
		c.conn.Close()
	}
}

// Close closes the connections, those in use when their builds end.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.retire()
	}
	p.conns = nil
}
