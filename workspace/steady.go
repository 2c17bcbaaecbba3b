package workspace

// A file may be written while it is sent. Its writer empties it first, as a rule, and fills
// it piece by piece; what is read meanwhile was never meant to be read, and the image would
// hold it without a word. So a file that was written to a moment ago is waited for, and one
// that changes under the reader is read again, or given up by name.

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// wholeUpTo is the size up to which a file is read before any of it is sent, so that it can
// be read again.
const wholeUpTo = 1 << 20

// A settlePolicy says when a file counts as written.
type settlePolicy struct {
	settled time.Duration // after a write. File systems may have ticks of 4 ms: two writes in one have one time
	empty   time.Duration // the same of a file that is empty
	limit   time.Duration // how long a file is waited for that is written to all the time
	pause   func(time.Duration)
}

var usualSettlePolicy = settlePolicy{settled: 10 * time.Millisecond, empty: 100 * time.Millisecond, limit: 500 * time.Millisecond, pause: time.Sleep}

// has says whether a file was written to so long ago.
func (c *settlePolicy) has(fi fs.FileInfo) bool {
	since := time.Since(fi.ModTime()).Abs() // a clock may have been set back
	return since >= c.settled && (fi.Size() > 0 || since >= c.empty)
}

var errChanging = errors.New("it changed while it was sent; build again when nothing writes to it, or keep it out with .dockerignore")

// readStable is what a regular file has in it, at one moment.
func (c *ContextFS) readStable(f *os.File, name string) (io.ReadCloser, error) {
	late := time.Now().Add(c.calm.limit)
	for ; ; c.calm.pause(2 * time.Millisecond) {
		before, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if !c.calm.has(before) && time.Now().Before(late) {
			continue
		}
		if before.Size() > wholeUpTo {
			return &reportingFile{File: f, name: name, context: c, opened: before}, nil
		}
		data, err := io.ReadAll(io.NewSectionReader(f, 0, before.Size()+1))
		if err != nil {
			return nil, err
		}
		err = unchanged(f, before, int64(len(data)))
		if err == nil {
			return wholeFile{bytes.NewReader(data), f}, nil
		}
		if time.Now().After(late.Add(c.calm.limit)) { // not once between two writes
			return nil, err
		}
	}
}

// unchanged is an error if a file is not what it was before so many bytes of it were read.
func unchanged(f *os.File, before fs.FileInfo, read int64) error {
	after, err := f.Stat()
	if err == nil && (read != before.Size() || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
		err = errChanging
	}
	return err
}

// wholeFile is a file that was read.
type wholeFile struct {
	*bytes.Reader
	io.Closer
}

// reportingFile is a file that is read as it is sent. It tells the context of errors.
type reportingFile struct {
	*os.File
	name    string
	context *ContextFS
	opened  fs.FileInfo
	read    int64
}

func (f *reportingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.read += int64(n)
	if err == io.EOF {
		if changed := unchanged(f.File, f.opened, f.read); changed != nil {
			err = changed
		}
	}
	if err != nil && err != io.EOF {
		f.context.report(f.name, err)
	}
	return n, err
}

// WriteTo hides os.File's own, which would read past Read.
func (f *reportingFile) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{f})
}
