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

// baseImages asks the engine for the config of each image that a lazily solved result stands
// on, and that is not known. The engine has just resolved them for the build: it has them, and
// asks no registry. What cannot be had is left out.
func baseImages(ctx context.Context, g gateway.Client, defs []definition, req *Request) dockerfile.Images {
	configs, known := dockerfile.Images{}, req.Known
	for _, src := range imagesOf(defs) {
		var config []byte
		if src.digest() != "" { // else it may be another image now
			config = known[src.key()]
		}
		if config == nil {
			config = src.config(ctx, g)
		}
		if config == nil {
			continue
		}
		configs[src.key()] = config
		for _, name := range src.names(ctx, req) { // of several platforms the first counts
			if configs[name] == nil {
				configs[name] = config
			}
		}
	}
	return configs
}

// An imageSource is an image among the sources of a definition.
type imageSource struct {
	ref      string // what the engine made of its name: with a digest, unless it is one of a Docker engine's own store
	platform string
}

// imageOf is the image that a vertex loads; ok is false for others.
func imageOf(op *pb.Op) (src imageSource, ok bool) {
	src.ref, ok = strings.CutPrefix(op.GetSource().GetIdentifier(), "docker-image://")
	if op.Platform != nil {
		src.platform = platforms.Format(op.Platform.Spec())
	}
	return src, ok
}

// imagesOf are the images among the sources of definitions, each once.
func imagesOf(defs []definition) (list []imageSource) {
	for _, def := range defs {
		for _, raw := range def.Def {
			var op pb.Op
			if op.UnmarshalVT(raw) != nil {
				continue
			}
			if src, ok := imageOf(&op); ok && !slices.Contains(list, src) {
				list = append(list, src)
			}
		}
	}
	return list
}

// digest is that of the image, empty if its reference has none.
func (s imageSource) digest() string {
	_, dgst, _ := strings.Cut(s.ref, "@")
	return dgst
}

// key is the image's in Images. It is the same only for the same image.
func (s imageSource) key() string { return s.ref + " " + s.platform }

// names are those by which the Dockerfile may know the image.
func (s imageSource) names(ctx context.Context, req *Request) []string {
	name, _, _ := strings.Cut(s.ref, "@")
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return []string{s.ref}
	}
	if !reference.IsNameOnly(named) {
		return []string{s.ref, name}
	}
	asked := &dockerfile.Baseline{File: dockerfile.Parse(req.Dockerfile), Target: req.Target, BuildArgs: req.BuildArgs, Platforms: req.Platforms}
	var of []string // Docker 20.10 does not say the tag
	for _, image := range asked.ImageNames(ctx) {
		if other, err := reference.ParseNormalizedNamed(image); err == nil && other.Name() == named.Name() {
			of = append(of, image)
		}
	}
	if len(of) == 1 {
		return []string{s.ref, of[0]}
	}
	return []string{s.ref}
}

// config asks the engine; nil if it does not say.
func (s imageSource) config(ctx context.Context, g gateway.Client) []byte {
	image := &sourceresolver.ResolveImageOpt{}
	if s.digest() == "" { // found again without asking a registry
		image.ResolveMode = pb.AttrImageResolveModePreferLocal
	}
	if p, err := platforms.Parse(s.platform); err == nil {
		image.Platform = &p
	}
	_, _, config, err := g.ResolveImageConfig(ctx, s.ref, sourceresolver.Opt{ImageOpt: image})
	if err != nil {
		return nil
	}
	return config
}
