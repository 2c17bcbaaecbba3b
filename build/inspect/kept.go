package inspect

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/redact"
)

// A Kept is what another process needs, beside the names and the ends of its steps, to look at a
// build: how its steps are made, and what the build was given. Of secrets it has the names and where
// they are read, never the values.
type Kept struct {
	Ops      [][]byte        // of all steps, each after its inputs
	Vertices []digest.Digest // of each step
	Secrets  []build.Secret
	SSH      []build.SSH
	Allow    []string // entitlements
}

// maxKept bounds what is read of a Kept, in bytes.
const maxKept = 64 << 20

// Keep is what is to be kept of a build that has ended, nil if it has a login in a URL. It is empty if
// the front end does not say how the steps are made.
func Keep(out *build.Outcome, spec *build.Spec) *Kept {
	k := &Kept{Secrets: spec.Secrets, SSH: spec.SSH, Allow: spec.Entitlements()}
	known := map[digest.Digest]bool{}
	for _, s := range out.States {
		k.Vertices = append(k.Vertices, s.Vertex)
		for _, raw := range s.Ops {
			if d := digest.FromBytes(raw); !known[d] {
				if text := string(raw); redact.URLs(text) != text {
					return nil
				}
				known[d] = true
				k.Ops = append(k.Ops, raw)
			}
		}
	}
	return k
}

// Encode is its compact form, of nil nothing.
func (k *Kept) Encode() ([]byte, error) {
	if k == nil {
		return nil, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := json.NewEncoder(w).Encode(k); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// DecodeKept reads what Encode wrote.
func DecodeKept(data []byte) (*Kept, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	k := new(Kept)
	return k, json.NewDecoder(io.LimitReader(r, maxKept)).Decode(k)
}

// States are those of an outcome with so many steps.
func (k *Kept) States(steps int) ([]build.State, error) {
	if len(k.Vertices) != 0 && len(k.Vertices) != steps {
		return nil, errors.New("what was kept of the build is that of another")
	}
	states := make([]build.State, len(k.Vertices))
	for i, v := range k.Vertices {
		ops, err := k.below(v)
		if err != nil {
			return nil, err
		}
		states[i] = build.State{Ops: ops, Vertex: v}
	}
	return states, nil
}

// below are the op of a vertex and those that it stands on.
func (k *Kept) below(v digest.Digest) (ops [][]byte, err error) {
	needed := map[digest.Digest]bool{v: true}
	for _, raw := range slices.Backward(k.Ops) {
		if !needed[digest.FromBytes(raw)] {
			continue
		}
		op := &pb.Op{}
		if err := op.UnmarshalVT(raw); err != nil {
			return nil, err
		}
		for _, in := range op.Inputs {
			needed[digest.Digest(in.Digest)] = true
		}
		ops = append(ops, raw)
	}
	slices.Reverse(ops)
	return ops, nil
}

// Request asks for what is said of the build. It is an error if a secret was a stream: it cannot be
// read again, and so not be hidden.
func (k *Kept) Request() (*build.Request, error) {
	r := &build.Request{Spec: build.Spec{Secrets: k.Secrets, SSH: slices.DeleteFunc(slices.Clone(k.SSH), build.SSH.Once)}}
	r.Allow = k.Allow
	for _, s := range k.Secrets {
		if s.Env == "" && build.IsStream(s.File) {
			return nil, &build.RefusedError{Reason: "the secret " + s.ID + " of this build was a stream, which cannot be read again to hide it; build again, and look from the editor that built"}
		}
	}
	return r, nil
}
