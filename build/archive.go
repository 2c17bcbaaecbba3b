package build

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/moby/buildkit/util/archiveutil"
)

// An archive is a tar that becomes the context.
type archive struct {
	io.Reader
	zstd bool // which older front ends take for a Dockerfile
}

// Close implements [io.ReadCloser]; the reader's owner closes it.
func (*archive) Close() error { return nil }

// headerSize is what BuildKit looks at, too, to tell an archive from a Dockerfile: the
// header of a tar and some more.
const headerSize = 1024

// ReadContext reads what a terminal's standard input holds: an archive, which becomes the
// context while the build runs, or a Dockerfile, for which there is no context.
func ReadContext(r io.Reader) (c Context, dockerfile []byte, err error) {
	input := bufio.NewReaderSize(r, headerSize)
	header, err := input.Peek(headerSize)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return Context{}, nil, fmt.Errorf("reading stdin: %w", err)
	case len(header) == 0:
		return Context{}, nil, errors.New("stdin is empty; it can be a tar, or a Dockerfile")
	case archiveutil.IsArchive(header):
		return Context{Kind: ArchiveContext, archive: &archive{input, archiveutil.HasZstdPrefix(header)}}, nil, nil
	}
	dockerfile, err = io.ReadAll(input)
	if err != nil {
		err = fmt.Errorf("reading stdin: %w", err)
	}
	return Context{}, dockerfile, err
}
