package explain

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/sent"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// maxKeptFiles is how many files of contexts a record is kept with. Of more, none are: it is then
// not known which of them have changed. A file takes some thirty bytes.
const maxKeptFiles = 5_000

// maxKept bounds what is read of a record that was kept, in bytes.
const maxKept = 64 << 20

// A keptRecord is a Record as it is kept.
type keptRecord struct {
	Engine    string
	Linked    bool `json:",omitzero"`
	BuildArgs map[string]string
	Dirs      map[string]string
	Sent      map[string]sent.Files
	Idle      map[string]int
	Steps     []keptStep
	Nodes     []keptNode // inputs first
}

type keptStep struct {
	Name    string
	Status  build.Status
	Started bool
	Digest  digest.Digest
	Key     string
}

type keptNode struct {
	Digest, Own digest.Digest
	Config      string `json:",omitzero"`
	Inputs      []int  // 0-based indexes; -1 for one that is not known
	Op          []byte
}

// sealed begins what stands for a value that must not be shown: a digest, by which it is told from
// others.
const sealed = "\x00sealed "

// seal is a value of a variable, but sealed if it must not be shown.
func (r *Record) seal(name, value string) string {
	if dockerfile.SecretName(name) || r.hidden.HideText(value) != value {
		return sealed + digest.FromString(value).Encoded()
	}
	return value
}

// sealOp leaves of what an op is given only what sentences name: variables, sealed. Of a command
// line there is a digest. The op's own digest has the rest.
func (r *Record) sealOp(op *pb.Op) {
	if meta := op.GetExec().GetMeta(); meta != nil {
		for i, pair := range meta.Env {
			name, value, _ := strings.Cut(pair, "=")
			meta.Env[i] = name + "=" + r.seal(name, value)
		}
		line, _ := json.Marshal(meta.Args)
		meta.Args, meta.ProxyEnv = []string{digest.FromBytes(line).Encoded()}, nil
	}
	for _, a := range op.GetFile().GetActions() {
		if f := a.GetMkfile(); f != nil {
			f.Data = nil
		}
	}
}

// Encode is what is to be kept of a record, of nil nothing. Values that must not be shown are
// sealed. If another word of an instruction has one, or a login in a URL, nothing is kept.
func (r *Record) Encode() ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	r.graph()
	k := keptRecord{Engine: r.Engine, Linked: r.linked, BuildArgs: r.buildArgs, Dirs: r.dirs, Idle: r.idle}
	files := 0
	for _, s := range r.sent {
		files += len(s)
	}
	if files <= maxKeptFiles {
		k.Sent = r.sent
	}
	index := map[*node]int{}
	for _, s := range r.steps {
		k.Steps = append(k.Steps, keptStep{s.Name, s.Status, s.Started, s.digest, s.key})
		if _, err := k.add(r.nodes[s.digest], index); err != nil {
			return nil, err
		}
	}
	for _, n := range k.Nodes {
		if !bytes.Equal(n.Op, r.hidden.Hide(n.Op)) {
			return nil, nil
		}
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err := json.NewEncoder(w).Encode(k); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// add adds a vertex and those that it stands on, and returns its index.
func (k *keptRecord) add(n *node, index map[*node]int) (at int, err error) {
	if n == nil {
		return -1, nil
	}
	if at, ok := index[n]; ok {
		return at, nil
	}
	kept := keptNode{Digest: n.digest, Own: n.own, Config: n.config}
	for _, in := range n.inputs {
		at, err := k.add(in, index)
		if err != nil {
			return 0, err
		}
		kept.Inputs = append(kept.Inputs, at)
	}
	if kept.Op, err = n.op.MarshalVT(); err != nil {
		return 0, err
	}
	k.Nodes = append(k.Nodes, kept)
	index[n] = len(k.Nodes) - 1
	return index[n], nil
}

// Decode reads what Encode wrote. The record serves for the last build of Explain.
func Decode(data []byte) (*Record, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var k keptRecord
	if err := json.NewDecoder(io.LimitReader(unzipped, maxKept)).Decode(&k); err != nil {
		return nil, err
	}
	r := &Record{Engine: k.Engine, linked: k.Linked, buildArgs: k.BuildArgs, dirs: k.Dirs, sent: k.Sent, idle: k.Idle, nodes: map[digest.Digest]*node{}}
	for _, s := range k.Steps {
		r.steps = append(r.steps, recordedStep{Step: build.Step{Name: s.Name, Status: s.Status, Started: s.Started}, digest: s.Digest, key: s.Key})
	}
	list := make([]*node, len(k.Nodes))
	for i, kept := range k.Nodes {
		n := &node{op: new(pb.Op), digest: kept.Digest, own: kept.Own, config: kept.Config, step: -1}
		if err := n.op.UnmarshalVT(kept.Op); err != nil {
			return nil, err
		}
		for _, at := range kept.Inputs {
			if at >= i || at < -1 {
				return nil, errors.New("a vertex stands on one that is not known")
			}
			n.inputs = append(n.inputs, nil)
			if at >= 0 {
				n.inputs[len(n.inputs)-1] = list[at]
			}
		}
		list[i], r.nodes[kept.Digest] = n, n
	}
	r.countSteps()
	return r, nil
}
