package handlers

import (
	"context"
	"strings"
	"time"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/workspace"
)

// A follower keeps something of each open document. It is told in the message loop, so it must
// neither block nor send.
type follower interface {
	opened(*workspace.Document) // also one that is shown in another spelling of its name
	edited(*workspace.Document, []workspace.LineEdit)
	closed(workspace.URI)
	// reread says that something else that Dockerfiles are built with has changed, or may have:
	// settings, folders, files on the disk. It is called from anywhere.
	reread()
}

// follows is a follower that does nothing: what embeds it says what it does.
type follows struct{}

func (follows) opened(*workspace.Document)                       {}
func (follows) edited(*workspace.Document, []workspace.LineEdit) {}
func (follows) closed(workspace.URI)                             {}
func (follows) reread()                                          {}

// typingPause is how long nothing is typed in a file before what is built with it is looked
// at: that reads files.
const typingPause = 150 * time.Millisecond

// touched has Dockerfiles looked at again that are built with a file.
func (s *Server) touched(uri workspace.URI, pause time.Duration) {
	if s.builtWith(uri) {
		s.readAgain(pause)
	}
}

// readAgain has what Dockerfiles are built with read again, after a pause that begins anew when
// it is called again.
func (s *Server) readAgain(pause time.Duration) {
	again := func() {
		s.projects.Expire()
		for _, f := range s.followers {
			f.reread()
		}
	}
	if pause == 0 {
		again()
		return
	}
	ctx, cancel := context.WithCancel(s.rpc.Context())
	if before := s.pause.Swap(&cancel); before != nil {
		(*before)()
	}
	s.rpc.Go(func() {
		defer cancel()
		select {
		case <-time.After(pause):
			again()
		case <-ctx.Done():
		}
	})
}

// builtWith says whether a file may say how Dockerfiles are built: an ignore, compose or bake
// file, or what one of those reads.
func (s *Server) builtWith(uri workspace.URI) bool {
	switch workspace.KindOf(uri, "") {
	case workspace.Ignore, workspace.Compose, workspace.Bake:
		return true
	case workspace.Dockerfile:
		return false
	}
	path, ok := uri.Path()
	return ok && strings.HasSuffix(path, ".rego") || ok && s.projects.Reads(path)
}

// didChangeWatchedFiles checks again what a file on the disk concerns.
func (s *Server) didChangeWatchedFiles(p *protocol.DidChangeWatchedFilesParams) error {
	for _, c := range p.Changes {
		if s.builtWith(workspace.URI(c.URI)) {
			s.readAgain(0)
			return nil
		}
	}
	return nil
}
