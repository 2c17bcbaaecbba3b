//go:build !portable

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"
)

const (
	// patience bounds a Connect: an engine that is starting, or one that is going away
	// while ours waits for its lock.
	patience = 30 * time.Second
	// answerTime bounds one call to an engine that accepted a connection. It accepts
	// while it still starts.
	answerTime = 5 * time.Second
	// pollTime is the pause between two looks for the socket: what a start takes longer
	// than it must.
	pollTime = 5 * time.Millisecond
)

// errAbsent says that no process listens on the socket.
var errAbsent = errors.New("no engine is running")

// errImpatient says that the time of Connect itself is over, not its caller's.
var errImpatient = errors.New("out of patience")

// Running tells whether the engine answers.
func Running(ctx context.Context, p Paths) bool {
	c, err := dial(ctx, p)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// Look returns a client of the running engine, which is left as it is. It says nothing to report.
func Look(ctx context.Context, p Paths, _ func(string)) (*client.Client, error) { return dial(ctx, p) }

// Connect returns a client of the running engine, and starts an engine if there is
// none. An engine that nobody uses is replaced if its configuration has changed. report, which
// may be nil, is told in words what takes time.
//
// The engine outlives this process, and ends when it was idle. Then the client's calls
// fail with Unavailable, and it is time to Connect again.
func Connect(ctx context.Context, p Paths, report func(string)) (*client.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errImpatient)
	defer cancel()

	asking, err := Wishing(ctx, p)
	if err != nil {
		return nil, err
	}
	start := starter{paths: p, report: report}
	for {
		// Whether a start failed is asked before the dial: an engine that ended in
		// between has answered to nobody, one that another process started meanwhile
		// has.
		failed := start.failure()
		c, err := dial(asking, p)
		if err == nil {
			return c, nil
		}
		if failed != nil {
			return nil, failed
		}
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("connecting to the embedded engine: %w", err)
		}
		if err := start.ensure(); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, errImpatient) {
				return nil, fmt.Errorf("connecting to the embedded engine: %w", cause)
			}
			return nil, fmt.Errorf("the embedded engine did not answer within %v: %w; its log is %s", patience, err, p.Log)
		case <-time.After(pollTime):
		}
	}
}

// dial connects to the engine at the socket, or at the one its lock names.
func dial(ctx context.Context, p Paths) (*client.Client, error) {
	c, err := dialSocket(ctx, p.Socket)
	if errors.Is(err, errAbsent) {
		if _, other := p.holder(); other != "" && other != p.Socket {
			return dialSocket(ctx, other)
		}
	}
	return c, err
}

// dialSocket returns a client that has had an answer.
func dialSocket(ctx context.Context, socket string) (*client.Client, error) {
	connect := func(ctx context.Context, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, err
		}
		if err := ownPeer(conn.(*net.UnixConn)); err != nil {
			conn.Close()
			return nil, fmt.Errorf("refusing what listens on %s: %w", socket, err)
		}
		return conn, nil
	}
	// The first connection is made here and not by gRPC: gRPC would hide why it failed,
	// and back off for a second.
	first, err := connect(ctx, "")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, err
	}
	ready := make(chan net.Conn, 1)
	ready <- first
	// By a dialer, not by an address: an address is a URL, and a path with a % is none.
	c, err := client.New(ctx, "", client.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
		select {
		case conn := <-ready:
			return conn, nil
		default:
			return connect(ctx, addr)
		}
	}))
	if err != nil {
		first.Close()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if _, err := c.Info(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("asking the engine at %s: %w", socket, err)
	}
	return c, nil
}

// ownPeer is nil if the other end is a process of this user's: what a build sends,
// secrets too, goes to nobody else, even where a shared directory let another user be
// first.
func ownPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var peerErr error
	if err := raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if peerErr != nil {
		return fmt.Errorf("asking who it is: %w", peerErr)
	}
	if int(peer.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d: %w", peer.Uid, fs.ErrPermission)
	}
	return nil
}
