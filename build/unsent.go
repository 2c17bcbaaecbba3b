package build

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// senderText is what an engine says when this side could not read the context.
var senderText = lazyregexp.New(`error from sender: \w+ (.+): ([^:]+)$`)

// unreadableContext explains that this side could not read a file of the context. The instruction that
// takes the file is at fault. It is nil for any other error.
func (r *Request) unreadableContext(ctx context.Context, err error, text []byte) *Failure {
	var ce *ContextError
	if !errors.As(err, &ce) {
		m := senderText.FindStringSubmatch(dockerfile.PlainError(err))
		if m == nil {
			return nil
		}
		ce = &ContextError{Path: m[1], Err: errors.New(m[2])}
		if m[2] == fs.ErrPermission.Error() {
			ce.Err = errors.New(m[2] + "; allow it, or keep it out with .dockerignore")
		}
	}
	return &Failure{Code: "build", Message: ce.Error(), Lines: r.takerOf(ctx, ce.Path, text)}
}

// takerOf is the first instruction that takes a file of the context, or something in a directory of
// it; nil if none does.
func (r *Request) takerOf(ctx context.Context, file string, text []byte) *dockerfile.Lines {
	rel, err := filepath.Rel(r.Context.Dir, file)
	if r.Context.Kind != LocalContext || err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	platform := ""
	if len(r.Platforms) > 0 {
		platform = r.Platforms[0]
	}
	need, err := dockerfile.Parse(text).ContextNeed(context.WithoutCancel(ctx), dockerfile.Given{Target: r.Target, Args: r.BuildArgs, Platform: platform, Images: r.Known})
	if err != nil {
		return nil
	}
	for _, u := range need.Uses {
		for _, p := range u.Paths {
			if p.Meets(filepath.ToSlash(rel)) {
				return &u.Lines
			}
		}
	}
	return nil
}
