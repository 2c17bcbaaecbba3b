//go:build !unix

package workspace

// openFlags: there are no pipes in Windows' directories.
const openFlags = 0

// newFileMode are the permissions of a file that is not yet on disk. fsutil
// gives every file of Windows the x bits; a new one must not lose them by being
// saved.
const newFileMode = 0o755
