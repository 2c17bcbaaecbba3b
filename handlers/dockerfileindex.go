package handlers

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// A dockerfileIndex knows what the Dockerfiles of the workspace say: open ones as they are, others
// as they were on the disk a few seconds ago. It looks at the disk when it is asked. The zero value
// is ready.
type dockerfileIndex struct {
	mu      sync.Mutex
	known   map[string]indexedFile // by path
	walked  time.Time
	walking chan struct{} // closed when the walk ends; nil if none is under way
}

const (
	// indexFresh is how long a walk is believed.
	indexFresh = 10 * time.Second
	// indexWithin bounds a walk.
	indexWithin = 10 * time.Second
)

// An indexedFile is what a file of the disk said when it had a time and a size.
type indexedFile struct {
	modified time.Time
	bytes    int64
	said     dockerfileSummary // without the text, which would stay in memory
}

// A dockerfileSummary is what a Dockerfile says that others ask for.
type dockerfileSummary struct {
	uri    workspace.URI
	stages []stageSummary
	images []string // that it names, each once
}

type stageSummary struct {
	name string
	at   protocol.Location
}

// all are the Dockerfiles of the workspace but for one, which may be nil, by their paths or URIs.
// whole is false if ctx is done before the disk was looked at.
func (x *dockerfileIndex) all(ctx context.Context, s *Server, snapshot *workspace.Snapshot, but *workspace.Document) (all map[string]dockerfileSummary, whole bool) {
	x.mu.Lock()
	if x.walking == nil && time.Since(x.walked) > indexFresh {
		x.walking = make(chan struct{})
		s.rpc.Go(func() { x.walk(s) })
	}
	walking := x.walking
	x.mu.Unlock()
	whole = true
	if walking != nil {
		select {
		case <-walking:
		case <-ctx.Done():
			whole = false
		}
	}
	all = map[string]dockerfileSummary{}
	x.mu.Lock()
	for path, f := range x.known {
		all[path] = f.said
	}
	x.mu.Unlock()
	for _, doc := range snapshot.Documents() {
		key := doc.Path
		switch {
		case doc.Kind() != workspace.Dockerfile:
		case doc == but:
			delete(all, key)
		default:
			if key == "" {
				key = string(doc.URI)
			}
			all[key] = s.summary(doc)
		}
	}
	return all, whole
}

// walk looks at the disk.
func (x *dockerfileIndex) walk(s *Server) {
	ctx, cancel := context.WithTimeout(s.rpc.Context(), indexWithin)
	defer cancel()
	x.mu.Lock()
	before := x.known
	x.mu.Unlock()
	now, snapshot := map[string]indexedFile{}, s.ws.Snapshot()
	for _, f := range snapshot.Folders() {
		if f.Path == "" || plan.WhyNoContext(f.Place()) != "" {
			continue // nobody works on all of it
		}
		for _, path := range workspace.FindDockerfiles(ctx, f.Path) {
			st, err := os.Stat(path)
			if err != nil || st.Size() > dockerfile.MaxBytes {
				continue
			}
			file := before[path]
			if !file.modified.Equal(st.ModTime()) || file.bytes != st.Size() {
				doc, err := plan.OpenDockerfile(snapshot, snapshot.URIOf(path))
				if err != nil {
					continue
				}
				file = indexedFile{st.ModTime(), st.Size(), s.summary(doc)}
			}
			now[path] = file
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.known, x.walked = now, time.Now()
	close(x.walking)
	x.walking = nil
}

type summaryKey struct{}

// summary is made once for each text of an open document.
func (s *Server) summary(doc *workspace.Document) dockerfileSummary {
	return doc.Text.Derive(summaryKey{}, func() any {
		file, c := plan.FileOf(doc), s.converter(doc)
		said := dockerfileSummary{uri: doc.URI}
		for _, e := range language.Outline(file) {
			if e.Kind == language.OutlineStage {
				said.stages = append(said.stages, stageSummary{strings.Clone(e.Name), c.location(e.Word)})
			}
		}
		seen := map[string]bool{"": true}
		for _, l := range language.Links(file) {
			if !seen[l.Image] {
				seen[l.Image] = true
				said.images = append(said.images, strings.Clone(l.Image))
			}
		}
		return said
	}).(dockerfileSummary)
}
