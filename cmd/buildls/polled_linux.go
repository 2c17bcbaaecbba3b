//go:build !portable

package main

import (
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// polled are stdin and stdout. If stdin is a pipe or a socket, Go's poller waits for it: a read that
// waits in the kernel keeps one of Go's processors until the runtime looks for such reads, up to 10
// ms later, and what was read before waits for that processor.
func polled(std stdio) (io.Reader, io.Writer) {
	in, isFile := std.in.(*os.File)
	out, areFiles := std.out.(*os.File)
	if !isFile || !areFiles {
		return std.in, std.out
	}
	info, err := in.Stat()
	if err != nil || info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) == 0 || unix.SetNonblock(int(in.Fd()), true) != nil {
		return in, out
	}
	return os.NewFile(in.Fd(), in.Name()), os.NewFile(out.Fd(), out.Name()) // which may be the same socket
}
