package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
)

// frontendOf is the version of docker/dockerfile that an engine has inside; empty if that is not
// known. version is the engine's own, if it is Docker.
func frontendOf(workers []*client.WorkerInfo, version string) string {
	var kit client.BuildkitVersion
	if len(workers) > 0 { // the first is the one that builds
		kit = workers[0].BuildkitVersion
	}
	if kit.DockerfileVersion != "" {
		return kit.DockerfileVersion
	}
	if of := broughtBy(kit.Version); of != "" {
		return of
	}
	// Docker before 24 does not say which BuildKit it has: moby's vendor.conf and vendor.mod do.
	switch major, _, _ := strings.Cut(version, "."); major {
	case "20":
		return broughtBy("0.8")
	case "23":
		return broughtBy("0.10")
	}
	return ""
}

// broughtBy is the version of docker/dockerfile in a BuildKit. From v0.8.0 with dockerfile/1.2.0 on,
// its releases have brought one each.
func broughtBy(buildkit string) string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(buildkit, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	if major != "0" || err != nil || n < 8 {
		return ""
	}
	return fmt.Sprintf("1.%d", n-6)
}
