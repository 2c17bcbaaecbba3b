package build

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Images are configs (OCI image config, JSON) of images, by their full names, and by what an
// engine made of these for a platform (see imageSource). As a resolver it asks nobody, and
// takes an image that it does not hold for an empty one.
type Images map[string][]byte

// Has says whether an image's config is known. The name may be short.
func (i Images) Has(image string) bool { return i.Config(image) != nil }

// Config is an image's config, nil if it is not known. The name may be short.
func (i Images) Config(image string) []byte {
	full, ok := fullName(image)
	if !ok {
		return nil
	}
	return i[full]
}

// With is a copy with others added. Of an image that has moved, it forgets what it was.
func (i Images) With(others Images) Images {
	moved := map[string]bool{}
	for key := range others {
		name, _, _ := strings.Cut(key, "@")
		moved[name] = true
	}
	all := Images{}
	maps.Copy(all, others)
	for key, config := range i {
		if name, _, digested := strings.Cut(key, "@"); all[key] == nil && !(digested && moved[name]) {
			all[key] = config
		}
	}
	return all
}

// ResolveImageConfig implements [llb.ImageMetaResolver]. Each image is for the platform that is
// asked for: of another one BuildKit's linter would warn, and it does so for several stages at
// once without a lock.
func (i Images) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := i[ref]
	if config == nil {
		config = []byte(`{"architecture":"amd64","os":"linux"}`)
	}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		config = configFor(config, *opt.ImageOpt.Platform)
	}
	return ref, digest.FromString(ref), config, nil
}

// configFor is a config that says of itself that it is for a platform.
func configFor(config []byte, platform ocispecs.Platform) []byte {
	var is ocispecs.Platform
	if json.Unmarshal(config, &is) != nil || is.OS == platform.OS && is.Architecture == platform.Architecture {
		return config
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(config, &all) != nil {
		return config
	}
	all["os"], _ = json.Marshal(platform.OS)
	all["architecture"], _ = json.Marshal(platform.Architecture)
	delete(all, "variant")
	changed, err := json.Marshal(all)
	if err != nil {
		return config
	}
	return changed
}

// baseImages asks the engine for the config of each image that a lazily solved result stands
// on, and that is not known. The engine has just resolved them for the build: it has them, and
// asks no registry. What cannot be had is left out.
func baseImages(ctx context.Context, g gateway.Client, defs []definition, req *Request) Images {
	configs, known := Images{}, req.Known
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
	var of []string // Docker 20.10 does not say the tag
	for _, asked := range req.imageNames(ctx) {
		if other, err := reference.ParseNormalizedNamed(asked); err == nil && other.Name() == named.Name() {
			of = append(of, asked)
		}
	}
	if len(of) == 1 {
		return []string{s.ref, of[0]}
	}
	return []string{s.ref}
}

// imageNames are the images that the Dockerfile asks for, by their full names.
func (r *Request) imageNames(ctx context.Context) []string {
	var asked askedNames
	var err error
	defer survive(&err)
	b := &Baseline{Target: r.Target, BuildArgs: r.BuildArgs, Platforms: r.Platforms}
	_, err = b.convertWith(ctx, r.Dockerfile, nil, &asked)
	if err != nil {
		return nil
	}
	return asked.names
}

// askedNames notes which images are asked for, each once, and takes them for empty.
type askedNames struct {
	mu    sync.Mutex
	names []string
}

// ResolveImageConfig implements [llb.ImageMetaResolver].
func (a *askedNames) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.names, ref) {
		a.names = append(a.names, ref)
	}
	return Images(nil).ResolveImageConfig(ctx, ref, opt)
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

// fullName is the full form of an image's name.
func fullName(image string) (string, bool) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", false
	}
	return reference.TagNameOnly(named).String(), true
}
