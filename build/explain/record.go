// Package explain says why the steps of a build were not cached. New makes a record of what a build
// was made from. Record.Explain compares it with the record of the last build of the same file,
// target and platforms. It asks no engine and runs nothing.
//
// Each sentence must be true: TestWhyRandom edits at random and looks. Where the reason cannot be
// known, the sentence says so.
package explain

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/build/sent"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A Record is what is remembered of a build. Explain and Since change it, and Explain changes the
// record that it compares with: callers use one lock for all records.
type Record struct {
	Engine string // where the build ran, for people

	buildArgs   map[string]string // sealed
	noCache     bool
	images      dockerfile.Images     // nil once graph is called
	sent        map[string]sent.Files // of each context, by its name as a source
	dirs        map[string]string
	sentContext *sent.Context // the engine's copy of the build context
	hidden      redact.Mask
	linked      bool // it stood on other builds, of which nothing is remembered

	steps []recordedStep // those of the outcome
	idle  map[string]int // by key: how many instructions had no step, because their stage was not needed
	defs  []build.Definition
	nodes map[digest.Digest]*node // the vertices of defs; nil until graph is called
}

// A recordedStep is a step and its instruction.
type recordedStep struct {
	build.Step
	digest digest.Digest
	key    string // the keyword of the instruction, and a digest of its words and heredocs
	text   string // these words and heredocs; empty in a record that was kept
}

// A node is a vertex: what it does, and what it stands on.
type node struct {
	op          *pb.Op // sealed
	digest      digest.Digest
	own         digest.Digest // of what it does, whatever it stands on
	config      string        // the digest of the config of an image in a Docker engine's own store
	inputs      []*node
	ignoreCache bool
	step        int // -1 if it stands for no instruction
}

// New returns the record of a build: a request, the outcome that Run returned for it, and the name of
// its engine for people. It returns nil if out.Solved is nil. It may be slow for a large context.
func New(req *build.Request, out *build.Outcome, engine string) *Record {
	if out.Solved == nil {
		return nil
	}
	rec := &Record{Engine: engine, buildArgs: map[string]string{}, noCache: req.NoCache, images: out.Images, defs: out.Solved.Definitions,
		hidden: slices.Clone(out.Solved.Hidden), sent: map[string]sent.Files{}, dirs: map[string]string{}, sentContext: out.SentContext}
	for name, value := range req.BuildArgs {
		if dockerfile.SecretName(name) {
			rec.hidden = rec.hidden.With([]byte(value)) // it may stand elsewhere in a sentence
		}
	}
	for name, value := range req.BuildArgs {
		rec.buildArgs[name] = rec.seal(name, value)
	}
	for _, c := range req.Contexts {
		rec.linked = rec.linked || c.Build != nil
	}
	for name, files := range out.Solved.Sent {
		if !rec.linked { // whose contexts may have the same names
			rec.sent[name], rec.dirs[name] = files.Files(), files.Dir
		}
	}
	texts := map[int]string{}
	for _, st := range dockerfile.Parse(out.Dockerfile).Instructions() {
		texts[st.First] = plainWords(st.Written())
	}
	for i, s := range out.Steps {
		text := texts[s.Lines.First]
		rec.steps = append(rec.steps, recordedStep{s, out.States[i].Vertex, keyOf(text), text})
	}
	for _, s := range out.Steps {
		delete(texts, s.Lines.First)
	}
	rec.idle = map[string]int{}
	for _, text := range texts {
		rec.idle[keyOf(text)]++
	}
	return rec
}

// plainWords is an instruction with single spaces, its keyword in upper case.
func plainWords(text string) string {
	first, heredocs, _ := strings.Cut(text, "\n")
	words := strings.Fields(first)
	if len(words) > 0 {
		words[0] = strings.ToUpper(words[0])
	}
	return strings.Join(words, " ") + "\n" + heredocs
}

// keyOf tells the plain words of an instruction from others.
func keyOf(text string) string {
	keyword, _, _ := strings.Cut(text, " ")
	return keyword + " " + digest.FromString(text).Encoded()
}

// Dirs are the directories of the local contexts, by the names of their sources. It is empty for a
// build that stands on linked builds.
func (r *Record) Dirs() map[string]string { return r.dirs }

