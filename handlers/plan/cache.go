package plan

import (
	"fmt"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/pairs"
)

// parseCache reads type=TYPE,key=value,… or the reference of an image that holds a
// cache. Relative paths count from dir.
func parseCache(text, dir string, export bool) (build.Cache, error) {
	if !strings.Contains(text, "=") {
		ref, err := build.CheckTag(text)
		return build.Cache{Type: "registry", Attrs: map[string]string{"ref": ref}}, err
	}
	c := build.Cache{Attrs: map[string]string{}}
	list, err := pairs.Parse(text)
	if err != nil {
		return c, err
	}
	for _, p := range list {
		switch p.Key {
		case "type":
			c.Type = p.Value
		case "src", "dest":
			if c.Attrs[p.Key], err = absolute(dir, p.Value); err != nil {
				return c, err
			}
		default:
			c.Attrs[p.Key] = p.Value
		}
	}
	return c, build.CheckCache(c, export)
}

// caches checks where the cache comes from and goes to.
func (o *Options) caches(dir string) (from, to []build.Cache, err error) {
	for _, s := range o.CacheFrom {
		c, err := parseCache(s, dir, false)
		if err != nil {
			return nil, nil, fmt.Errorf("cacheFrom: %w", err)
		}
		from = append(from, c)
	}
	for _, s := range o.CacheTo {
		c, err := parseCache(s, dir, true)
		if err != nil {
			return nil, nil, fmt.Errorf("cacheTo: %w", err)
		}
		to = append(to, c)
	}
	return from, to, nil
}

// files checks the files that say what was built.
func (o *Options) files(dir string) (iid, metadata string, err error) {
	check := func(field, path string) (string, error) {
		if path == "" {
			return "", nil
		}
		full, err := absolute(dir, path)
		if err == nil {
			err = build.CheckFile(full)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", field, err)
		}
		return full, nil
	}
	if iid, err = check("iidFile", o.IIDFile); err != nil {
		return "", "", err
	}
	metadata, err = check("metadataFile", o.MetadataFile)
	return iid, metadata, err
}
