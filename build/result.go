package build

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// A Result is the image that a build made for a platform, whether or not it was exported.
type Result struct {
	Platform string // as in "linux/arm64"
	Config   ocispecs.ImageConfig
	State    // of its files; without a Vertex if it has none
	Output   int64
}

// imageConfig is the image's config in a result of the front end; nil if there is none. platform is
// that of Definition.
func imageConfig(res *gateway.Result, platform string) []byte {
	for id := range res.Refs {
		if len(res.Refs) == 1 {
			platform = id
		}
	}
	if config := res.Metadata[exptypes.ExporterImageConfigKey+"/"+platform]; config != nil {
		return config
	}
	return res.Metadata[exptypes.ExporterImageConfigKey]
}

// results are the images that definitions describe. One without a config is none.
func results(defs []Definition) (list []Result) {
	for _, d := range defs {
		var image ocispecs.Image
		if json.Unmarshal(d.Config, &image) != nil {
			continue
		}
		r := Result{Platform: platforms.Format(platforms.Normalize(image.Platform)), Config: image.Config}
		if n := len(d.Def); n > 0 {
			var end pb.Op // it has no inputs but what the image is made of
			if end.UnmarshalVT(d.Def[n-1]) != nil || len(end.Inputs) != 1 {
				continue
			}
			r.State, r.Output = State{d.Def, digest.Digest(end.Inputs[0].Digest)}, end.Inputs[0].Index
		}
		list = append(list, r)
	}
	return list
}

// ResultFor is the image for a platform, or the only one; nil if there is none.
func (o *Outcome) ResultFor(platform string) *Result {
	if len(o.Results) == 1 {
		return &o.Results[0]
	}
	p, err := platforms.Parse(platform)
	if err != nil {
		return nil
	}
	matcher := platforms.Only(p)
	var best *Result
	for i, r := range o.Results {
		made, err := platforms.Parse(r.Platform)
		if err != nil || !matcher.Match(made) {
			continue
		}
		if best == nil || matcher.Less(made, platforms.MustParse(best.Platform)) {
			best = &o.Results[i]
		}
	}
	return best
}

// MadePlatforms names the platforms of the images, for a sentence.
func (o *Outcome) MadePlatforms() string {
	var list []string
	for _, r := range o.Results {
		list = append(list, r.Platform)
	}
	return strings.Join(list, ", ")
}

// MakesImage says whether the build makes an image, be it in the engine's cache alone.
func (r *Request) MakesImage() bool { return r.Discard || r.WantsImage() }

// Loads says whether an output goes into a Docker engine that need not be the one that builds.
func (r *Request) Loads() bool {
	return slices.ContainsFunc(r.Outputs, Output.loads)
}
