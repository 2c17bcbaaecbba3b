//go:build unix

package workspace

import "syscall"

// openFlags keep an open from waiting for the other end of a pipe that has
// taken the place of a file.
const openFlags = syscall.O_NONBLOCK

// newFileMode are the permissions of a file that is not yet on disk.
const newFileMode = 0o644
