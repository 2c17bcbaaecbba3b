package build

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Images are configs (OCI image config, JSON) of images, by their full names. As a
// resolver it asks nobody, and takes an image that it does not hold for an empty one.
type Images map[string][]byte

// Has says whether an image's config is known. The name may be short.
func (i Images) Has(image string) bool {
	full, ok := fullName(image)
	return ok && i[full] != nil
}

// Config is that of an image, nil if it is not known. The name may be short.
func (i Images) Config(image string) []byte {
	full, _ := fullName(image)
	return i[full]
}

// ResolveImageConfig implements [llb.ImageMetaResolver].
func (i Images) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := i[ref]
	if config == nil {
		config = []byte(`{"architecture":"amd64","os":"linux"}`)
	}
	return ref, digest.FromString(ref), config, nil
}

// baseImages asks the engine for the config (OCI image config, JSON) of each image that
// a lazily solved result stands on and that is not known yet, by its full name. They are
// asked for by digest, as the engine has just resolved them for the build: it has them,
// and asks no registry. What cannot be had is left out.
func baseImages(ctx context.Context, g gateway.Client, defs []definition, known func(image string) bool) Images {
	configs := Images{}
	resolved := imagesOf(defs)
	for _, image := range slices.Sorted(maps.Keys(resolved)) {
		if known != nil && known(image) {
			continue
		}
		if _, _, config, err := g.ResolveImageConfig(ctx, resolved[image], sourceresolver.Opt{ImageOpt: &sourceresolver.ResolveImageOpt{}}); err == nil {
			configs[image] = config
		}
	}
	return configs
}

// imagesOf are the images among the sources of definitions: their full names, and what the
// engine resolved them to, with a digest.
func imagesOf(defs []definition) map[string]string {
	images := map[string]string{}
	for _, def := range defs {
		for _, raw := range def.Def {
			var op pb.Op
			if op.UnmarshalVT(raw) != nil {
				continue
			}
			resolved, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), "docker-image://")
			name, _, digested := strings.Cut(resolved, "@")
			if full, named := fullName(name); ok && digested && named {
				images[full] = resolved
			}
		}
	}
	return images
}

// localImages are the IDs of the images among the sources of definitions that have no digest
// there, by what they are called: those of a Docker engine's own store, which it finds again
// without asking a registry.
func localImages(ctx context.Context, g gateway.Client, defs []definition) map[string]string {
	ids := map[string]string{}
	for _, def := range defs {
		for _, raw := range def.Def {
			var op pb.Op
			if op.UnmarshalVT(raw) != nil {
				continue
			}
			image, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), "docker-image://")
			if !ok || strings.Contains(image, "@") || ids[image] != "" {
				continue
			}
			opt := sourceresolver.Opt{ImageOpt: &sourceresolver.ResolveImageOpt{ResolveMode: pb.AttrImageResolveModePreferLocal}}
			if _, _, config, err := g.ResolveImageConfig(ctx, image, opt); err == nil {
				ids[image] = digest.FromBytes(config).String()
			}
		}
	}
	return ids
}

// fullName is the full form of an image's name.
func fullName(image string) (string, bool) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", false
	}
	return reference.TagNameOnly(named).String(), true
}
