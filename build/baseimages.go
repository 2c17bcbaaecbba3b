package build

import (
	"context"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
)

// baseImages asks the engine for the config of each image on which a lazily solved result stands, unless
// it is known. The engine has just resolved these images for the build, so it asks no registry. The
// result lacks an image whose config the engine does not give.
func baseImages(ctx context.Context, g gateway.Client, defs []Definition, req *Request) dockerfile.Images {
	configs, known := dockerfile.Images{}, req.Known
	for _, src := range imagesOf(defs) {
		var config []byte
		if src.Digest() != "" { // else it may be another image now
			config = known[src.Key()]
		}
		if config == nil {
			config = src.config(ctx, g)
		}
		if config == nil {
			continue
		}
		configs[src.Key()] = config
		for _, name := range src.names(ctx, req) { // of several platforms the first counts
			if configs[name] == nil {
				configs[name] = config
			}
		}
	}
	return configs
}

// An ImageSource is an image that a definition loads.
type ImageSource struct {
	Ref      string // the resolved name: with a digest, unless a Docker engine has the image in its own store
	Platform string
}

// ImageOf is the image that a vertex loads. ok is false if it loads none.
func ImageOf(op *pb.Op) (src ImageSource, ok bool) {
	src.Ref, ok = strings.CutPrefix(op.GetSource().GetIdentifier(), "docker-image://")
	if op.Platform != nil {
		src.Platform = platforms.Format(op.Platform.Spec())
	}
	return src, ok
}

// imagesOf are the images among the sources of definitions, each once.
func imagesOf(defs []Definition) (list []ImageSource) {
	for _, def := range defs {
		for _, raw := range def.Def {
			var op pb.Op
			if op.UnmarshalVT(raw) != nil {
				continue
			}
			if src, ok := ImageOf(&op); ok && !slices.Contains(list, src) {
				list = append(list, src)
			}
		}
	}
	return list
}

// Digest is that of the image; empty if Ref has none.
func (s ImageSource) Digest() string {
	_, dgst, _ := strings.Cut(s.Ref, "@")
	return dgst
}

// Key is the key of the image in [dockerfile.Images]. Two images do not have the same.
func (s ImageSource) Key() string { return s.Ref + " " + s.Platform }

// names are the names that the Dockerfile may have for the image.
func (s ImageSource) names(ctx context.Context, req *Request) []string {
	name, _, _ := strings.Cut(s.Ref, "@")
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return []string{s.Ref}
	}
	if !reference.IsNameOnly(named) {
		return []string{s.Ref, name}
	}
	asked := &dockerfile.Baseline{File: dockerfile.Parse(req.Dockerfile), Target: req.Target, BuildArgs: req.BuildArgs, Platforms: req.Platforms}
	var candidates []string // Docker 20.10 does not say the tag
	for _, image := range asked.ImageNames(ctx) {
		if other, err := reference.ParseNormalizedNamed(image); err == nil && other.Name() == named.Name() {
			candidates = append(candidates, image)
		}
	}
	if len(candidates) == 1 {
		return []string{s.Ref, candidates[0]}
	}
	return []string{s.Ref}
}

// config asks the engine for the config of the image; nil if it gives none.
func (s ImageSource) config(ctx context.Context, g gateway.Client) []byte {
	image := &sourceresolver.ResolveImageOpt{}
	if s.Digest() == "" { // found again without asking a registry
		image.ResolveMode = pb.AttrImageResolveModePreferLocal
	}
	if p, err := platforms.Parse(s.Platform); err == nil {
		image.Platform = &p
	}
	_, _, config, err := g.ResolveImageConfig(ctx, s.Ref, sourceresolver.Opt{ImageOpt: image})
	if err != nil {
		return nil
	}
	return config
}
