package config

import (
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/util/disk"
	"github.com/sirupsen/logrus"
)

// GCPolicy says what is kept of a cache whose files are below root; nil: all. The rules are applied
// one after the other.
func (c *Config) GCPolicy(root string) []client.PruneInfo {
	own := c.Workers.OCI.GCConfig
	if own.GC != nil && !*own.GC {
		return nil
	}
	for !isThere(root) && root != filepath.Dir(root) { // it is made when an engine starts
		root = filepath.Dir(root)
	}
	stat, err := disk.GetDiskStat(root)
	if err != nil {
		logrus.WithError(err).Warn("the size of the disk is not known, the cache keeps to a small default")
	}
	rules := own.GCPolicy
	if len(rules) == 0 {
		rules = config.DefaultGCPolicy(limited(own, stat), stat)
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

// maxCache is the limit of a cache on a large disk, in bytes. BuildKit's own is 100 GB, for a machine
// that does nothing but build.
const maxCache = 20e9

// limited is what a file says of a cache, and if it says nothing, a limit of a tenth of the disk. Half
// of it is kept although the disk has less than BuildKit's fifth free.
func limited(own config.GCConfig, stat disk.DiskStat) config.GCConfig {
	//lint:ignore SA1019 files that have the old name are still read
	if !own.IsUnset() || own.GCKeepStorage != (config.DiskSpace{}) || stat.Total == 0 {
		return own
	}
	most := min(stat.Total/10, maxCache)
	own.GCMaxUsedSpace, own.GCReservedSpace = config.DiskSpace{Bytes: most}, config.DiskSpace{Bytes: most / 2}
	own.GCMinFreeSpace = config.DiskSpace{Percentage: config.DiskSpaceFreePercentage}
	return own
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
