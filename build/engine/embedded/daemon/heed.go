//go:build linux && !portable

package daemon

import (
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/executor/oci"
	sessionauth "github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/disk"
	"github.com/moby/buildkit/util/resolver/limited"
	"github.com/sirupsen/logrus"
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

// gcPolicy says what of the cache is kept; nil: all.
func gcPolicy(c config.GCConfig, root string) []client.PruneInfo {
	if c.GC != nil && !*c.GC {
		return nil
	}
	stat, err := disk.GetDiskStat(root)
	if err != nil {
		logrus.WithError(err).Warn("the size of the disk is not known, the cache keeps to a small default")
	}
	rules := c.GCPolicy
	if len(rules) == 0 {
		rules = config.DefaultGCPolicy(c, stat)
	}
	var policy []client.PruneInfo
	for _, rule := range rules {
		if rule.ReservedSpace == (config.DiskSpace{}) {
			//lint:ignore SA1019 files that have its old name are still read
			rule.ReservedSpace = rule.KeepBytes
		}
		policy = append(policy, client.PruneInfo{
			Filter:        rule.Filters,
			All:           rule.All,
			KeepDuration:  rule.KeepDuration.Duration,
			ReservedSpace: rule.ReservedSpace.AsBytes(stat),
			MaxUsedSpace:  rule.MaxUsedSpace.AsBytes(stat),
			MinFreeSpace:  rule.MinFreeSpace.AsBytes(stat),
		})
	}
	return policy
}
