package build

import (
	"encoding/json"
	"strings"
	"time"

	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// A Base is what is known of the image that a FROM brings in. What is not known is empty.
type Base struct {
	Digest   string // of its manifest or index, as it was resolved
	ID       string // of its config
	Platform string
	Created  time.Time
	Layers   int
}

// Base is that of a step (a 0-based index into the outcome's steps); nil if it brings none in.
func (o *Outcome) Base(step int) *Base {
	if step >= len(o.states) {
		return nil
	}
	op, err := o.states[step].op()
	if err != nil {
		return nil
	}
	src, ok := imageOf(op)
	if !ok {
		return nil
	}
	base := &Base{Digest: src.digest(), Platform: src.platform}
	raw := o.Images[src.key()]
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
