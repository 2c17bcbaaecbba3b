//go:build linux && !portable

package daemon

import (
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/executor/oci"
	sessionauth "github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/resolver/limited"
	"golang.org/x/sync/semaphore"
)

// What the engine makes of its configuration, as buildkitd does in its cmd/buildkitd.

// heedSystem sets what BuildKit keeps for the whole process.
func heedSystem(c *config.SystemConfig) {
	if c == nil {
		return
	}
	if c.PlatformsCacheMaxAge != nil {
		archutil.CacheMaxAge = c.PlatformsCacheMaxAge.Duration
	}
	if c.MaxRegistryConcurrency != nil {
		limited.SetMaxConcurrency(int64(*c.MaxRegistryConcurrency))
	}
	if c.SessionAuthTimeout != nil {
		sessionauth.SessionAuthTimeout = c.SessionAuthTimeout.Duration
	}
}

// dnsOf are the name servers of steps; nil: the machine's.
func dnsOf(c *config.DNSConfig) *oci.DNSConfig {
	if c == nil {
		return nil
	}
	return &oci.DNSConfig{Nameservers: c.Nameservers, Options: c.Options, SearchDomains: c.SearchDomains}
}

// parallelism bounds how many steps run at once; nil: nothing does.
func parallelism(steps int) *semaphore.Weighted {
	if steps <= 0 {
		return nil
	}
	return semaphore.NewWeighted(int64(steps))
}
