package engine

import (
	"cmp"
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
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return broughtBy(cmp.Or(vendored[major+"."+minor], vendored[major]))
}

// vendored are the BuildKits in releases of Docker, as moby's vendor.conf and vendor.mod name them.
// Before 24, Docker does not say itself which it has, and neither does that of a distribution which
// is built without the versions of its modules.
var vendored = map[string]string{
	"20": "0.8", "23": "0.10", "24": "0.11", "25": "0.12", "26": "0.13",
	"27.0": "0.14", "27.1": "0.15", "27.2": "0.15", "27.3": "0.16", "27.4": "0.17", "27.5": "0.18",
	"28.0": "0.20", "28.1": "0.21", "28.2": "0.22", "28.3": "0.23", "28.4": "0.24", "28.5": "0.25",
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
