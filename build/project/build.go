package project

import (
	"os"
	"path/filepath"
	"strings"
)

// A Build is what a profile says of its build, spelled as the argument of the command
// buildls.build. What that has no field for is not in the JSON.
type Build struct {
	Context       string             `json:"context,omitempty"` // a directory, absolute, or a URL; "" if it needs none
	Target        string             `json:"target,omitempty"`
	Tags          []string           `json:"tags,omitempty"`
	Platforms     []string           `json:"platforms,omitempty"`
	BuildArgs     map[string]*string `json:"buildArgs,omitempty"`
	Labels        map[string]string  `json:"labels,omitempty"`
	Contexts      map[string]string  `json:"contexts,omitempty"`
	Secrets       []Secret           `json:"secrets,omitempty"`
	SSH           []SSH              `json:"ssh,omitempty"`
	Outputs       []Output           `json:"outputs,omitempty"`
	CacheFrom     []string           `json:"cacheFrom,omitempty"`
	CacheTo       []string           `json:"cacheTo,omitempty"`
	NoCache       bool               `json:"noCache,omitempty"`
	NoCacheFilter []string           `json:"noCacheFilter,omitempty"`
	Pull          bool               `json:"pull,omitempty"`
	Network       string             `json:"network,omitempty"`
	AddHosts      []string           `json:"addHosts,omitempty"`
	Attest        []string           `json:"attest,omitempty"`

	ShmSize string   `json:"-"`
	Ulimits []string `json:"-"`
}

// A Secret is a file's content or an environment variable's value.
type Secret struct {
	ID  string `json:"id"`
	Src string `json:"src,omitempty"`
	Env string `json:"env,omitempty"`
}

// An SSH is an agent, or keys.
type SSH struct {
	ID    string   `json:"id"`
	Paths []string `json:"paths,omitempty"`
}

// An Output is what the build leaves.
type Output struct {
	Type  string            `json:"type"`
	Dest  string            `json:"dest,omitempty"`
	Attrs map[string]string `json:"attrs,omitempty"`
}

// isRemote tells a context that is no path: compose-go's paths.isRemoteContext, and what
// any scheme says.
func isRemote(context string) bool {
	if strings.Contains(context, "://") {
		return true
	}
	for _, prefix := range []string{"github.com/", "git@"} {
		if strings.HasPrefix(context, prefix) {
			return true
		}
	}
	return false
}

// inDir makes a path absolute.
func inDir(dir, path string) string {
	if path == "" || filepath.IsAbs(path) || path == "~" || InHome(path) {
		return path
	}
	return Join(dir, path)
}

// InHome says whether a path begins with "~/", on Windows also with "~\".
func InHome(path string) bool {
	return len(path) > 1 && path[0] == '~' && os.IsPathSeparator(path[1])
}

// Join is a relative path below dir. On Windows "\x" and "/x" are relative to the drive alone.
func Join(dir, path string) string {
	if path != "" && os.IsPathSeparator(path[0]) {
		dir = filepath.VolumeName(dir) + string(filepath.Separator)
	}
	return filepath.Join(dir, path)
}

// layoutIn makes the path of a context that is an image layout absolute.
func layoutIn(dir, value string) string {
	const scheme = "oci-layout://"
	if layout, ok := strings.CutPrefix(value, scheme); ok {
		return scheme + inDir(dir, layout)
	}
	return value
}

// localCache makes the directory of a local cache absolute.
func localCache(dir string, attrs map[string]string, key string) {
	if attrs["type"] == "local" {
		if path, ok := attrs[key]; ok {
			attrs[key] = inDir(dir, path)
		}
	}
}
