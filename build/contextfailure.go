package build

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/lazyregexp"
)

// supportedContexts refuses contexts at which the engine's BuildKit would fail halfway.
func (r *Request) supportedContexts(info engine.Info, caps apicaps.CapSet) error {
	refuse := func(what string) error {
		return &RefusedError{fmt.Sprintf("%s cannot take %s as a context: its BuildKit is too old; update it or choose another engine", info, what)}
	}
	all := []Context{r.Context}
	for _, c := range r.Contexts {
		all = append(all, c)
	}
	for _, c := range all {
		switch {
		case c.Kind == LayoutContext && graphStore(info): // whatever its BuildKit says
			return &RefusedError{fmt.Sprintf("%s cannot take an OCI layout as a context; switch Docker to the containerd image store, or choose another engine", info)}
		case c.Kind == LayoutContext && !caps.Contains(pb.CapSourceOCILayout):
			return refuse("an OCI layout")
		case c.Kind == GitContext && c.git.SubDir != "" && !caps.Contains(pb.CapSourceGitSubdir):
			return refuse("a subdirectory of a git repository")
		}
	}
	return nil
}

var frontendCapText = lazyregexp.New(`unsupported frontend capability ([\w.]+)`)

// lacks are the features that an old Dockerfile front end lacks, by their capabilities.
var lacks = map[string]string{
	capContexts: "named contexts",
	capGitQuery: "a git URL with a query (write it as URL#REF:SUBDIR)",
	capZstd:     "a tar that is compressed with zstd (gzip, bzip2 and xz it knows)",
}

const newerFrontend = "a first line `# syntax=docker/dockerfile:1` has it use a newer one"

func (r *Request) hasNamed(kind ContextKind) bool {
	for _, c := range r.Contexts {
		if c.Kind == kind {
			return true
		}
	}
	return false
}

// contextFailure explains that the engine could not get a context; nil if the build failed for another
// reason. No line is at fault, unless one names the context.
func (r *Request) contextFailure(err error, b *buildState, info engine.Info) *Failure {
	text := dockerfile.PlainError(err)
	if m := frontendCapText.FindStringSubmatch(text); m != nil && lacks[m[1]] != "" {
		msg := fmt.Sprintf("the Dockerfile front end of %s is too old for %s", info, lacks[m[1]])
		if m[1] == capContexts {
			msg += "; " + newerFrontend
		}
		return &Failure{Code: "build", Message: msg}
	}
	if text == "invalid argument" && r.hasNamed(HTTPContext) { // BuildKit 0.25, of Docker 28.5
		return &Failure{Code: "build", Message: fmt.Sprintf("the Dockerfile front end of %s cannot take an http(s) URL as a named context; "+newerFrontend, info)}
	}
	if r.Context.Kind == GitContext && strings.Contains(text, `no access allowed to dir "context"`) { // it took the address for none
		return &Failure{Code: "build", Message: fmt.Sprintf("context %s: %s is too old to know this as the address of a repository; write it as USER@HOST:PATH", r.Context, info)}
	}
	if path := r.notUTF8(); path != "" && strings.Contains(text, "contains invalid UTF-8") {
		return &Failure{Code: "build", Message: fmt.Sprintf("cannot send %q to the build: its name, or where it leads, is not UTF-8, and %s takes no other; rename it, or keep it out with .dockerignore", path, info)}
	}
	if r.DockerfileFS == nil && noDockerfileText.MatchString(text) {
		return &Failure{Code: "build", Message: fmt.Sprintf("%s has no %s; name the Dockerfile in it with -f", r.Context, r.DockerfileName)}
	}
	v := b.failed()
	if v == nil {
		return nil
	}
	name, c, ok := r.contextOf(v)
	if !ok {
		return nil
	}
	reason := c.reason(cmp.Or(v.Error, text), v.Last(failLog))
	fail := &Failure{Code: "build", Log: v.Last(failLog), Message: fmt.Sprintf("context %s: %s", c, reason)}
	if name != "" {
		fail.Message = fmt.Sprintf("context %s (%s): %s", name, c, reason)
		fail.Lines = locator{err: err, text: text, state: b, file: dockerfile.Parse(b.dockerfile)}.lines()
	}
	return fail
}

// notUTF8 is a file of a context whose name is not valid UTF-8; empty if none was sent.
func (r *Request) notUTF8() string {
	for _, files := range r.recorders {
		if path := files.NotUTF8(); path != "" {
			return path
		}
	}
	return ""
}

// contextOf is the remote context that a vertex loads, and its name if it has one. The
// vertices are called so by frontend/dockerui (context.go, namedcontext.go).
func (r *Request) contextOf(v *vertex) (name string, c Context, ok bool) {
	if rest, ok := strings.CutPrefix(v.Name, "[context "); ok {
		name, _, _ = strings.Cut(rest, "]")
		name, _, _ = strings.Cut(name, "::") // a platform
		c, ok = r.Contexts[name]
		return name, c, ok
	}
	source, isGit := strings.CutPrefix(v.Name, "[internal] load git source ")
	if isGit {
		for name, c := range r.Contexts {
			if c.Kind == GitContext && c.hidden().HideText(c.Source) == source {
				return name, c, true
			}
		}
	}
	loads := isGit || strings.HasPrefix(v.Name, "[internal] load remote build context")
	return "", r.Context, loads && r.Context.Remote()
}

var (
	noDockerfileText = lazyregexp.New(`failed to read dockerfile: (?:failed to )?(?:open|lstat|stat|load|read)[^:]*: no such file|failed to read dockerfile: open \S+: no such file`)
	statusText       = lazyregexp.New(`invalid response status (\d+)`)
	noRefText        = lazyregexp.New(`repository does not contain ref (\S+?),`)
	gitFailed        = []struct {
		text   *lazyregexp.Regexp
		reason string
	}{
		{lazyregexp.New(`no handler for git|unknown scheme git|"git": executable file not found`),
			"the engine has no git, which it needs to fetch a repository; install git where it runs"},
		{lazyregexp.New(`(?i)could not read (?:Username|Password)|Authentication failed|terminal prompts disabled`),
			"the server asks who you are; give it a token with a secret whose id is GIT_AUTH_TOKEN"},
		{lazyregexp.New(`Permission denied \(`), "the server takes none of the keys of your SSH agent"},
		{lazyregexp.New(`no SSH key "?\S+"? forwarded`), "it is fetched by SSH; give an agent with ssh"},
		{lazyregexp.New(`(?i)repository '?\S*'? not found|does not appear to be a git repository|repository not exported|returned error: 404`), "there is no such repository"},
		{lazyregexp.New(`(?:invalid|failed to open|failed to checkout) subdir`), "it has no such subdirectory"},
	}
)

// reason says why the engine could not get a context. It takes that from text and from the last lines
// of log, and puts in words what it knows.
func (c Context) reason(text, log string) string {
	if m := statusText.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("the server answered with status %s; check the address", m[1])
	}
	if c.Kind != GitContext {
		return text
	}
	if m := noRefText.FindStringSubmatch(text); m != nil {
		if c.git.Ref == "" {
			return "it has no branch " + m[1] + ", which this engine takes by default; name one behind #"
		}
		return fmt.Sprintf("it has no branch, tag or commit %q", m[1])
	}
	if tail := tailOf(log, lastLines); tail != "" && !strings.Contains(text, "git stderr:") { // older engines leave it out
		text += ":\n" + tail
	}
	for _, g := range gitFailed {
		if g.text.MatchString(text) {
			return g.reason
		}
	}
	return text
}