// Sent are the files of the context of that name that the engine was shown; nil if not known.
func (r *Record) Sent(name string) sent.Files { return r.sent[name] }

// Since completes the files of a context by those of an earlier build from the same directory, which
// the engine did not ask for again. It is to be called before Explain.
func (r *Record) Since(name string, before sent.Files) {
	r.sent[name] = r.sent[name].Since(before)
	if r.sentContext != nil && name == dockerui.DefaultLocalNameContext {
		r.sentContext.Files = r.sent[name]
	}
}

// Forget frees the memory that the files take. Sent then returns nil.
func (r *Record) Forget() { clear(r.sent) }

// graph reads the definitions.
func (r *Record) graph() map[digest.Digest]*node {
	if r.nodes != nil {
		return r.nodes
	}
	r.nodes = map[digest.Digest]*node{}
	for _, def := range r.defs {
		for _, raw := range def.Def { // inputs first
			d := digest.FromBytes(raw)
			op := new(pb.Op)
			if r.nodes[d] != nil || op.UnmarshalVT(raw) != nil {
				continue
			}
			n := &node{op: op, digest: d, ignoreCache: def.Metadata[d].IgnoreCache, step: -1}
			for _, in := range op.Inputs {
				n.inputs = append(n.inputs, r.nodes[digest.Digest(in.Digest)])
				in.Digest = ""
			}
			n.own = ownDigest(op)
			if src, ok := build.ImageOf(op); ok && r.images[src.Key()] != nil {
				n.config = digest.FromBytes(r.images[src.Key()]).String()
			}
			r.sealOp(op)
			r.nodes[d] = n
		}
	}
	r.countSteps()
	r.defs, r.images = nil, nil
	return r.nodes
}

// countSteps tells the vertices which steps they are.
func (r *Record) countSteps() {
	for i, s := range r.steps {
		if n := r.nodes[s.digest]; n != nil {
			n.step = i
		}
	}
}

// ownDigest is the digest of an op alone: its inputs have no digests.
func ownDigest(op *pb.Op) digest.Digest {
	op = op.CloneVT()
	dockerfile.NormalizeForCache(op)
	dt, err := json.Marshal(op)
	if err != nil {
		return ""
	}
	return digest.FromBytes(dt)
}

// local is the name of the local context that a vertex loads. ok is false if it loads none.
func (n *node) local() (name string, ok bool) {
	return strings.CutPrefix(n.op.GetSource().GetIdentifier(), "local://")
}

// image is the image that a vertex loads, with its digest if that is known. ok is false if it loads
// none.
func (n *node) image() (name, dgst string, ok bool) {
	if src, ok := build.ImageOf(n.op); ok {
		name, dgst, _ := strings.Cut(src.Ref, "@")
		return name, cmp.Or(dgst, n.config), true
	}
	layout, ok := strings.CutPrefix(n.op.GetSource().GetIdentifier(), "oci-layout://")
	name, dgst, _ = strings.Cut(layout, "@")
	return name, dgst, ok
}

// byContent says whether the cache key of a vertex has, for an input, only the content of what is
// taken from it, and not how the input was made (BuildKit's solver/llbsolver/ops, the functions
// CacheMap and getMountDeps).
func (n *node) byContent(input int) bool {
	switch {
	case n.op.GetExec() != nil:
		return execByContent(n.op.GetExec(), int64(input))
	case n.op.GetFile() != nil:
		for _, a := range n.op.GetFile().Actions {
			if a.Input == int64(input) {
				return false
			}
		}
		return true
	}
	return false
}

func execByContent(exec *pb.ExecOp, input int64) bool {
	for _, m := range exec.Mounts {
		if m.Input != input || m.MountType == pb.MountType_SECRET || m.MountType == pb.MountType_SSH || m.MountType == pb.MountType_TMPFS {
			continue
		}
		whole := m.Selector == "" || m.Selector == "/"
		if m.Dest == pb.RootMount || m.ContentCache == pb.MountContentCache_OFF || m.Output != int64(pb.SkipOutput) && !m.Readonly && !whole {
			return false
		}
	}
	return true
}
