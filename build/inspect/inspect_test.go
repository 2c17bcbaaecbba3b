package inspect

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil/types"
)

// listed is a tree as an engine lists it.
func listed(stats ...*types.Stat) tree {
	var l treeLister
	for _, st := range stats {
		st.Path = treeAfter + "/" + st.Path
		l.add(st)
	}
	return l.tree(treeAfter)
}

// A layer counts files, and of a file with several names the bytes once.
func TestLayerOfTrees(t *testing.T) {
	dir := uint32(fs.ModeDir | 0o755)
	before := listed(&types.Stat{Path: "dir", Mode: dir}, &types.Stat{Path: "dir/gone", Mode: 0o644, Size: 9},
		&types.Stat{Path: "same", Mode: 0o644, Size: 5}, &types.Stat{Path: "touched", Mode: 0o644, Size: 7})
	after := listed(&types.Stat{Path: "dir", Mode: dir, ModTime: 1}, &types.Stat{Path: "link", Mode: uint32(fs.ModeSymlink | 0o777), Linkname: "same"},
		&types.Stat{Path: "new", Mode: 0o644, Size: 3}, &types.Stat{Path: "other", Mode: 0o644, Linkname: "/" + treeAfter + "/new"},
		&types.Stat{Path: "same", Mode: 0o644, Size: 5}, &types.Stat{Path: "touched", Mode: 0o644, Size: 7, ModTime: 1})
	changes := compareTrees(before, after)
	if got := fmt.Sprint(changes); got != "[{/dir/gone deleted 9 false} {/link added 0 false} {/new added 3 false} {/other added 3 true} {/touched changed 7 false}]" {
		t.Error(got)
	}
	if got := fmt.Sprint(*newLayer(changes)); got != "{3 1 1 10 [{/touched changed 7 false} {/new added 3 false}]}" {
		t.Error(got)
	}
	if got := fmt.Sprint(Below(changes, "dir/")); got != "[{/dir/gone deleted 9 false}]" {
		t.Error(got)
	}
}

// The files of a stage go through an op, whichever of its actions comes last.
func TestThroughFileOp(t *testing.T) {
	for _, c := range []struct {
		actions []*pb.FileAction
		in      int64
		wrong   bool
	}{
		{[]*pb.FileAction{{Input: 1}}, 1, false},
		{[]*pb.FileAction{{Input: 0, Output: -1}, {Input: 2}}, 0, false},
		{[]*pb.FileAction{{Input: -1, Output: -1}, {Input: 2, Output: -1}, {Input: 3}}, -1, false},
		{[]*pb.FileAction{{Input: 0, Output: -1}}, 0, true},
	} {
		if in, _, err := throughFileOp(c.actions, 2); in != c.in || (err != nil) != c.wrong {
			t.Errorf("%v: %d, %v", c.actions, in, err)
		}
	}
}

// What is only looked up has no command that could run, and its inputs still belong together.
func TestCacheOnly(t *testing.T) {
	def, err := llb.Image("a").Run(llb.Shlex("one")).Run(llb.Shlex("two")).Root().Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := stepState(build.State{Ops: def.Def, Vertex: digest.FromBytes(def.Def[len(def.Def)-2])})
	_, after, err := s.around()
	if err != nil {
		t.Fatal(err)
	}
	cut, err := s.cacheOnly(after)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, raw := range cut.Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			t.Fatal(err)
		}
		if exec := op.GetExec(); exec != nil && exec.Meta.ProxyEnv.GetNoProxy() != guard {
			t.Errorf("%v may run", exec.Meta.Args)
		}
		for _, in := range op.Inputs {
			if !known[in.Digest] {
				t.Errorf("an op stands on %s, which does not come before it", in.Digest)
			}
		}
		known[digest.FromBytes(raw).String()] = true
	}
	if len(cut.Metadata) > 0 {
		t.Error("the metadata may say that the cache is not to be used")
	}
}
