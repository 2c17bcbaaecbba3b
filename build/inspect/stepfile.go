package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil/types"
)

// MaxFile is how many bytes of a file are read.
const MaxFile = 1 << 20

// A File is a file as a step left it.
type File struct {
	Text      string // the secrets of the build are masked; empty if Binary
	Bytes     int64  // of the whole file
	Binary    bool   // what was read is not UTF-8, or holds a NUL
	Truncated bool   // Text is the first MaxFile bytes, less a rune that was cut
}

// A NoFileError says that a path does not lead to a file that can be read.
type NoFileError struct {
	Path, Why string
	Directory bool // it leads to a directory
}

func (e *NoFileError) Error() string { return e.Path + " " + e.Why }

// File reads a file as a step left it. name is taken from the root, and symlinks are followed within
// the files of the step. The engine finds the step in its cache; nothing is run. If name leads to no
// file, the error is a *[NoFileError].
func (b *Build) File(ctx context.Context, step int, name string) (*File, error) {
	_, after, err := b.state(step).around()
	if err != nil {
		return nil, err
	}
	name = path.Join("/", name)
	var file *File
	var none *NoFileError // not returned by look, because engines are slow with errors
	look := func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		ref, err := b.lookUp(ctx, g, b.state(step), after)
		if err != nil {
			return nil, err
		}
		if ref == nil {
			none = &NoFileError{Path: name, Why: "is not there after this step"}
			return gateway.NewResult(), nil
		}
		if file, err = ReadFile(ctx, ref, name); errors.As(err, &none) {
			err = nil
		}
		return gateway.NewResult(), err
	}
	hidden, err := b.ask(ctx, nil, nil, look)
	switch {
	case err != nil:
		return nil, err
	case none != nil:
		return nil, none
	}
	file.Text = string(hidden.HideValues([]byte(file.Text)))
	return file, nil
}

// Files are those of a step, as an engine shows them.
type Files interface {
	ReadFile(context.Context, gateway.ReadRequest) ([]byte, error)
	StatFile(context.Context, gateway.StatRequest) (*types.Stat, error)
	ReadDir(context.Context, gateway.ReadDirRequest) ([]*types.Stat, error)
}

// ReadFile reads a file. It follows symlinks within the files. If name leads to no file, the error is
// a *[NoFileError].
func ReadFile(ctx context.Context, ref Files, name string) (*File, error) {
	st, err := ref.StatFile(ctx, gateway.StatRequest{Path: name})
	if err != nil {
		return nil, notThere(name, err)
	}
	if why := unreadable(st); why != "" {
		return nil, &NoFileError{name, why, os.FileMode(st.Mode).IsDir()}
	}
	data, err := ref.ReadFile(ctx, gateway.ReadRequest{Filename: name, Range: &gateway.FileRange{Length: MaxFile + 1}})
	if err != nil {
		return nil, notThere(name, err)
	}
	return newFile(data, st), nil
}

func unreadable(st *types.Stat) string {
	switch mode := os.FileMode(st.Mode); {
	case mode.IsDir():
		return "is a directory"
	case mode.IsRegular(), mode&os.ModeSymlink != 0:
		return ""
	default:
		return "is neither a file nor a link"
	}
}

func isNoFile(err error) bool {
	none := (*NoFileError)(nil)
	return errors.As(err, &none)
}

// notThere returns a *NoFileError for a path that is not there, and else the engine's error.
func notThere(name string, err error) error {
	for text, why := range map[string]string{"no such file": "is not there after this step", "not a directory": "is not there after this step", "is a directory": "leads to a directory"} {
		if strings.Contains(err.Error(), text) {
			return &NoFileError{name, why, text == "is a directory"}
		}
	}
	return fmt.Errorf("cannot read %s: %w", name, err)
}

func newFile(data []byte, st *types.Stat) *File {
	f := &File{Bytes: int64(len(data))}
	if os.FileMode(st.Mode).IsRegular() {
		f.Bytes = st.Size
	}
	if len(data) > MaxFile {
		f.Truncated, data = true, wholeRunes(data[:MaxFile])
	}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		f.Binary, f.Truncated = true, false
		return f
	}
	f.Text = string(data)
	return f
}

// wholeRunes removes the beginning of a rune from the end.
func wholeRunes(data []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(data); i++ {
		if utf8.RuneStart(data[len(data)-i]) {
			if !utf8.FullRune(data[len(data)-i:]) {
				return data[:len(data)-i]
			}
			break
		}
	}
	return data
}
