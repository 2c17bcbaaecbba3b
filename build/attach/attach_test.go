package attach

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// What is typed comes to the process, what it prints to the terminal, and its exit code; also
// where sockets are named pipes.
func TestAttach(t *testing.T) {
	l, address, err := Listen(func() (string, error) { return t.TempDir(), nil })
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.Accept()
		if err != nil || !Trusted(c) {
			t.Errorf("accept: %v", err)
			return
		}
		Serve(context.Background(), c, func(_ context.Context, term Terminal) (int, error) {
			size := <-term.Resize
			typed, _ := io.ReadAll(term.Stdin)
			io.WriteString(term.Stdout, strings.Repeat("x", 3*maxFrame)+strings.ToUpper(string(typed)))
			return int(size.Rows) + len(term.Args), nil
		})
	}()
	var out bytes.Buffer
	sizes := make(chan Size, 1)
	sizes <- Size{Rows: 5, Cols: 7}
	type end struct {
		code int
		err  error
	}
	ended := make(chan end)
	go func() {
		code, err := Attach(address, Hello{Args: []string{"a", "b"}}, strings.NewReader("typed\n"), &out, sizes)
		ended <- end{code, err}
	}()
	select {
	case got := <-ended:
		if got.code != 7 || got.err != nil || strings.TrimLeft(out.String(), "x") != "TYPED\n" || out.Len() != 3*maxFrame+6 {
			t.Errorf("code %d, %v, %d bytes: %.30q", got.code, got.err, out.Len(), strings.TrimLeft(out.String(), "x"))
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it hangs")
	}
	<-served
	l.Close()
	if _, err := Attach(address, Hello{}, strings.NewReader(""), &out, nil); err == nil || !strings.Contains(err.Error(), "no such shell") {
		t.Errorf("a socket that is gone: %v", err)
	}
}
