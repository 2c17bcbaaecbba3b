//go:build !portable

package embedded

import (
	"errors"
	"maps"
	"slices"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine/embedded/config"
	"github.com/buildls/buildls/build/redact"
)

// Configured reports the configuration of the engine at p. workers are those of the engine, if it
// runs.
func Configured(p Paths, workers []*client.WorkerInfo) *Report {
	c, err := config.Load(p.Config)
	if m := (*config.Mistake)(nil); errors.As(err, &m) {
		return &Report{File: m.File, Error: err.Error()}
	} else if err != nil {
		return &Report{Error: err.Error()}
	}
	r := &Report{File: c.File, Source: c.Source, Parallelism: c.Workers.OCI.MaxParallelism, Remarks: c.Remarks, Unused: c.Unused}
	for _, host := range slices.Sorted(maps.Keys(c.Registries)) {
		own := c.Registries[host]
		found := Registry{Name: host, Mirrors: own.Mirrors, PlainHTTP: own.PlainHTTP, Insecure: own.Insecure != nil && *own.Insecure,
			CA: slices.Concat(own.RootCAs, own.TLSConfigDir)}
		for _, pair := range own.KeyPairs {
			found.Certificates = append(found.Certificates, pair.Certificate)
		}
		r.Registries = append(r.Registries, found)
	}
	for _, proxy := range config.Proxies() {
		if proxy.Value == "" {
			continue
		}
		source := "the environment"
		if proxy.Docker {
			source = "Docker's configuration"
		}
		r.Proxies = append(r.Proxies, Proxy{proxy.Name, redact.URLs(proxy.Value), source})
	}
	if c.DNS != nil {
		r.NameServers = c.DNS.Nameservers
	}
	policy := c.GCPolicy(p.Root)
	if len(policy) > 0 { // the last rule is the one that keeps nothing but what it must
		last := policy[len(policy)-1]
		r.MaxUsedBytes, r.MinFreeBytes, r.ReservedBytes = last.MaxUsedSpace, last.MinFreeSpace, last.ReservedSpace
	}
	if len(workers) > 0 {
		runs, ok := RunsWith(workers)
		wish := c.Wish()
		wish.File = runs.File // what it says counts, not where
		pending := !ok || runs != wish
		r.Pending = &pending
	}
	return r
}

// Remarks are what the configuration may not mean as it is written, a sentence each.
func Remarks(p Paths) []string {
	c, err := config.Load(p.Config)
	if err != nil {
		return nil // a build fails with it
	}
	return c.Remarks
}
