//go:build linux && !portable

package daemon

import (
	"runtime/debug"

	"github.com/moby/buildkit/client"
	dockerfileversion "github.com/moby/buildkit/frontend/dockerfile/version"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/moby/buildkit/util/stack"
	"github.com/moby/buildkit/version"
)

// setVersion tells BuildKit its version, which its own build fills in when linking.
// Here it is a module like any other, so the version is that of the module: clients,
// provenance and the Dockerfile front end ask for it.
func setVersion() {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == version.Package {
				version.Version = dep.Version
			}
		}
	}
	apicaps.ExportedProduct = "buildkit"
	stack.SetVersionInfo(version.Version, version.Revision)
}

func buildkitVersion() client.BuildkitVersion {
	return client.BuildkitVersion{
		Package:           version.Package,
		Version:           version.Version,
		Revision:          version.Revision,
		DockerfileVersion: dockerfileversion.Version(),
	}
}
