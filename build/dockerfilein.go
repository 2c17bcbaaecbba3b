package build

import (
	"context"

	"github.com/moby/buildkit/frontend/dockerui"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// downloaded is the name that a front end gives to a Dockerfile behind an HTTP URL.
const downloaded = "context"

// readDockerfile finds the text of a Dockerfile that lies in a remote context, once the
// front end has read it: it stands in what it made of it, or in the details of its error.
// Where it does not (20.10, a Dockerfile without steps), it is read once more. Not nil.
func (g throughGateway) readDockerfile(ctx context.Context, res *gateway.Result, err error) []byte {
	for _, info := range append(sourcesOf(ctx, res), errorSources(err)...) {
		if name := info.GetFilename(); name == g.req.DockerfileName || name == downloaded {
			return info.Data
		}
	}
	if err != nil && !parseErrorText.MatchString(err.Error()) && !noTargetText.MatchString(err.Error()) {
		return []byte{} // it may be the context that cannot be had: not twice
	}
	ui, err := dockerui.NewClient(g)
	if err != nil {
		return []byte{}
	}
	src, err := ui.ReadEntrypoint(ctx, "Dockerfile")
	if err != nil {
		return []byte{}
	}
	return src.Data
}

func errorSources(err error) (infos []*pb.SourceInfo) {
	for _, s := range errdefs.Sources(err) {
		infos = append(infos, s.Info)
	}
	return infos
}

// sourcesOf are the texts that a lazily solved result was made of.
func sourcesOf(ctx context.Context, res *gateway.Result) (infos []*pb.SourceInfo) {
	if res == nil {
		return nil
	}
	eachPlatform(res, func(_ string, ref gateway.Reference) error {
		st, err := ref.ToState()
		if err != nil {
			return err
		}
		def, err := st.Marshal(ctx)
		if err == nil {
			infos = append(infos, def.Source.GetInfos()...)
		}
		return err
	})
	return infos
}
