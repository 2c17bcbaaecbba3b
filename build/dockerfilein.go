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

// readDockerfile finds the text of a Dockerfile in a remote context when the front end has read it. The
// text stands in the definition that the front end made, or in the details of its error. If not, as
// with Docker 20.10 or a Dockerfile without steps, the engine reads it once more. It is never nil.
func (g throughGateway) readDockerfile(ctx context.Context, res *gateway.Result, err error) []byte {
	for _, info := range append(sourcesOf(ctx, res), errorSources(err)...) {
		if name := info.GetFilename(); name == g.req.DockerfileName || name == downloaded {
			return info.Data
		}
	}
	if err != nil && !parseErrorText.MatchString(err.Error()) && !noTargetText.MatchString(err.Error()) {
		return []byte{} // perhaps the engine cannot get the context: it is not asked twice
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

// sourcesOf are the texts from which a lazily solved result was made.
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
