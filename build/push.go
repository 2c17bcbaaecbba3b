package build

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/docker"
)

// A Docker engine that keeps images in its graph driver has an exporter that claims to push, and does
// not. So this side asks the engine itself to push when the image is built, as docker/buildx does
// (its build/build.go, pushWithMoby).

// pushLater takes the push out of an exporter's attributes, and returns the names to push.
func pushLater(entry client.ExportEntry) []string {
	push, _ := strconv.ParseBool(entry.Attrs["push"])
	delete(entry.Attrs, "push")
	if !push {
		return nil
	}
	return strings.Split(entry.Attrs["name"], ",")
}

// pushAll pushes images that are in the engine's store. It sets the digest of the response to the one
// that the registry has.
func pushAll(ctx context.Context, conn *engine.Conn, names []string, resp *client.SolveResponse, tell func(event)) error {
	for _, name := range names {
		p := newPushing(name, tell)
		d, err := conn.Push(ctx, name, p.layer)
		p.end(err)
		if err != nil {
			return fmt.Errorf("pushing %s: %w", name, err)
		}
		if is := resp.ExporterResponse; is[exptypes.ExporterImageConfigDigestKey] == "" { // Docker 20.10 says the image's ID as the digest
			is[exptypes.ExporterImageConfigDigestKey] = is[exptypes.ExporterImageDigestKey]
		}
		resp.ExporterResponse[exptypes.ExporterImageDigestKey] = d
	}
	return nil
}

// A pushing shows a push as a vertex, as BuildKit shows its own.
type pushing struct {
	vertex client.Vertex
	began  map[string]time.Time // of the layers
	tell   func(event)
}

func newPushing(name string, tell func(event)) *pushing {
	now := time.Now()
	p := &pushing{began: map[string]time.Time{}, tell: tell}
	p.vertex = client.Vertex{Name: fmt.Sprintf("pushing %s with docker", name), Started: &now}
	p.vertex.Digest = digest.FromString(p.vertex.Name)
	p.status(&client.SolveStatus{})
	return p
}

func (p *pushing) status(s *client.SolveStatus) {
	v := p.vertex
	s.Vertexes = append(s.Vertexes, &v)
	p.tell(event{status: s})
}

func (p *pushing) layer(l docker.Layer) {
	now := time.Now()
	began, ok := p.began[l.ID]
	if !ok {
		began = now
		p.began[l.ID] = now
	}
	s := &client.VertexStatus{ID: "layer " + l.ID, Vertex: p.vertex.Digest, Name: l.Status, Current: l.Current, Total: l.Total, Timestamp: now, Started: &began}
	if l.Status == "Pushed" || l.Status == "Layer already exists" || strings.HasPrefix(l.Status, "Mounted") {
		s.Completed = &now
	}
	p.status(&client.SolveStatus{Statuses: []*client.VertexStatus{s}})
}

func (p *pushing) end(err error) {
	now := time.Now()
	p.vertex.Completed = &now
	if err != nil {
		p.vertex.Error = err.Error()
	}
	p.status(&client.SolveStatus{})
}
