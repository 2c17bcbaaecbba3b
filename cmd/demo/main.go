// Command demo is a scripted editor: it starts buildls as any editor would, writes a
// Dockerfile that is never saved, and shows what its author would see. It fails if
// that is not as it should be.
//
// It knows the protocol alone; nothing of how buildls is made.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	self, _ := os.Executable()
	server := flag.String("server", filepath.Join(filepath.Dir(self), "buildls"), "the language server to start: the program `FILE`")
	svg := flag.String("svg", "", "also draw the session into `FILE`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *server, *svg)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo: failed:", err)
		os.Exit(1)
	}
}

// run shows the session in a place of its own, of which nothing is left.
func run(ctx context.Context, server, svg string) (err error) {
	d, err := newDesk()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.clear()) }()
	lsp, err := start(server, d.env())
	if err != nil {
		return err
	}
	defer lsp.kill()
	s := newScreen(os.Stdout)
	defer s.close()

	if err := play(ctx, &editor{lsp: lsp, screen: s, uri: d.uri("Dockerfile"), typing: -1}, d); err != nil {
		return err
	}
	if err := lsp.shutdown(ctx); err != nil || svg == "" {
		return err
	}
	return os.WriteFile(svg, []byte(drawing(s.film)), 0o644)
}
