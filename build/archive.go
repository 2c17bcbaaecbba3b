package build

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
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

// headerSize is how many bytes BuildKit looks at, too, to tell an archive from a Dockerfile: the
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
	case beginsExtended(header):
		return Context{Kind: ArchiveContext, archive: &archive{newGzipped(input), false}}, nil, nil
	}
	dockerfile, err = io.ReadAll(input)
	if err != nil {
		err = fmt.Errorf("reading stdin: %w", err)
	}
	return Context{}, dockerfile, err
}

// beginsExtended says whether a tar begins with an extended header, as `tar --format=posix` writes
// it. The header of its first entry then ends behind the bytes that BuildKit looks at, and BuildKit
// takes the tar for a Dockerfile. So such a tar is sent as a gzip, which BuildKit knows.
func beginsExtended(header []byte) bool {
	if len(header) < headerSize {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(header)).Next()
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && header[0] != 0 // two empty blocks end a tar
}

// A gzipped reader wraps what it reads into a gzip, without compressing it.
type gzipped struct {
	input io.Reader
	chunk []byte
	out   bytes.Buffer
	gzip  *gzip.Writer // into out
	ended bool
}

func newGzipped(input io.Reader) *gzipped {
	g := &gzipped{input: input, chunk: make([]byte, 32<<10)}
	g.gzip, _ = gzip.NewWriterLevel(&g.out, gzip.NoCompression) // the level is known
	return g
}

// Read implements [io.Reader].
func (g *gzipped) Read(p []byte) (int, error) {
	for g.out.Len() == 0 && !g.ended {
		n, err := g.input.Read(g.chunk)
		g.gzip.Write(g.chunk[:n]) // into memory: without errors
		switch {
		case errors.Is(err, io.EOF):
			g.gzip.Close()
			g.ended = true
		case err != nil:
			return 0, err
		}
	}
	return g.out.Read(p)
}
