package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Build is one that was kept. Its file may be gone, or no longer whole: then what reads
// it returns an error.
type Build struct{ file string }

// ID is the record's.
func (b Build) ID() string {
	name := strings.TrimSuffix(filepath.Base(b.file), suffix)
	return name[strings.LastIndexByte(name, '-')+1:]
}

// Header is the record's.
func (b Build) Header() ([]byte, error) {
	parts, err := b.read(func(i int) bool { return i == 0 })
	if err != nil {
		return nil, err
	}
	return []byte(parts[0]), nil
}

// Details are the record's; empty if there are none.
func (b Build) Details() ([]byte, error) {
	parts, err := b.read(func(i int) bool { return i == 1 })
	if err != nil {
		return nil, err
	}
	return []byte(parts[1]), nil
}

// MadeOf is the record's; empty if there is nothing.
func (b Build) MadeOf() ([]byte, error) {
	parts, err := b.read(func(i int) bool { return i == 2 })
	if err != nil {
		return nil, err
	}
	return []byte(parts[2]), nil
}

// Logs are what was kept of the record's.
func (b Build) Logs() ([]string, error) {
	parts, err := b.read(func(i int) bool { return i > 2 })
	if err != nil {
		return nil, err
	}
	return parts[3:], nil
}

// read reads the parts that are wanted of the header (0), the details (1), what the build was made of
// (2), and the logs.
func (b Build) read(want func(int) bool) (parts []string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", b.file, err)
		}
	}()
	f, err := os.Open(b.file)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is said anyway
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	lengths, start, err := lengths(f, st.Size())
	if err != nil {
		return nil, err
	}
	parts = make([]string, len(lengths))
	for i, n := range lengths {
		if want(i) {
			data := make([]byte, n)
			if _, err := f.ReadAt(data, start); err != nil {
				return nil, err
			}
			parts[i] = string(data)
		}
		start += n
	}
	return parts, nil
}

var errBroken = errors.New("is not a whole record of a build")

// lengths reads the first line of a file of size bytes: how long the parts are, and where
// they start. They fill the file, or it is not whole.
func lengths(f io.Reader, size int64) (list []int64, start int64, err error) {
	line, err := bufio.NewReader(io.LimitReader(f, maxHeader)).ReadString('\n')
	fields := strings.Fields(line)
	if err != nil || len(fields) < 2 {
		return nil, 0, errBroken
	}
	missing := map[string]int{magic: 0, magicNoMadeOf: 1, magicNoDetail: 2}
	n, ok := missing[fields[0]]
	if !ok || len(fields) < 4-n {
		return nil, 0, errBroken
	}
	fields = slices.Insert(fields, 4-n, slices.Repeat([]string{"0"}, n)...)
	end := int64(len(line))
	for _, field := range fields[1:] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil || n < 0 || n > size {
			return nil, 0, errBroken
		}
		list = append(list, n)
		end += n
	}
	if end != size {
		return nil, 0, errBroken
	}
	return list, int64(len(line)), nil
}
