package attach

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// What is typed comes to the process, what it prints to the terminal, and its exit code; also
// where sockets are named pipes.
func TestAttach(t *testing.T) {
	l, address, err := Listen(t.TempDir())
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
			typed := make(chan string)
			go func() { // what is typed may come before the size, or after it
				all, _ := io.ReadAll(term.Stdin)
				typed <- strings.ToUpper(string(all))
			}()
			size := <-term.Resize
			io.WriteString(term.Stdout, strings.Repeat("x", 3*maxFrame)+<-typed)
			return int(size.Rows) + len(term.Args), nil
		})
	}()
	var out bytes.Buffer
	sizes := make(chan Size, 1)
	sizes <- Size{Rows: 5, Cols: 7}
	code, err := Attach(t.Context(), address, Hello{Args: []string{"a", "b"}}, strings.NewReader("typed\n"), &out, sizes)
	if code != 7 || err != nil || strings.TrimLeft(out.String(), "x") != "TYPED\n" || out.Len() != 3*maxFrame+6 {
		t.Errorf("code %d, %v, %d bytes: %.30q", code, err, out.Len(), strings.TrimLeft(out.String(), "x"))
	}
	<-served
	l.Close()
	if _, err := Attach(t.Context(), address, Hello{}, strings.NewReader(""), &out, nil); err == nil || !strings.Contains(err.Error(), "no such shell") {
		t.Errorf("a socket that is gone: %v", err)
	}
}
