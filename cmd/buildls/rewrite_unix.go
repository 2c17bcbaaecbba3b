//go:build unix

package main

import (
	"os"
	"syscall"
)

// hasSeveralNames says whether a file has hard links.
func hasSeveralNames(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}

// keepOwner gives a file the owner and the group of another, if they are not those that it has.
func keepOwner(path string, of os.FileInfo) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	want, ok := of.Sys().(*syscall.Stat_t)
	have, _ := info.Sys().(*syscall.Stat_t)
	if !ok || want.Uid == have.Uid && want.Gid == have.Gid {
		return nil
	}
	return os.Lchown(path, int(want.Uid), int(want.Gid))
}
