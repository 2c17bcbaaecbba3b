// Package build has an engine build a Dockerfile. It follows the build step by step, and says
// what went wrong, and in which lines.
//
// Run takes a Request to an Outcome. Spec says what is asked; the functions and methods named Check
// return the normal form of a part of it, or an error for the author. Lines are counted from 0,
// steps are indexes into Outcome.Steps, and sizes are in bytes.
//
// What an engine keeps of a build afterwards is shown by package inspect. Why a step was not cached
// is said by package explain. This package knows neither of them, nor editors and their protocol.
package build

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/sent"
)

// A Request is one build: what is asked of it, and what it is made from. It serves for one Run, which
// notes in it what the engine was sent; so do the requests in Context.Build.
type Request struct {
	Spec
	// ID is unique among all builds of an engine. It becomes the solve's ref.
	ID string
	// Linked is the name of a build whose result is a context of another build. Such a build leaves
	// no other output. Linked is empty for the build that was asked for.
	Linked string
	// Dockerfile is the text that is built.
	Dockerfile []byte
	// DockerfileName is its name in DockerfileFS, else its path in the context.
	DockerfileName string
	// DockerfileFS holds the Dockerfile, and its .dockerignore if it has its own. It is
	// nil for a Dockerfile that lies in a remote context.
	DockerfileFS fsutil.FS
	// AttestedFS is sent in place of DockerfileFS if the build is attested, because an attestation
	// tells what was asked of the context. If it is nil, DockerfileFS is sent.
	AttestedFS fsutil.FS
	Stdout     io.Writer // for an output to Stdout
	// Unrecorded keeps the build out of the engine's own history of builds. The history holds few
	// builds, and to write it takes longer than a build whose steps are all cached.
	Unrecorded bool

	// Known are the base images whose configs need not be asked for again.
	Known dockerfile.Images

	// WhyMissing says why a path is not found in Context, or in the one of Contexts that is
	// named; "" if that can't be told. It may be nil.
	WhyMissing func(context, path string) string

	recorders map[string]*sent.Recorder // of the local contexts, by their names as sources
	unchosen  *unchosenFS               // in place of a context; nil if there is one

	// Pause is called before Run returns with a build whose command failed. Who gets it must call
	// its Release. If Pause is nil, such a build ends like any other.
	Pause func(*PausedFailure)
	// Debug, if it is not nil, has the engine build the build part by part. When it returns nil, the
	// rest is built, and the build ends like any other. With an error, the build ends with that.
	Debug func(context.Context, *Debugging) error
}

// A RefusedError says that an engine cannot do what a request asks for, or that a secret or a key
// of the request cannot be read. Its text is for the author.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// check refuses, before the build starts, what the engine would only do halfway.
func (r *Request) check(info engine.Info) error {
	if len(r.Platforms) > 1 && r.WantsImage() && graphStore(info) {
		return &RefusedError{fmt.Sprintf("%s cannot keep an image for several platforms (%s); "+
			"build for one, switch Docker to the containerd image store, or choose another engine", info, strings.Join(r.Platforms, ", "))}
	}
	if err := r.checkOutputs(info); err != nil {
		return err
	}
	if err := r.checkCaches(info); err != nil {
		return err
	}
	if err := r.checkAttests(info); err != nil {
		return err
	}
	return r.checkFiles(info)
}

// frontendAttrs are the options of the Dockerfile front end, spelled as in
// BuildKit's frontend/dockerui.
func (r *Request) frontendAttrs(info engine.Info) map[string]string {
	attrs := r.Options.frontendAttrs()
	maps.Copy(attrs, r.attestAttrs(info))
	attrs["filename"] = r.DockerfileName
	for k, v := range proxyArgs(info) {
		attrs["build-arg:"+k] = v
	}
	for k, v := range r.BuildArgs {
		attrs["build-arg:"+k] = v
	}
	if r.Target != "" {
		attrs["target"] = r.Target
	}
	if len(r.Platforms) > 0 {
		attrs["platform"] = strings.Join(r.Platforms, ",")
	}
	if r.NoCache {
		attrs["no-cache"] = ""
	}
	if info.ImageStore && !r.Pull { // like `docker build`: what the engine has is not asked of a registry
		attrs["image-resolve-mode"] = pb.AttrImageResolveModePreferLocal
	}
	return attrs
}

func (r *Request) solveOpt(info engine.Info) (client.SolveOpt, error) {
	opt := client.SolveOpt{
		Ref:           r.ID,
		FrontendAttrs: r.frontendAttrs(info),
		CacheImports:  cacheEntries(r.CacheFrom),
		CacheExports:  r.cacheExports(),

		AllowedEntitlements: r.Entitlements(),
		Internal:            r.Unrecorded,
	}
	return opt, r.addSources(&opt)
}
