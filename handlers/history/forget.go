package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Forget removes the builds that began before a time, and says how many they are, and their size in
// bytes. With dry it removes none.
func (s Store) Forget(before time.Time, dry bool) (builds int, bytes int64, err error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	for _, e := range entries {
		stamp, _, _ := strings.Cut(e.Name(), "-")
		began, odd := time.Parse(timeFormat, stamp)
		info, gone := e.Info()
		if !isBuild(e) || odd != nil || gone != nil || !began.Before(before) {
			continue
		}
		if !dry {
			if err := os.Remove(filepath.Join(s.Dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return builds, bytes, err
			}
		}
		builds++
		bytes += info.Size()
	}
	return builds, bytes, nil
}
