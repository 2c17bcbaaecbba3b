//go:build linux && !portable

package daemon

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// To remove something from the cache, BuildKit first writes to its databases. On a disk that
// a step has filled to the last byte it could not, and what the step wrote would stay, and
// the disk full, for ever. So each database has room of its own, that nobody else gets.
const reserved = 1 << 20

// reserve gives databases that room. Those that are not there are made.
func reserve(paths ...string) {
	for _, path := range paths {
		if err := reserveIn(path); err != nil {
			logrus.WithError(err).Warnf("no room is reserved for %s", path)
		}
	}
}

func reserveIn(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			return err
		}
		if err := db.Close(); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	used, ok := usedOf(file)
	if !ok {
		return nil // it says so when it is opened
	}
	return unix.Fallocate(int(file.Fd()), 0, 0, used+reserved)
}

const boltMagic = 0xED0CDAED

// usedOf is how many bytes of a database are in use at least, as its first two pages tell, of
// which either may be the newer; not ok if neither does. They are as bbolt's internal/common
// has them: a page's header, and a meta.
func usedOf(file *os.File) (bytes int64, ok bool) {
	bytes = math.MaxInt64
	for page := range int64(2) {
		meta := make([]byte, 64)
		if _, err := file.ReadAt(meta, page*int64(os.Getpagesize())); err != nil || binary.NativeEndian.Uint32(meta[16:]) != boltMagic {
			continue
		}
		size, pages := binary.NativeEndian.Uint32(meta[24:]), binary.NativeEndian.Uint64(meta[56:])
		bytes, ok = min(bytes, int64(pages)*int64(size)), true
	}
	return bytes, ok && bytes > 0
}
