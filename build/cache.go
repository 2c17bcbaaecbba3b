package build

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine"
)

// A Cache is a place that the cache is read from or written to, spelled as in `docker
// build --cache-from`.
type Cache struct {
	Type  string // "registry", "local" or, to write, "inline"
	Attrs map[string]string
}

// CheckCache refuses what BuildKit would only fail on later. export says that it is
// written to; paths are absolute.
func CheckCache(c Cache, export bool) error {
	needs := map[string]string{"registry": "ref", "local": "src"}
	known := "registry or local"
	if export {
		needs = map[string]string{"registry": "ref", "local": "dest", "inline": ""}
		known = "registry, local or inline"
	}
	attr, ok := needs[c.Type]
	if !ok {
		return fmt.Errorf("cache type %q: it can be %s", c.Type, known)
	}
	if attr != "" && c.Attrs[attr] == "" {
		return fmt.Errorf("cache type=%s: it needs %s", c.Type, attr)
	}
	return nil
}

// checkCaches refuses caches that the engine cannot write.
func (r *Request) checkCaches(info engine.Info) error {
	for _, c := range r.CacheTo {
		if c.Type != "inline" && info.ImageStore && !info.MultiPlatform {
			return &RefusedError{fmt.Sprintf("%s cannot write a cache of type %s; it can write inline; "+
				"switch Docker to the containerd image store, or choose another engine", info, c.Type)}
		}
	}
	return nil
}

// cacheExports are the caches to write. The build argument is the old spelling.
func (r *Request) cacheExports() []client.CacheOptionsEntry {
	list := r.CacheTo
	if inline, _ := strconv.ParseBool(r.BuildArgs["BUILDKIT_INLINE_CACHE"]); inline {
		list = append(list[:len(list):len(list)], Cache{Type: "inline"})
	}
	return cacheEntries(list)
}

// cacheEntries copies: BuildKit's client writes into its entries.
func cacheEntries(list []Cache) []client.CacheOptionsEntry {
	var out []client.CacheOptionsEntry
	for _, c := range list {
		attrs := map[string]string{}
		maps.Copy(attrs, c.Attrs)
		out = append(out, client.CacheOptionsEntry{Type: c.Type, Attrs: attrs})
	}
	return out
}

// missingCaches says which caches are not there. That is no mistake, before the first
// build; BuildKit passes over it in silence.
func (r *Request) missingCaches() (notes []string) {
	for _, c := range r.CacheFrom {
		if c.Type != "local" {
			continue
		}
		if _, err := os.Stat(filepath.Join(c.Attrs["src"], "index.json")); err != nil {
			notes = append(notes, fmt.Sprintf("there is no cache in %s", c.Attrs["src"]))
		}
	}
	return notes
}
