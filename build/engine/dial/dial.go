// Package dial opens connections to engines on other machines, and notices when such a
// machine is no longer reached. A build waits for its engine for hours without a byte, and
// the system's own defaults for TCP are hours, too.
//
// It does not know who listens there. The other machine's system answers for it: an engine
// that is busy, or frozen, loses no connection.
package dial

import (
	"context"
	"net"
	"time"
)

// A machine that has not answered for so long is lost: pings begin after idle, and with
// data on the way the system waits for lost, where it lets us say so.
const (
	idle  = 10 * time.Second
	every = 5 * time.Second
	pings = 3
	lost  = idle + pings*every
)

// Dialer is a dialer of such connections.
func Dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: idle, Interval: every, Count: pings},
		Control:         limit,
	}
}

// TCP dials a host and port.
func TCP(ctx context.Context, address string) (net.Conn, error) {
	return Dialer().DialContext(ctx, "tcp", address)
}
