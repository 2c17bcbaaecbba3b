package dockerfile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// Convert has BuildKit's converter read a text, in this process. It is the one door to the
// converter: nothing in opt is changed, a panic of the converter's is a [*PanicError], and it asks
// nobody but opt.MetaResolver. It has no bounds: see [File.Convert].
func Convert(ctx context.Context, text []byte, opt dockerfile2llb.ConvertOpt) (_ *dockerfile2llb.Result, err error) {
	defer survive(&err)
	opt.BuildArgs = maps.Clone(opt.BuildArgs) // the converter deletes some
	return dockerfile2llb.Dockerfile2LLB(ctx, text, opt)
}

// AllCaps are the capabilities of an engine that can do all. They are not to be changed.
var AllCaps = sync.OnceValue(func() apicaps.CapSet { return pb.Caps.CapSet(pb.Caps.All()) })

// Convert has BuildKit's converter read the Dockerfile, unless it is beyond what is read here
// (see [Readable]), as for an engine that can do all. No more are converted at once than there are processors.
func (f *File) Convert(ctx context.Context, opt dockerfile2llb.ConvertOpt) (*dockerfile2llb.Result, error) {
	if err := f.bounded(); err != nil {
		return nil, err
	}
	select {
	case converting <- struct{}{}:
		defer func() { <-converting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	caps := AllCaps()
	opt.LLBCaps = &caps
	opt.SourceMap = llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", f.text)
	return Convert(ctx, f.text, opt)
}

// Refused is why BuildKit's own front end, of the version that is linked here, refuses the
// Dockerfile, whatever its images are, and the lines that it names, if it names some. It is nil
// if the front end refuses nothing.
func (f *File) Refused(ctx context.Context) (at *Lines, err error) {
	opt := dockerfile2llb.ConvertOpt{MetaResolver: Images(nil), AllStages: true}
	_, err = f.Convert(ctx, opt)
	var le *parser.LocationError
	if errors.As(err, &le) && len(le.Locations) > 0 {
		if lines, ok := SpanOfParser(slices.Concat(le.Locations...)); ok {
			at = &lines
		}
	}
	return at, err
}
