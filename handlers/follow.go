package handlers

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/lint/hadolint"
	"github.com/buildls/buildls/workspace"
)

// A follower keeps something of each open document. It is told in the message loop, so it must
// neither block nor send.
type follower interface {
	opened(*workspace.Document) // also one that is shown in another spelling of its name
	edited(*workspace.Document, []workspace.LineEdit)
	closed(workspace.URI)
	// reread says that something else that Dockerfiles are built with has changed, or may have:
	// settings, folders, files. Of all open documents it concerns some. It is called from anywhere.
	reread(changed, same []*workspace.Document)
}

// follows is a follower that does nothing: what embeds it says what it does.
type follows struct{}

func (follows) opened(*workspace.Document)                       {}
func (follows) edited(*workspace.Document, []workspace.LineEdit) {}
func (follows) closed(workspace.URI)                             {}
func (follows) reread(changed, same []*workspace.Document)       {}

// typingPause is how long nothing is typed in a file before what is built with it is looked
// at: that reads files.
const typingPause = 150 * time.Millisecond

// rereads are what has changed since Dockerfiles were last looked at again.
type rereads struct {
	mu     sync.Mutex
	cancel context.CancelFunc     // of the pause; nil before the first
	edited map[workspace.URI]bool // files of projects that were edited; "" is everything
}

// touched has Dockerfiles looked at again that are built with a file.
func (s *Server) touched(uri workspace.URI, pause time.Duration) {
	if s.builtWith(uri) {
		s.readAgain(pause, "")
	}
}

// typedIn is as touched, of an open file that is edited. Of one that a project is read from it is
// known which Dockerfiles it concerns.
func (s *Server) typedIn(doc *workspace.Document) {
	switch {
	case !s.builtWith(doc.URI):
	case doc.Kind() == workspace.Ignore || strings.HasSuffix(doc.Path, ".rego") || hadolint.Is(doc.Path):
		s.readAgain(typingPause, "")
	default:
		s.readAgain(typingPause, doc.URI)
	}
}

// readAgain has what Dockerfiles are built with read again, after a pause that begins anew when
// it is called again. Without a file that is edited, everything may have changed.
func (s *Server) readAgain(pause time.Duration, edited workspace.URI) {
	ctx, cancel := context.WithCancel(s.rpc.Context())
	s.rereads.add(edited, cancel)
	if pause == 0 {
		defer cancel()
		s.reread()
		return
	}
	s.rpc.Go(func() {
		defer cancel()
		select {
		case <-time.After(pause):
			s.reread()
		case <-ctx.Done():
		}
	})
}

// add adds a file that is edited, or all, and ends the pause before.
func (r *rereads) add(edited workspace.URI, cancel context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
	}
	r.cancel = cancel
	if r.edited == nil {
		r.edited = map[workspace.URI]bool{}
	}
	r.edited[edited] = true
}

// take is what was added since it was taken: the files that were edited, and whether
// everything may have changed.
func (r *rereads) take() (edited map[workspace.URI]bool, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	edited = r.edited
	r.edited = nil
	return edited, edited[""]
}

// reread has all that concerns what has changed looked at again.
func (s *Server) reread() {
	edited, all := s.rereads.take()
	if len(edited) == 0 {
		return // another did
	}
	snapshot := s.ws.Snapshot()
	concerns := func(*workspace.Document) bool { return true }
	if all {
		s.projects.Expire()
	} else {
		concerns = s.projects.Edited(snapshot, edited, s.settings.now().Defaults)
	}
	var changed, same []*workspace.Document
	for _, doc := range snapshot.Documents() {
		if doc.Kind() != workspace.Dockerfile || concerns(doc) {
			changed = append(changed, doc)
		} else {
			same = append(same, doc)
		}
	}
	for _, f := range s.followers {
		f.reread(changed, same)
	}
}

// builtWith says whether a file may say how Dockerfiles are built, or what is wrong with them: an
// ignore, compose or bake file, what one of those reads, or a configuration of rules.
func (s *Server) builtWith(uri workspace.URI) bool {
	switch workspace.KindOf(uri, "") {
	case workspace.Ignore, workspace.Compose, workspace.Bake:
		return true
	case workspace.Dockerfile:
		return false
	}
	path, ok := uri.Path()
	return ok && (strings.HasSuffix(path, ".rego") || hadolint.Is(path) || s.projects.Reads(path))
}

// didChangeWatchedFiles checks again what a file on the disk concerns.
func (s *Server) didChangeWatchedFiles(p *protocol.DidChangeWatchedFilesParams) error {
	for _, c := range p.Changes {
		if s.builtWith(workspace.URI(c.URI)) {
			s.readAgain(0, "")
			return nil
		}
	}
	return nil
}
