package dockerfile

import (
	"cmp"
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"
)

// Convert runs BuildKit's own conversion on a Dockerfile, without an engine and
// without asking a registry.
func Convert(dockerfile []byte) (_ *lint.LintResults, err error) {
	defer survive(&err)
	if err := cmp.Or(Readable(dockerfile), expandable(dockerfile)); err != nil {
		return nil, err
	}
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", dockerfile)
	sm.Definition = &llb.Definition{}
	caps := pb.Caps.CapSet(pb.Caps.All())
	return dockerfile2llb.DockerfileLint(context.Background(), dockerfile, dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: Images(nil), LLBCaps: &caps})
}
