package build

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/lazyregexp"
)

// A registry that is not reached makes a build fail that would do elsewhere. What engines say of it
// is a line of a program's log; the author needs to know which registry, for which image, and what
// helps behind a mirror or a proxy, or without any network.

var (
	// unreachedRegistryText is what Go's client says of a registry that it does not reach, or does
	// not trust, as behind a proxy that opens TLS.
	unreachedRegistryText = lazyregexp.New(`(?:Head|Get|Post) \\*"?https?://([^/"\\ ]+)/(?:v2/|[^"\\ ]*token)\S*?\\*"?: (.*(?:dial tcp|no such host|timeout|connection re(?:fused|set)|unreachable|no route to host|x509: |proxyconnect|tls: |EOF|deadline exceeded).*)`)
	manifestPath          = lazyregexp.New(`/v2/(\S+)/manifests/([^\s":\\]+)`)
	resolvedImageText     = lazyregexp.New(`(?:resolve source metadata for|load metadata for|resolve image config for docker-image://) ?([^\s"]+?):? `)
)

// An unreached is a registry that an engine did not reach.
type unreached struct {
	host, why string
	image     string // that was wanted; empty if the engine does not say
}

// unreachedIn finds a registry that was not reached in an error's text.
func unreachedIn(text string) (u unreached, ok bool) {
	m := unreachedRegistryText.FindStringSubmatch(text)
	if m == nil {
		return u, false
	}
	u.host, u.why = m[1], m[2]
	if image := resolvedImageText.FindStringSubmatch(text); image != nil {
		u.image = image[1]
	} else if path := manifestPath.FindStringSubmatch(m[0]); path != nil {
		u.image = strings.Replace(u.host, "registry-1.", "", 1) + "/" + path[1] + ":" + path[2]
	}
	return u, true
}

// frontendOf is the image of the front end that a build asks for, and the lines that do, if they are
// in the Dockerfile.
func (r *Request) frontendOf(text []byte) (image string, at *dockerfile.Lines) {
	if named := r.BuildArgs["BUILDKIT_SYNTAX"]; named != "" {
		image, _, _ = strings.Cut(named, " ")
		return image, nil
	}
	image, lines, ok := dockerfile.Parse(text).Syntax()
	if !ok {
		return "", nil
	}
	return image, &lines
}

// sameImage says whether two names are of the same image.
func sameImage(a, b string) bool {
	x, err := reference.ParseNormalizedNamed(a)
	y, wrong := reference.ParseNormalizedNamed(b)
	return err == nil && wrong == nil && reference.TagNameOnly(x).String() == reference.TagNameOnly(y).String()
}

// tellUnreached says of a failure that a registry was not reached, and what helps.
func (r *Request) tellUnreached(fail *Failure, info engine.Info, text []byte) {
	u, ok := unreachedIn(fail.Message)
	if !ok || fail.ExitCode != nil {
		return
	}
	what, mend := "", mendRegistry(u.host, info)
	switch frontend, at := r.frontendOf(text); {
	case frontend != "" && sameImage(frontend, u.image):
		if fail.Lines == nil {
			fail.Lines = at
		}
		what, mend = fmt.Sprintf("the front end %s, which this Dockerfile asks for, could not be fetched: ", frontend), mendFrontend(frontend, u.host, info)
	case u.image != "":
		what = u.image + " could not be fetched: "
	}
	fail.Message = fmt.Sprintf("%sthe registry %s is not reached (%s). %s", what, u.host, u.why, mend)
}

// mendRegistry says what helps if an engine does not reach a registry.
func mendRegistry(host string, info engine.Info) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if ip := net.ParseIP(name); name == "localhost" || ip != nil && ip.IsLoopback() {
		return "Start it, or name another"
	}
	switch info.Name {
	case "embedded":
		return "Behind a mirror or a proxy, name it in the engine's configuration: `buildls help engines`"
	case "docker":
		return "Behind a mirror or a proxy, name it in Docker's configuration (registry-mirrors and proxies of daemon.json)"
	}
	return "Behind a mirror or a proxy, name it in the configuration of that buildkitd (buildkitd.toml)"
}

// mendFrontend says what helps if an engine does not get a front end.
func mendFrontend(image, host string, info engine.Info) string {
	mend := mendRegistry(host, info)
	switch {
	case info.Name == "embedded" && serves(info.Frontend, image):
		return fmt.Sprintf("The engine has the front end %s itself, which builds in its place if the setting buildls.offlineFrontend is \"builtin\" (--offline-frontend builtin in a terminal). %s", info.Frontend, mend)
	case info.Frontend != "":
		return fmt.Sprintf("%s. Without that line, the front end that is in the engine builds: docker/dockerfile %s", mend, info.Frontend)
	}
	return mend + ". Without that line, the front end that is in the engine builds"
}

// dockerfileTag is a version of docker/dockerfile, as far as it is said.
var dockerfileTag = lazyregexp.New(`^(\d+)(?:\.(\d+))?(?:\.\d+)?$`)

// serves says whether the front end of a version, as in "1.19.0", is as new as an image asks for, and
// of the same kind: a digest asks for that image alone, and labs for what no release has.
func serves(version, image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil || named.Name() != "docker.io/docker/dockerfile" {
		return false
	}
	if _, pinned := named.(reference.Digested); pinned {
		return false
	}
	tag := "1"
	if tagged, ok := named.(reference.Tagged); ok && tagged.Tag() != "latest" {
		tag = tagged.Tag()
	}
	asked, has := dockerfileTag.FindStringSubmatch(tag), dockerfileTag.FindStringSubmatch(version)
	if asked == nil || has == nil || asked[1] != has[1] {
		return false
	}
	wanted, _ := strconv.Atoi(asked[2])
	minor, _ := strconv.Atoi(has[2])
	return wanted <= minor
}
