package main

// The program for Windows runs in these tests through Wine: see .ci/test-windows. The tests do not
// know it. What they start is this binary again, which starts the other in Wine and stands
// between the two: each side reads its own spelling of paths and of engines' addresses.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/buildls/buildls/build/lazyregexp"
)

// wineRoot is the root that Wine runs in, with buildls.exe and buildctl.exe; empty where the program of this machine
// is tested. The folders of tests lie below it: of Windows' paths, Z: is this root.
var wineRoot = os.Getenv("BUILDLS_TEST_WINE")

// asWindows in the place of asProgram's "1" starts the program for Windows.
const asWindows = "windows"

// wineProgram is which program that is.
const wineProgram = "BUILDLS_TEST_WINE_PROGRAM"

// inWine makes cmd, which starts a program of this machine, start that of Windows.
func inWine(t testing.TB, cmd *exec.Cmd, exe string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Args[0] = self, self
	cmd.Env = append(cmd.Env, asProgram+"="+asWindows, "BUILDLS_TEST_WINE="+wineRoot, wineProgram+"="+exe)
}

// A wine is the way between the two sides.
type wine struct {
	mu      sync.Mutex
	proxies map[string]string // sockets, with unix://, and the addresses that Windows reaches them by
}

// runInWine runs the program for Windows as if it were this one, and is its exit status.
func runInWine() int {
	w := &wine{proxies: map[string]string{}}
	cwd, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	within, _ := filepath.Rel(wineRoot, cwd)
	args := []string{wineRoot, "env", "-i", "--chdir=/" + within, "HOME=/root", "PATH=/usr/bin:/bin", "WINEDEBUG=-all"}
	for _, kv := range os.Environ() {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "HOME": // Wine has its own; of what is below it, this is what the program asks for
			args = append(args, "XDG_STATE_HOME="+w.there(filepath.Join(value, ".local", "state")))
		case "PATH", "TMPDIR", asProgram, "BUILDLS_TEST_WINE", wineProgram:
		default:
			args = append(args, name+"="+w.there(value))
		}
	}
	args = append(args, "wine", `Z:\test\`+os.Getenv(wineProgram))
	for _, arg := range os.Args[1:] {
		args = append(args, w.there(arg))
	}
	cmd := exec.Command("chroot", args...)
	if err := w.run(cmd, len(os.Args) == 1 || strings.HasPrefix(os.Args[1], "--log") || os.Args[1] == "dap"); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return exit.ExitCode()
		}
		panic(err)
	}
	return 0
}

func (w *wine) run(cmd *exec.Cmd, server bool) error {
	carry := w.lines
	if !server {
		cmd.Stdin = os.Stdin
	} else {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			w.messages(stdin, os.Stdin, w.there)
			stdin.Close()
		}()
		carry = func(to io.Writer, from io.Reader) { w.messages(to, from, w.here) }
	}
	// What Wine starts for itself may hold these pipes for longer.
	cmd.WaitDelay = time.Second
	var carrying sync.WaitGroup
	pipe := func(to io.Writer, carry func(io.Writer, io.Reader)) *io.PipeWriter {
		r, w := io.Pipe()
		carrying.Go(func() { carry(to, r) })
		return w
	}
	stdout, stderr := pipe(os.Stdout, carry), pipe(os.Stderr, w.lines)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	stdout.Close()
	stderr.Close()
	carrying.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// lines carries text.
func (w *wine) lines(to io.Writer, from io.Reader) {
	for r := bufio.NewReader(from); ; {
		line, err := r.ReadString('\n')
		io.WriteString(to, w.here(line))
		if err != nil {
			return
		}
	}
}

// messages carries those of the protocol.
func (w *wine) messages(to io.Writer, from io.Reader, spell func(string) string) {
	codec := jsonrpc2.VSCodeObjectCodec{}
	for r := bufio.NewReader(from); ; {
		var message json.RawMessage
		if codec.ReadObject(r, &message) != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(message))
		d.UseNumber()
		var value any
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		if codec.WriteObject(to, respell(value, spell)) != nil {
			io.Copy(io.Discard, r)
			return
		}
	}
}

// respell has all texts in a JSON value spelled anew.
func respell(value any, spell func(string) string) any {
	switch v := value.(type) {
	case string:
		return spell(v)
	case []any:
		for i := range v {
			v[i] = respell(v[i], spell)
		}
	case map[string]any:
		m := map[string]any{}
		for key, value := range v {
			m[spell(key)] = respell(value, spell)
		}
		return m
	}
	return value
}

var (
	socketHere = lazyregexp.New(`unix://[^\s"',]+`)
	uriThere   = lazyregexp.New(`(?i)file:///z(%3a|:)`)
	pathThere  = lazyregexp.New(`(?i)\bz:([\\/][^\s"'<>|?*:]*)`)
)

// there spells a text as Windows does.
func (w *wine) there(s string) string {
	s = socketHere.ReplaceAllStringFunc(s, w.proxy)
	s = strings.ReplaceAll(s, "file://"+wineRoot, "file:///z%3A")
	if below, ok := strings.CutPrefix(s, wineRoot+"/"); ok && !strings.Contains(below, wineRoot) {
		return `Z:\` + strings.ReplaceAll(below, "/", `\`)
	}
	return strings.ReplaceAll(s, wineRoot+"/", "Z:/")
}

// here spells it as the tests do.
func (w *wine) here(s string) string {
	s = uriThere.ReplaceAllStringFunc(s, func(string) string { return "file://" + wineRoot })
	s = pathThere.ReplaceAllStringFunc(s, func(path string) string {
		return wineRoot + strings.NewReplacer(`\\`, "/", `\`, "/").Replace(path[len("Z:"):])
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for socket, address := range w.proxies {
		s = strings.ReplaceAll(s, address, socket)
	}
	return s
}

// proxy is an address on loopback by which a socket is reached.
func (w *wine) proxy(socket string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if address, ok := w.proxies[socket]; ok {
		return address
	}
	path := strings.TrimPrefix(socket, "unix://")
	if _, err := os.Stat(path); err != nil {
		return "tcp://127.0.0.1:1" // where nobody listens either
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { // as long as this process
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				engine, err := net.Dial("unix", path)
				if err != nil {
					return
				}
				defer engine.Close()
				var both sync.WaitGroup
				for _, way := range [][2]net.Conn{{client, engine}, {engine, client}} {
					both.Go(func() {
						io.Copy(way[0], way[1])
						way[0].(interface{ CloseWrite() error }).CloseWrite()
					})
				}
				both.Wait()
			}()
		}
	}()
	w.proxies[socket] = "tcp://" + l.Addr().String()
	return w.proxies[socket]
}
