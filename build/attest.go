package build

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/attestations"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/pairs"
)

// An Attest is what a build says of its image beside it: where it comes from
// (provenance) or what is in it (sbom), spelled as in `docker build --attest`.
type Attest struct {
	Type     string   // "provenance" or "sbom"
	Disabled bool     // not even if it is the engine's default
	Params   []string // key=value
}

// CheckAttest refuses an attestation with which BuildKit would fail later.
func CheckAttest(a Attest) error {
	switch a.Type {
	case attestations.KeyTypeProvenance, attestations.KeyTypeSbom:
	case "":
		return fmt.Errorf("attest: it lacks its type, provenance or sbom")
	default:
		return fmt.Errorf("attest type %q: it can be provenance or sbom", a.Type)
	}
	for _, p := range a.Params {
		if mode, ok := strings.CutPrefix(p, "mode="); ok && a.Type == attestations.KeyTypeProvenance && mode != "min" && mode != "max" {
			return fmt.Errorf("attest type=provenance: mode %q: it can be min or max", mode)
		}
	}
	return nil
}

// attestAttrs asks for the attestations. If the author says nothing of provenance, it asks for the
// one that `docker buildx build` adds by default to images that can hold it, so that the digest is
// the same. `buildctl` adds none.
func (r *Request) attestAttrs(info engine.Info) map[string]string {
	attrs := map[string]string{}
	if (info.MultiPlatform || info.Builder != "" && !info.ImageStore) && !noDefaultAttests() {
		attrs["attest:provenance"] = "mode=min,inline-only=true"
	}
	for _, a := range slices.Backward(r.Attests) { // of two of a type the first counts, as in buildx
		if a.Disabled {
			delete(attrs, "attest:"+a.Type)
			continue
		}
		attrs["attest:"+a.Type] = pairs.Join(append([]string{"type=" + a.Type}, slices.Sorted(slices.Values(a.Params))...))
	}
	return attrs
}

// noDefaultAttests is the variable by which buildx switches the default off.
func noDefaultAttests() bool {
	off, _ := strconv.ParseBool(os.Getenv("BUILDX_NO_DEFAULT_ATTESTATIONS"))
	return off
}

// attested says whether the author asked for an attestation.
func (r *Request) attested() bool {
	return slices.ContainsFunc(r.Attests, func(a Attest) bool { return !a.Disabled })
}

// checkAttests refuses attestations that no output can hold.
func (r *Request) checkAttests(info engine.Info) error {
	if !r.attested() {
		return nil
	}
	if graphStore(info) {
		return &RefusedError{fmt.Sprintf("%s cannot keep attestations; leave out attest, "+
			"switch Docker to the containerd image store, or choose another engine", info)}
	}
	if slices.ContainsFunc(r.Outputs, func(o Output) bool { return o.Type == "docker" && !(o.loads() && info.ImageStore) }) {
		return &RefusedError{"an output of type docker, or load, cannot hold attestations; write an oci tar, push, or leave out attest"}
	}
	return nil
}

// supportedAttests refuses attestations that an older BuildKit passes over in silence.
func (r *Request) supportedAttests(info engine.Info, caps apicaps.CapSet) error {
	if r.attested() && !caps.Contains(pb.CapAttestations) {
		return &RefusedError{fmt.Sprintf("%s cannot make attestations: its BuildKit is too old; update it, leave out attest, or choose another engine", info)}
	}
	return nil
}
