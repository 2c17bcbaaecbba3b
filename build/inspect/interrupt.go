package inspect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/buildls/buildls/build/attach"
)

// The first process of a container gets no Ctrl-C that it has not asked for: the kernel keeps it
// alive. A program that does not answer to three of them, one after the other, is ended.

const (
	ctrlC           = 3
	interruptions   = 3
	codeInterrupted = 130 // as of shells: 128, and the number of SIGINT
)

var errInterrupted = errors.New("the program did not answer to Ctrl-C")

// A patience counts the Ctrl-C that were typed and not answered.
type patience struct {
	mu    sync.Mutex
	typed int
	end   context.CancelCauseFunc
}

// withPatience watches a terminal, whose Stdin its owner must end. The context that it returns ends
// with errInterrupted.
func withPatience(ctx context.Context, t *attach.Terminal) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &patience{end: cancel}
	in := &watchedInput{ReadCloser: t.Stdin}
	in.some.L = &in.mu
	go in.read(p) // ends when the owner of t.Stdin ends that
	t.Stdin, t.Stdout = in, watchedOutput{t.Stdout, p}
	return ctx, func() { cancel(nil) }
}

// input takes what was typed.
func (p *patience) input(keys []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		if key != ctrlC {
			p.typed = 0
		} else if p.typed++; p.typed == interruptions {
			p.end(errInterrupted)
		}
	}
}

// output takes what was printed: an answer, unless it is only how a terminal shows the key.
func (p *patience) output(text []byte) {
	if strings.Trim(string(bytes.ReplaceAll(text, []byte("^C"), nil)), "\r\n") == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.typed = 0
}

// A watchedInput reads what is typed at once, and keeps it for a program that does not read yet, or
// has yet to start.
type watchedInput struct {
	io.ReadCloser
	mu   sync.Mutex
	some sync.Cond // there is more, or an error
	kept []byte
	err  error
}

func (w *watchedInput) read(p *patience) {
	b := make([]byte, 4096)
	for {
		n, err := w.ReadCloser.Read(b)
		p.input(b[:n])
		w.mu.Lock()
		w.kept, w.err = append(w.kept, b[:n]...), err
		w.some.Broadcast()
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (w *watchedInput) Read(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.kept) == 0 && w.err == nil {
		w.some.Wait()
	}
	n := copy(b, w.kept)
	w.kept = w.kept[n:]
	if n == 0 {
		return 0, w.err
	}
	return n, nil
}

type watchedOutput struct {
	io.WriteCloser
	*patience
}

func (w watchedOutput) Write(b []byte) (int, error) {
	w.output(b)
	return w.WriteCloser.Write(b)
}
