//go:build linux && !portable

package daemon

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/embedded/config"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/defaults"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/util/grpcerrors"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // the codec that BuildKit's clients use
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// The end is bounded: canceled builds get stopTime to end, then their steps are killed,
// and after endTime the process is gone whatever it waits for.
const (
	stopTime = 5 * time.Second
	endTime  = 10 * time.Second
)

// serve is the life of an engine: from the lock, by way of ctx's end or idling, to the
// lock's release.
func serve(ctx context.Context, opt options) error {
	lock, err := takeLock(filepath.Join(opt.root, embedded.LockName))
	if err != nil {
		return err
	}
	defer lock.release()

	conf, err := config.Load(opt.config)
	if err != nil {
		return err
	}
	runc, err := embedded.Runc()
	if err != nil {
		return err
	}
	if err := clearAftermath(ctx, opt.root, runc); err != nil {
		return err
	}
	if err := useTempDir(tempDir(opt.root)); err != nil {
		return err
	}
	// Before the controller, so that who starts the engine needs not look for the
	// socket again and again: its connection waits, and is answered, or closed if the
	// controller fails.
	listener, err := listen(opt.socket)
	if err != nil {
		return err
	}
	unlink := sync.OnceFunc(func() { os.Remove(opt.socket) })
	defer unlink()
	defer listener.Close()
	if err := lock.announce(opt.pid, opt.socket); err != nil {
		return fmt.Errorf("writing the engine's lock: %w", err)
	}

	stopping := make(chan struct{})
	wishes := newWishes(opt.root, conf)
	controller, room, err := newController(context.WithoutCancel(ctx), place{opt.root, runc, opt.rootless}, conf, wishes, stopping)
	if err != nil {
		return err
	}
	opt.collectBackups()
	go forgetBroken(opt.root)      // ends when it is done, or with the process: the next engine goes on
	calls := newActivity(opt.idle) // from here on, and not while it still starts
	wishes.calls = calls
	server := newServer(controller, wishes, calls, room)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with shutdown's Stop
	logrus.Infof("serving on %s", opt.socket)

	select {
	case err = <-served:
		err = fmt.Errorf("serving on %s: %w", opt.socket, err)
	case <-ctx.Done():
		logrus.Info("ending: asked to")
	case <-calls.over:
		logrus.Info("ending: nobody uses it")
	}
	unlink() // from here on clients should not come to us
	close(stopping)
	if ctx.Err() == nil && err == nil {
		// Nothing runs. Clients hang up by themselves when told, unless their editor is
		// suspended.
		within(time.Second, server.GracefulStop)
	}
	shutdown(server, controller, opt.root, runc)
	return err
}

func newServer(controller *control.Controller, wishes *wishes, calls *activity, room *pruner) *grpc.Server {
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(wishes.unary, calls.unary, room.unary, logFailure, grpcerrors.UnaryServerInterceptor),
		grpc.ChainStreamInterceptor(calls.stream, grpcerrors.StreamServerInterceptor),
		grpc.MaxRecvMsgSize(defaults.DefaultMaxRecvMsgSize),
		grpc.MaxSendMsgSize(defaults.DefaultMaxSendMsgSize),
		grpc.WaitForHandlers(true), // Stop returns when the builds have ended, not when they were told to
	)
	healthv1.RegisterHealthServer(server, health.NewServer())
	controller.Register(server)
	return server
}

func logFailure(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err != nil {
		logrus.Errorf("%s: %v", info.FullMethod, err)
	}
	return resp, err
}

// shutdown cancels the calls, and with them the builds, waits for the builds' steps,
// and kills what is left.
func shutdown(server *grpc.Server, controller *control.Controller, root, runc string) {
	hard := time.AfterFunc(endTime, func() {
		logrus.Errorf("still not ended after %v, giving up", endTime)
		os.Exit(1)
	})
	defer hard.Stop()

	if !within(stopTime, server.Stop) {
		logrus.Warnf("calls are still running %v after they were canceled", stopTime)
	}
	// A build's call may return before its step is gone.
	if len(bundles(root)) > 0 && !within(time.Second, func() { awaitSteps(root) }) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := clearAftermath(ctx, root, runc); err != nil {
			logrus.WithError(err).Warn("could not clear up")
		}
	}
	within(time.Second, func() {
		if err := controller.Close(); err != nil {
			logrus.WithError(err).Warn("could not close the engine's state in order")
		}
	})
}

func awaitSteps(root string) {
	for range time.Tick(10 * time.Millisecond) {
		if len(bundles(root)) == 0 {
			return
		}
	}
}

// within runs f and tells whether it ended in time. If not it is left running: the
// process is about to end.
func within(limit time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

// useTempDir makes dir the place of all temporary files and mounts of this process.
func useTempDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("creating the engine's temporary directory: %w", err)
	}
	if err := os.Setenv("TMPDIR", dir); err != nil {
		return err
	}
	// containerd read TMPDIR when the process began.
	return mount.SetTempMountLocation(dir)
}

// listen makes the socket for this user alone. The caller holds the root's lock, so a
// socket that is there is stale, unless an engine with another root answers on it.
func listen(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s is in use by another program, or by an engine with another --root", path)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s is not a socket, and is not replaced by one", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing a stale socket: %w", err)
		}
	}
	// By umask, because after a chmod it would be too late. Nothing else runs in the
	// process yet.
	before := syscall.Umask(0o177)
	listener, err := net.Listen("unix", path)
	syscall.Umask(before)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // serve removes it, while it is surely its own
	return listener, nil
}
