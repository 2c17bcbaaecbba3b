package build

import (
	"encoding/json"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A Record is what is remembered of a build, to say of the next one of the same file why
// its steps were not cached. It takes no part in a build.
type Record struct {
	Engine string // on which it ran; in words

	context   string // its build context; in words
	buildArgs map[string]string
	noCache   bool
	images    dockerfile.Images
	sent      map[string]Sent // of each context, by its name as a source
	dirs      map[string]string
	kept      *Kept // of the build context
	hidden    redact.Mask
	linked    bool // it stood on other builds, of which nothing is remembered

	steps []recordedStep // those of the outcome
	idle  map[string]int // how many instructions of a text had no step: their stage was not needed
	defs  []definition
	nodes map[digest.Digest]*node // of defs, once somebody has asked
}

// A recordedStep is a step and its instruction.
type recordedStep struct {
	Step
	digest digest.Digest
	text   string // its words in one line, without comments; and its heredocs
}

// A node is a vertex: what it does, and what it stands on.
type node struct {
	op          *pb.Op
	own         digest.Digest // of what it does, with nothing of what it stands on
	inputs      []*node
	ignoreCache bool
	step        int // -1 if it stands for no instruction
}

// record is what is to be remembered of a build; nil if no engine took it up.
func (r *Request) record(f *fold, steps []Step, engine string) *Record {
	if len(f.defs) == 0 {
		return nil
	}
	rec := &Record{Engine: engine, context: r.Context.String(), buildArgs: r.BuildArgs, noCache: r.NoCache, images: f.images, defs: f.defs, hidden: f.hidden,
		sent: map[string]Sent{}, dirs: map[string]string{}}
	rec.linked = len(r.linked()) > 0
	for name, files := range r.recorders {
		if !rec.linked { // whose contexts may have the same names
			rec.sent[name], rec.dirs[name] = files.sent(), r.dirOf(name)
		}
	}
	texts := map[int]string{}
	for _, st := range dockerfile.Parse(f.dockerfile).Instructions() {
		texts[st.First] = plainWords(st.Written())
	}
	for i, s := range steps {
		rec.steps = append(rec.steps, recordedStep{s, f.lines[i].Digest, texts[s.Lines.First]})
	}
	for _, s := range steps {
		delete(texts, s.Lines.First)
	}
	rec.idle = map[string]int{}
	for _, text := range texts {
		rec.idle[text]++
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

// Dirs are the directories of the contexts that were sent, by name.
func (r *Record) Dirs() map[string]string { return r.dirs }

// Sent are the files of a context; nil if they are not known.
func (r *Record) Sent(name string) Sent { return r.sent[name] }

// Since takes from what was sent of a context in an earlier build what was not sent again.
func (r *Record) Since(name string, before Sent) {
	r.sent[name] = r.sent[name].since(before)
	if r.kept != nil && name == dockerui.DefaultLocalNameContext {
		r.kept.sent = r.sent[name]
	}
}

// Forget gives back the memory that the names of files take.
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
			n := &node{op: op, ignoreCache: def.Metadata[d].IgnoreCache, step: -1}
			for _, in := range op.Inputs {
				n.inputs = append(n.inputs, r.nodes[digest.Digest(in.Digest)])
				in.Digest = ""
			}
			n.own = ownDigest(op)
			r.nodes[d] = n
		}
	}
	for i, s := range r.steps {
		if n := r.nodes[s.digest]; n != nil {
			n.step = i
		}
	}
	r.defs = nil
	return r.nodes
}

// ownDigest is that of an op whose inputs have no digests.
func ownDigest(op *pb.Op) digest.Digest {
	op = op.CloneVT()
	dockerfile.NormalizeForCache(op)
	dt, err := json.Marshal(op)
	if err != nil {
		return ""
	}
	return digest.FromBytes(dt)
}

// local is the name of the context that a source op loads; ok is false for others.
func (n *node) local() (name string, ok bool) {
	return strings.CutPrefix(n.op.GetSource().GetIdentifier(), "local://")
}

// image is the image that a source op loads, and its digest, if it is known.
func (r *Record) image(n *node) (name, dgst string, ok bool) {
	if src, ok := imageOf(n.op); ok {
		name, dgst, _ := strings.Cut(src.ref, "@")
		if config := r.images[src.key()]; dgst == "" && config != nil { // one of a Docker engine's own store
			dgst = digest.FromBytes(config).String()
		}
		return name, dgst, true
	}
	layout, ok := strings.CutPrefix(n.op.GetSource().GetIdentifier(), "oci-layout://")
	name, dgst, _ = strings.Cut(layout, "@")
	return name, dgst, ok
}

// byContent says whether of an input only the content counts that is taken from it
// (BuildKit's solver/llbsolver/ops, the functions CacheMap and getMountDeps), and not how
// it came to be.
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

// taken are the paths that an op takes from an input.
func (n *node) taken(input int) (paths []dockerfile.ContextPath) {
	for _, a := range n.op.GetFile().GetActions() {
		if c := a.GetCopy(); c != nil && a.SecondaryInput == int64(input) {
			paths = append(paths, dockerfile.ContextPath{Path: c.Src, Wildcards: c.AllowWildcard, Include: c.IncludePatterns, Exclude: c.ExcludePatterns})
		}
	}
	for _, m := range n.op.GetExec().GetMounts() {
		if m.MountType == pb.MountType_BIND && m.Input == int64(input) {
			paths = append(paths, dockerfile.ContextPath{Path: m.Selector})
		}
	}
	return paths
}

// dirOf is the directory of a context by its name as a source.
func (r *Request) dirOf(name string) string {
	for given, c := range r.Contexts {
		if mountName(given) == name {
			return c.Dir
		}
	}
	return r.Context.Dir
}
