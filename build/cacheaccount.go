package build

import (
	"cmp"
	"maps"
	"os"
	"strconv"

	"github.com/buildls/buildls/build/redact"
)

// The engine reaches caches that belong to an account of GitHub, S3 or Azure. Our environment may have
// the credentials, under the names that buildx heeds.

// credentialAttrs are the attributes that hold credentials, by the type of the cache.
var credentialAttrs = map[string][]string{
	"gha":    {"token", "ghtoken"},
	"s3":     {"access_key_id", "secret_access_key", "session_token"},
	"azblob": {"secret_access_key"},
}

// withEnvironment is the cache with what the environment adds. The attributes are new.
// Profiles of AWS are not read: without keys the engine looks for its own.
func (c Cache) withEnvironment() Cache {
	attrs := map[string]string{}
	maps.Copy(attrs, c.Attrs)
	add := func(attr, value string) {
		if _, given := attrs[attr]; !given && value != "" {
			attrs[attr] = value
		}
	}
	results := os.Getenv("ACTIONS_RESULTS_URL")
	switch c.Type {
	case "gha":
		add("token", os.Getenv("ACTIONS_RUNTIME_TOKEN"))
		second, _ := strconv.ParseBool(os.Getenv("ACTIONS_CACHE_SERVICE_V2"))
		if version, given := attrs["version"]; version == "2" || !given && second {
			add("url_v2", results)
		}
		add("url", cmp.Or(os.Getenv("ACTIONS_CACHE_URL"), results))
	case "s3":
		if attrs["access_key_id"] == "" || attrs["secret_access_key"] == "" {
			add("access_key_id", os.Getenv("AWS_ACCESS_KEY_ID"))
			add("secret_access_key", os.Getenv("AWS_SECRET_ACCESS_KEY"))
			add("session_token", os.Getenv("AWS_SESSION_TOKEN"))
		}
	}
	c.Attrs = attrs
	return c
}

// reachable is false for a cache of GitHub outside a workflow. c must have what withEnvironment adds.
func (c Cache) reachable() bool {
	return c.Type != "gha" || c.Attrs["token"] != "" && (c.Attrs["url"] != "" || c.Attrs["url_v2"] != "")
}

// hidden is what must not be shown of the cache.
func (c Cache) hidden() (m redact.Mask) {
	c = c.withEnvironment()
	for _, attr := range credentialAttrs[c.Type] {
		m = m.With([]byte(c.Attrs[attr]))
	}
	return m
}
