package inspect

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
)

// Ports are told in their order. What no EXPOSE can have written is left out.
func TestExposed(t *testing.T) {
	r := &build.Result{}
	r.Config.ExposedPorts = map[string]struct{}{"443/tcp": {}, "53/udp": {}, "53/tcp": {}, "80": {}, "9/sctp": {},
		"80/\x1b[2J": {}, "x/tcp": {}, "70000/tcp": {}, "-1/tcp": {}}
	p := Program{Ports: exposed(r)}
	p.Ports[3].Address = "127.0.0.1:8080"
	want := []string{"port 9/sctp is not published", "port 53/tcp is not published", "port 53/udp is not published",
		"port 80/tcp is 127.0.0.1:8080", "port 443/tcp is not published"}
	if got := p.reached(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for i := range maxPublished + 1 {
		r.Config.ExposedPorts[fmt.Sprintf("%d/tcp", 8000+i)] = struct{}{}
	}
	many := Program{Ports: exposed(r)}
	if got := many.reached(); len(got) != 1 || len(many.published()) > 0 {
		t.Errorf("%q, %v", got, many.published())
	}
}

type sink struct{ strings.Builder }

func (*sink) Close() error { return nil }

// Three Ctrl-C that nothing answers end a program; what it prints meanwhile, and another key, is an
// answer.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		events []string // typed, or printed if it begins with "<"
		ends   bool
	}{
		{[]string{"\x03\x03"}, false},
		{[]string{"\x03\x03\x03"}, true},
		{[]string{"\x03", "<^C", "\x03", "<^C\r\n", "\x03"}, true},
		{[]string{"\x03\x03", "<stopping\r\n", "\x03"}, false},
		{[]string{"\x03\x03", "x\x03"}, false},
		{[]string{"\x03\x03", "<$ ", "\x03\x03\x03"}, true},
	} {
		typed, keys := io.Pipe()
		printed := &sink{}
		term := attach.Terminal{Stdin: typed, Stdout: printed}
		ctx, stop := withPatience(context.Background(), &term)
		all := ""
		for _, e := range c.events {
			if text, out := strings.CutPrefix(e, "<"); out {
				io.WriteString(term.Stdout, text)
				all += text
				continue
			}
			go io.WriteString(keys, e)
			if _, err := io.ReadFull(term.Stdin, make([]byte, len(e))); err != nil {
				t.Fatal(err)
			}
		}
		if ended := context.Cause(ctx) == errInterrupted; ended != c.ends || printed.String() != all {
			t.Errorf("%q: ended: %v, printed %q", c.events, ended, printed)
		}
		stop()
		keys.Close()
	}
}
