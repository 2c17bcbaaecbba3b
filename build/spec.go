package build

import (
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
)

// A Spec is all that is asked of a build, in normal form: the functions Check say which that
// is. It names files, and holds none.
type Spec struct {
	// Context is where the files come from. In a Request it has them.
	Context Context
	// Contexts are those that the Dockerfile may name, in FROM, COPY --from and mounts,
	// by their ContextName.
	Contexts map[string]Context

	Target    string
	Tags      []string
	BuildArgs map[string]string
	Platforms []string // as in "linux/arm64"
	NoCache   bool
	Secrets   []Secret
	SSH       []SSH
	Outputs   []Output // none: the engine's image store, if it has one
	// Discard leaves the result in the engine's cache alone. There are no Outputs then.
	Discard bool

	// BuiltinOffline has the embedded engine's own front end stand in for one of Docker's that could
	// not be fetched, if it is as new.
	BuiltinOffline bool

	Attests               []Attest
	CacheFrom, CacheTo    []Cache
	IIDFile, MetadataFile string // absolute, or empty
	Options
}

// CheckTag returns the full form of an image's name, e.g. "docker.io/library/app:dev".
func CheckTag(tag string) (string, error) {
	named, err := reference.ParseNormalizedNamed(tag)
	if err != nil {
		return "", fmt.Errorf("tag %q: %w", tag, err)
	}
	if _, ok := named.(reference.Digested); ok {
		return "", fmt.Errorf("tag %q: an image cannot be tagged with a digest", tag)
	}
	return reference.TagNameOnly(named).String(), nil
}

// CheckPlatforms returns the normal forms of platforms, e.g. "linux/arm64" for "arm64", each
// once. As in `docker build`, an element may hold several, parted by commas, and "local" is
// this machine's platform.
func CheckPlatforms(list ...string) (normal []string, err error) {
	for _, element := range list {
		for name := range strings.SplitSeq(element, ",") {
			p := localPlatform()
			if !strings.EqualFold(name, "local") {
				if p, err = platforms.Parse(name); err != nil {
					return nil, fmt.Errorf("platform %q: %w", name, err)
				}
				if !strings.Contains(name, "/") && !strings.EqualFold(name, p.OS) {
					p.OS = "linux" // an architecture alone, wherever the author is
				}
			}
			if name = platforms.Format(platforms.Normalize(p)); !slices.Contains(normal, name) {
				normal = append(normal, name)
			}
		}
	}
	return normal, nil
}

// localPlatform is this machine's; macOS has no containers of its own, and runs Linux's.
func localPlatform() platforms.Platform {
	p := platforms.DefaultSpec()
	if p.OS == "darwin" {
		p.OS = "linux"
	}
	return p
}
