package inspect

import (
	"reflect"
	"testing"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build"
)

// What was kept of a build says of each step how it is made, and no more; and what is no record of it
// is an error.
func TestKept(t *testing.T) {
	op := func(name string, on ...[]byte) []byte {
		o := &pb.Op{Op: &pb.Op_Source{Source: &pb.SourceOp{Identifier: name}}}
		for _, raw := range on {
			o.Inputs = append(o.Inputs, &pb.Input{Digest: string(digest.FromBytes(raw))})
		}
		raw, err := o.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	a := op("a")
	b, c := op("b", a), op("c", a)
	state := func(ops ...[]byte) build.State {
		return build.State{Ops: ops, Vertex: digest.FromBytes(ops[len(ops)-1])}
	}
	out := &build.Outcome{States: []build.State{state(a), state(a, b), state(a, c)}}
	spec := &build.Spec{Secrets: []build.Secret{{ID: "s", File: "/s"}}}
	data, err := Keep(out, spec).Encode()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := DecodeKept(data)
	if err != nil || len(kept.Ops) != 3 {
		t.Fatalf("%+v, %v", kept, err)
	}
	if states, err := kept.States(3); err != nil || !reflect.DeepEqual(states, out.States) {
		t.Errorf("%v, %v", states, err)
	}
	if req, err := kept.Request(); err != nil || !reflect.DeepEqual(req.Secrets, spec.Secrets) {
		t.Errorf("%+v, %v", req, err)
	}
	if _, err := kept.States(2); err == nil {
		t.Error("it is taken for the record of a build of two steps")
	}
	for _, broken := range [][]byte{nil, []byte("x"), data[:len(data)/2]} {
		if _, err := DecodeKept(broken); err == nil {
			t.Errorf("%d bytes are taken for a record", len(broken))
		}
	}
	out.States[1] = state(a, op("https://me:hunter22@example.test/x"))
	if Keep(out, spec) != nil {
		t.Error("a login is kept")
	}
}
