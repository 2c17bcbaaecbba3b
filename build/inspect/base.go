package inspect

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/buildls/buildls/build"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// A Base is what is known of the image that a FROM brings in. A field is empty if it is not known.
type Base struct {
	Digest   string // of the manifest or index, as the build resolved it
	ID       string // the digest of the config
	Platform string
	Created  time.Time
	Layers   int
}

// BaseOf returns what is known of the image that a step brings in. It is nil if the step brings in
// none, or is not known. It asks no engine.
func BaseOf(out *build.Outcome, step int) *Base {
	if step >= len(out.States) {
		return nil
	}
	op, err := stepState(out.States[step]).op()
	if err != nil {
		return nil
	}
	src, ok := build.ImageOf(op)
	if !ok {
		return nil
	}
	base := &Base{Digest: src.Digest(), Platform: src.Platform}
	raw := out.Images[src.Key()]
	var config ocispecs.Image
	if raw == nil || json.Unmarshal(raw, &config) != nil {
		return base
	}
	base.ID = digest.FromBytes(raw).String()
	base.Platform = strings.TrimSuffix(config.OS+"/"+config.Architecture+"/"+config.Variant, "/")
	base.Layers = len(config.RootFS.DiffIDs)
	if config.Created != nil && config.Created.Unix() > 0 {
		base.Created = *config.Created
	}
	return base
}
