package dockerfile

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// cacheKeys has BuildKit's own converter read what a build of the Dockerfile needs of it, for each
// platform, and finds the keys of each instruction's vertices, by its first line. Equal keys are one
// entry of the cache, as far as the text decides: of the context's files, of images and of
// what steps leave behind it knows nothing. It is nil if the text
// cannot be converted.
func (b *Baseline) cacheKeys(ctx context.Context, f *File) map[int]string {
	needed := f.reached(b.Target, b.triggers())
	if needed.text != b.needed {
		keys := b.keysOf(ctx, Parse([]byte(needed.text)))
		if ctx.Err() != nil {
			return nil
		}
		b.needed, b.keys = needed.text, keys
	}
	if b.keys == nil {
		return nil
	}
	keys := map[int]string{}
	for line, key := range b.keys {
		keys[needed.rows[line]] = key
	}
	return keys
}

// triggers says whether one of the images has instructions for what stands on it.
func (b *Baseline) triggers() bool {
	b.looked.Do(func() { b.triggered = b.Images.HasTrigger() })
	return b.triggered
}

// keysOf are the keys of what a whole text makes.
func (b *Baseline) keysOf(ctx context.Context, f *File) map[int]string {
	wanted := []*ocispecs.Platform{nil}
	if len(b.Platforms) > 0 {
		wanted = nil
	}
	for _, name := range b.Platforms {
		if p, err := platforms.Parse(name); err == nil {
			wanted = append(wanted, &p)
		}
	}
	all := map[int][]string{}
	for _, platform := range wanted {
		def, err := b.definition(ctx, f, platform)
		if err != nil {
			return nil
		}
		vertices := vertexKeys(def)
		for d, locations := range def.Source.GetLocations() {
			for _, at := range locations.GetLocations() {
				if lines, ok := SpanOf(at.Ranges); ok {
					all[lines.First] = append(all[lines.First], string(vertices[digest.Digest(d)]))
				}
			}
		}
	}
	keys := map[int]string{}
	for line, of := range all {
		slices.Sort(of)
		keys[line] = strings.Join(slices.Compact(of), " ")
	}
	return keys
}

// definition is what would be solved.
func (b *Baseline) definition(ctx context.Context, f *File, platform *ocispecs.Platform) (_ *llb.Definition, err error) {
	defer survive(&err)
	res, err := b.convert(ctx, f, platform, layered{b.Images})
	if err != nil {
		return nil, err
	}
	return res.State.Marshal(ctx)
}

// convert is what a Dockerfile becomes on a platform; nil: this one. No rule is checked: none
// ends the conversion.
func (b *Baseline) convert(ctx context.Context, f *File, platform *ocispecs.Platform, images llb.ImageMetaResolver) (*dockerfile2llb.Result, error) {
	opt := dockerfile2llb.ConvertOpt{TargetPlatform: platform, MetaResolver: images}
	opt.Target, opt.BuildArgs = b.Target, b.BuildArgs
	opt.MultiPlatformRequested = len(b.Platforms) > 1
	return f.withoutCheck().Convert(ctx, opt)
}

// layered takes an image that is not known for one with a layer: of one that has none, the
// converter leaves no vertex.
type layered struct{ Images }

// ResolveImageConfig implements [llb.ImageMetaResolver].
func (l layered) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	if l.Images[ref] == nil {
		return ref, digest.FromString(ref), []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["` + digest.FromString(ref) + `"]}}`), nil
	}
	return l.Images.ResolveImageConfig(ctx, ref, opt)
}

// withoutCheck is a Dockerfile in which no rule is checked.
func (f *File) withoutCheck() *File {
	_, at, ok := f.Directive("check")
	if !ok {
		return f
	}
	return Parse(slices.Concat(f.before(at.First), []byte("# check=skip=all\n"), f.text[len(f.before(at.First+1)):]))
}

// vertexKeys are the keys of a definition's vertices. A vertex comes after those that it
// stands on.
func vertexKeys(def *llb.Definition) map[digest.Digest]digest.Digest {
	keys := map[digest.Digest]digest.Digest{}
	for _, raw := range def.Def {
		var op pb.Op
		if op.UnmarshalVT(raw) != nil {
			continue
		}
		for _, in := range op.Inputs {
			in.Digest = string(keys[digest.Digest(in.Digest)])
		}
		NormalizeForCache(&op)
		if dt, err := json.Marshal(&op); err == nil { // as BuildKit does; it sorts maps
			keys[digest.FromBytes(raw)] = digest.FromBytes(dt)
		}
	}
	return keys
}

// NormalizeForCache removes what makes no difference to the cache (BuildKit's solver/llbsolver/ops, the
// functions CacheMap): which files of a local directory are asked for, because it is the
// content of those that are copied which counts, and what a cache mount is called.
func NormalizeForCache(op *pb.Op) {
	if src := op.GetSource(); strings.HasPrefix(src.GetIdentifier(), "local://") {
		src.Attrs = nil
	}
	exec := op.GetExec()
	if exec == nil {
		return
	}
	if exec.Meta != nil {
		exec.Meta.ProxyEnv = nil
	}
	for _, m := range exec.Mounts {
		if c := m.CacheOpt; c != nil && !isDefault(c, m.Dest) {
			c.ID, c.Sharing = "", 0
		}
	}
}

// isDefault says whether a cache mount is what one is without options.
func isDefault(c *pb.CacheOpt, dest string) bool {
	_, inNamespace, _ := strings.Cut(c.ID, "/")
	return c.Sharing == 0 && (c.ID == dest || inNamespace == dest)
}
