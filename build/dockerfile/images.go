package dockerfile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
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
	full, ok := FullName(image)
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

// FullName is the full form of an image's name: docker.io/library/debian:latest; false if it is none.
func FullName(image string) (string, bool) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", false
	}
	return reference.TagNameOnly(named).String(), true
}

// ImageNames are the images that a build of the Dockerfile asks for, by their full names;
// none if it cannot be converted.
func (b *Baseline) ImageNames(ctx context.Context) []string {
	var asked askedNames
	var err error
	defer survive(&err)
	_, err = b.convert(ctx, b.File, nil, &asked)
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
