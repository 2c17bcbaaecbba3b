package lsp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxHeader is how long the header of a message may be.
	maxHeader = 8 << 10
	// maxBody is how long a message may be that is read. A longer one is passed over.
	maxBody = 256 << 20
	// maxSkipped is how long a message may be that is passed over: nobody means more.
	maxSkipped = 4 << 30
)

// errTooLong says that a message was passed over.
var errTooLong = errors.New("the message is longer than the 256 MiB that are read")

// A framingError says that what the client sends is no message: where the next one begins
// cannot be told, and the connection is at its end.
type framingError struct{ what string }

func (e *framingError) Error() string {
	return "what the client sends is no message of the protocol: " + e.what
}

func misframed(format string, args ...any) error {
	return &framingError{fmt.Sprintf(format, args...)}
}

// ReadFrame reads the content of the next message, of this protocol or of one with the same frames. Memory is taken as bytes arrive, not as
// they are announced.
func ReadFrame(r *bufio.Reader) ([]byte, error) {
	length, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if length > maxBody {
		if _, err := io.CopyN(io.Discard, r, length); err != nil {
			return nil, err
		}
		return nil, errTooLong
	}
	body := []byte{}
	for n := int(length); len(body) < n; {
		have := len(body)
		more := min(n-have, max(have, 1<<20))
		body = slices.Grow(body, more)[:have+more]
		if _, err := io.ReadFull(r, body[have:]); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// readHeader reads up to a message's content, and returns how long that is.
func readHeader(r *bufio.Reader) (int64, error) {
	length := int64(-1)
	for left := maxHeader; ; {
		line, err := readLine(r, left)
		if err != nil {
			return 0, err
		}
		left -= len(line) + len("\r\n")
		if line == "" && length < 0 {
			return 0, misframed("a header without Content-Length")
		} else if line == "" {
			return length, nil
		}
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(name, "Content-Length") {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		switch {
		case err != nil || n < 0 || n > maxSkipped:
			return 0, misframed("Content-Length: %.40q", strings.TrimSpace(value))
		case length >= 0 && n != length:
			return 0, misframed("Content-Length %d and %d of one message", length, n)
		}
		length = n
	}
}

// readLine reads a line of a header, without its end. What cannot become one is an error at
// once: a client that went wrong waits for us, not we for it.
func readLine(r *bufio.Reader, most int) (string, error) {
	var line []byte
	named := false
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		case c == '\r':
			if c, err = r.ReadByte(); err != nil {
				return "", err
			} else if c != '\n' {
				return "", misframed("a CR without LF behind %.40q", line)
			}
			fallthrough
		case c == '\n': // alone it is tolerated
			if !named && len(line) > 0 {
				return "", misframed("%.40q, which is no header", line)
			}
			return string(line), nil
		case c == ':':
			named = true
		case !named && !isToken(c):
			return "", misframed("%.40q, which is no header", append(line, c))
		}
		if line = append(line, c); len(line) > most {
			return "", misframed("a header longer than %d bytes", maxHeader)
		}
	}
}

// isToken says whether a header's name may have a byte (RFC 9110, "Tokens").
func isToken(c byte) bool {
	letter, digit := c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9'
	return letter || digit || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
