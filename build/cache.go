package build

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/engine"
)

// A Cache is a place that the cache is read from or written to, spelled as in `docker
// build --cache-from`.
type Cache struct {
	Type  string // "registry", "local", "gha", "s3", "azblob" or, to write, "inline"
	Attrs map[string]string
}

// CheckCache refuses a cache with which BuildKit would fail later. export says that the build writes
// the cache. Its paths must be absolute.
func CheckCache(c Cache, export bool) error {
	needs := map[string]string{"registry": "ref", "local": "src", "gha": "", "s3": "", "azblob": ""}
	known := "registry, local, gha, s3 or azblob"
	if export {
		needs["local"], needs["inline"] = "dest", ""
		known = "registry, local, inline, gha, s3 or azblob"
	}
	attr, ok := needs[c.Type]
	if !ok {
		return fmt.Errorf("cache type %q: it can be %s", c.Type, known)
	}
	if attr != "" && c.Attrs[attr] == "" {
		return fmt.Errorf("cache type=%s: it needs %s", c.Type, attr)
	}
	if c.Type == "local" && !export {
		if st, err := os.Stat(indexOf(c)); err == nil && !st.Mode().IsRegular() { // it would be read without an end
			return fmt.Errorf("cache type=local: %s is no file", indexOf(c))
		}
	}
	return nil
}

// checkCaches refuses caches that the engine cannot read or write.
func (r *Request) checkCaches(info engine.Info) error {
	for _, c := range r.CacheFrom {
		if err := c.checkOn(info, "read", readable(info)); err != nil {
			return err
		}
	}
	for _, c := range r.CacheTo {
		if err := c.checkOn(info, "write", writable(info)); err != nil {
			return err
		}
	}
	return nil
}

// readable are the types of caches that an engine can read; nil if it can read all.
func readable(info engine.Info) []string {
	switch {
	case info.ImageStore && info.MultiPlatform:
		return []string{"registry", "local", "gha"}
	case info.ImageStore, info.Name == "embedded":
		return []string{"registry", "local"}
	}
	return nil
}

// writable are the types of caches that an engine can write.
func writable(info engine.Info) []string {
	if graphStore(info) {
		return []string{"inline"}
	}
	if can := readable(info); can != nil {
		return append(can, "inline")
	}
	return nil
}

// indexOf is the file by which BuildKit's client reads a local cache.
func indexOf(c Cache) string { return filepath.Join(c.Attrs["src"], ocispecs.ImageIndexFile) }

func (c Cache) checkOn(info engine.Info, verb string, can []string) error {
	if can == nil || slices.Contains(can, c.Type) {
		return nil
	}
	mend := "choose a buildkitd"
	if graphStore(info) {
		mend = "switch Docker to the containerd image store, or choose another engine"
	}
	return &RefusedError{fmt.Sprintf("%s cannot %s a cache of type %s; it can %s %s; %s", info, verb, c.Type, verb, strings.Join(can, ", "), mend)}
}

// cacheExports are the caches to write. The build argument is the old spelling.
func (r *Request) cacheExports() []client.CacheOptionsEntry {
	list := r.CacheTo
	if inline, _ := strconv.ParseBool(r.BuildArgs["BUILDKIT_INLINE_CACHE"]); inline {
		list = append(list[:len(list):len(list)], Cache{Type: "inline"})
	}
	return cacheEntries(list)
}

// cacheEntries copies the attributes, because BuildKit's client writes into them.
func cacheEntries(list []Cache) []client.CacheOptionsEntry {
	var out []client.CacheOptionsEntry
	for _, c := range list {
		if c = c.withEnvironment(); c.reachable() {
			out = append(out, client.CacheOptionsEntry{Type: c.Type, Attrs: c.Attrs})
		}
	}
	return out
}

// missingCaches says which local caches are not there. BuildKit passes over them in silence, and
// before the first build that is right.
func (r *Request) missingCaches() (notes []string) {
	for _, c := range slices.Concat(r.CacheFrom, r.CacheTo) {
		if !c.withEnvironment().reachable() {
			notes = append(notes, "the cache of type gha is left out: the environment lacks $ACTIONS_RUNTIME_TOKEN and the address, which GitHub's workflows have")
		}
	}
	for _, c := range r.CacheFrom {
		if c.Type != "local" {
			continue
		}
		if _, err := os.Stat(indexOf(c)); err != nil {
			notes = append(notes, fmt.Sprintf("there is no cache in %s", c.Attrs["src"]))
		}
	}
	return notes
}
