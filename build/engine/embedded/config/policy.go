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
		rules = config.DefaultGCPolicy(own, stat)
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

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
