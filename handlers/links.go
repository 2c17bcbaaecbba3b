package handlers

import (
	"context"
	"os"
	"path/filepath"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// documentLink are the pages of images, the URLs of ADD, and the files of the context that COPY
// and others take, or that an ignore file names.
func (s *Server) documentLink(_ context.Context, d document, _ *DocumentParams) (any, error) {
	list := []protocol.DocumentLink{}
	var links []language.Link
	var dir string
	if d.doc.Kind() == workspace.Ignore {
		links, dir = language.IgnoredPaths(string(d.doc.Text.Bytes())), s.ignoredDir(d.snapshot, d.doc)
	} else {
		links, dir = language.Links(plan.FileOf(d.doc)), s.contextDir(d)
	}
	for _, l := range links {
		link := protocol.DocumentLink{Range: d.span(l.Span)}
		switch file, ok := fileIn(d.snapshot, dir, l.Path); {
		case ok:
			link.Target = ptr(toURI(file))
		case l.URL != "":
			link.Target, link.Tooltip = ptr(uri.URI(l.URL)), &l.Tip
		default:
			continue
		}
		list = append(list, link)
	}
	return list, nil
}

// contextDir is the directory that is a Dockerfile's context; empty if that is none here.
func (s *Server) contextDir(d document) string {
	return s.viewsOf(d.snapshot, d.doc, s.settings.now())[0].Context.Dir
}

// fileIn is a file of a directory that an editor can open: a buffer, or a regular file. name has
// "/" between its elements.
func fileIn(snapshot *workspace.Snapshot, dir, name string) (workspace.URI, bool) {
	if dir == "" || name == "" || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", false
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if snapshot.DocumentAt(path) != nil {
		return snapshot.URIOf(path), true
	}
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return "", false
	}
	if _, in := workspace.PlaceOf(path).From(workspace.PlaceOf(dir)); !in {
		return "", false // a link leads out of the context
	}
	return snapshot.URIOf(path), true
}
