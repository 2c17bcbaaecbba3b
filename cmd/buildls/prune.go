package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	units "github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/suggest"
	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/handlers/history"
)

// A pruning is what was asked of `buildls prune`.
type pruning struct {
	engine.Prune
	cache, history, logs bool
	dry, asJSON          bool
	config               string
}

// pruned is what it did, also as JSON. What was not asked for is absent.
type pruned struct {
	DryRun  bool           `json:"dryRun"` // nothing was removed
	Cache   *prunedCache   `json:"cache,omitempty"`
	History *prunedHistory `json:"history,omitempty"`
	Logs    *prunedLogs    `json:"logs,omitempty"`
}

type prunedCache struct {
	FreedBytes int64         `json:"freedBytes"`
	LeftBytes  int64         `json:"leftBytes"`
	Records    []cacheRecord `json:"records"` // that have gone, the largest first
}

// A cacheRecord is a part of the engine's cache.
type cacheRecord struct {
	Kind        string     `json:"kind"` // as BuildKit calls it
	Bytes       int64      `json:"bytes"`
	Created     time.Time  `json:"created"`
	LastUsed    *time.Time `json:"lastUsed,omitempty"`
	Description string     `json:"description"`
}

type prunedHistory struct {
	Builds       int   `json:"builds"` // of buildls itself
	FreedBytes   int64 `json:"freedBytes"`
	EngineBuilds int   `json:"engineBuilds"` // in the engine's own history, if it runs
}

type prunedLogs struct {
	FreedBytes int64 `json:"freedBytes"`
}

// prunable is what can be freed.
var prunable = []string{"cache", "history", "logs"}

// pruneCommand is `buildls prune`.
func pruneCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prune [flags] [cache] [history] [logs]",
		Short: "free the embedded engine's cache, or forget past builds",
		Long: `Frees what the embedded engine keeps: its build cache if nothing is named, the history of
past builds with their output, or the engine's log and what it has set aside as broken.
What a build uses stays. A cache that is freed costs time in the next build, and nothing else.

exit code: 0 done, 1 failed, 2 wrong usage`,
		ValidArgs: prunable,
		Args: func(_ *cobra.Command, args []string) error {
			for _, name := range args {
				if !slices.Contains(prunable, name) {
					return suggest.WrapError(fmt.Errorf("there is no %q to free, but %s", name, strings.Join(prunable, ", ")), name, prunable, true)
				}
			}
			return nil
		},
	}
	var p pruning
	value(cmd, "keep", "SIZE", "so much of the cache may stay, as in 5GB; what was used least\ngoes first", parseTo(&p.Keep, units.FromHumanSize))
	value(cmd, "older", "TIME", "only what was not used for so long, as in 12h or 30d", parseTo(&p.Older, parseAge))
	cmd.Flags().BoolVar(&p.All, "all", false, "also the front ends, and what BuildKit keeps for itself")
	cmd.Flags().BoolVar(&p.dry, "dry-run", false, "say what would go, and remove nothing")
	cmd.Flags().BoolVar(&p.asJSON, "json", false, "as JSON")
	value(cmd, "engine-config", "FILE", "what the setting buildls.engineConfig would say", setTo(&p.config))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p.cache, p.history, p.logs = slices.Contains(args, "cache") || len(args) == 0, slices.Contains(args, "history"), slices.Contains(args, "logs")
		if p.Keep < 0 || p.Older < 0 {
			return fmt.Errorf("--keep and --older are not negative")
		}
		done, err := p.run(cmd.Context(), std)
		if err != nil {
			fmt.Fprintf(std.err, "buildls prune: %v\n", err)
			return exitCode(exitFailed)
		}
		if p.asJSON {
			enc := json.NewEncoder(std.out)
			enc.SetIndent("", "  ")
			return enc.Encode(done)
		}
		done.print(std)
		return nil
	}
	return cmd
}

// parseAge reads a time as Go has it, or in days.
func parseAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > 100*365 {
			return 0, fmt.Errorf("%q is no number of days", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(s)
}

func (p *pruning) run(ctx context.Context, std stdio) (*pruned, error) {
	var engines engine.Pool
	defer engines.Close()
	engines.Configure(p.config)
	done := &pruned{DryRun: p.dry}
	if p.cache && !embedded.Supported {
		return nil, errors.New("the embedded engine runs on Linux alone, so that there is no cache to free; `buildls prune history` forgets past builds")
	}
	if p.cache {
		choice, err := engines.Resolve(ctx, func(m string) { fmt.Fprintln(std.err, m) }, nil, engine.Preference{Source: "buildls prune", Address: "embedded"})
		if err != nil {
			return nil, err
		}
		defer choice.Release()
		if done.Cache, err = p.pruneCache(ctx, choice.Conn); err != nil {
			return nil, err
		}
	}
	if p.history {
		var err error
		if done.History, err = p.forget(ctx, &engines); err != nil {
			return nil, err
		}
	}
	if p.logs {
		paths, err := embedded.DefaultPaths()
		if err != nil {
			return nil, err
		}
		freed, err := paths.ClearLogs(p.dry)
		if err != nil {
			return nil, err
		}
		done.Logs = &prunedLogs{freed}
	}
	return done, nil
}

func (p *pruning) pruneCache(ctx context.Context, conn *engine.Conn) (*prunedCache, error) {
	all, err := conn.Cache(ctx)
	if err != nil {
		return nil, err
	}
	gone := p.Of(all, time.Now())
	if !p.dry {
		if gone, err = conn.Prune(ctx, p.Prune); err != nil {
			return nil, err
		}
	}
	out := &prunedCache{Records: []cacheRecord{}}
	kinds := map[string]client.UsageRecordType{} // BuildKit does not say them of what has gone
	for _, r := range all {
		out.LeftBytes += r.Size
		kinds[r.ID] = r.RecordType
	}
	for _, r := range gone {
		out.FreedBytes += r.Size
		out.Records = append(out.Records, cacheRecord{string(kinds[r.ID]), r.Size, r.CreatedAt, r.LastUsedAt, r.Description})
	}
	out.LeftBytes -= out.FreedBytes
	slices.SortStableFunc(out.Records, func(a, b cacheRecord) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return out, nil
}

// forget forgets builds: buildls's own, and those of the engine if it runs.
func (p *pruning) forget(ctx context.Context, engines *engine.Pool) (*prunedHistory, error) {
	dir, err := history.Dir()
	if err != nil {
		return nil, err
	}
	before := time.Now().Add(-p.Older)
	out := &prunedHistory{}
	if out.Builds, out.FreedBytes, err = (history.Store{Dir: dir}).Forget(before, p.dry); err != nil {
		return nil, err
	}
	choice, err := engines.Which(ctx, engine.Preference{Source: "buildls prune", Address: "embedded"})
	if err != nil {
		return out, nil // there is none that remembers
	}
	defer choice.Release()
	if choice.Conn != nil {
		out.EngineBuilds, err = choice.Conn.ForgetBuilds(ctx, before, p.dry)
	}
	return out, err
}

// maxShown is how many parts of the cache are listed for a person.
const maxShown = 20

func (d *pruned) print(std stdio) {
	freed, forgot := "freed", "forgot"
	if d.DryRun {
		freed, forgot = "would free", "forget"
	}
	size := func(bytes int64) string { return units.HumanSize(float64(bytes)) }
	if c := d.Cache; c != nil {
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		if len(c.Records) > 0 {
			fmt.Fprintln(w, "SIZE\tCREATED\tLAST USED\tKIND\tWHAT")
		}
		for _, r := range c.Records[:min(maxShown, len(c.Records))] {
			used := "never"
			if r.LastUsed != nil {
				used = since(*r.LastUsed)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", size(r.Bytes), since(r.Created), used, kindName(r.Kind), r.Description)
		}
		w.Flush()
		if more := len(c.Records) - maxShown; more > 0 {
			fmt.Fprintf(std.out, "and %d smaller ones\n", more)
		}
		fmt.Fprintf(std.out, "cache: %s %s of %s\n", freed, size(c.FreedBytes), size(c.FreedBytes+c.LeftBytes))
	}
	if h := d.History; h != nil {
		fmt.Fprintf(std.out, "history: %s %s of %d builds, and %s %d in the engine\n", freed, size(h.FreedBytes), h.Builds, forgot, h.EngineBuilds)
	}
	if d.Logs != nil {
		fmt.Fprintf(std.out, "logs: %s %s\n", freed, size(d.Logs.FreedBytes))
	}
}

// since is how long a time is past.
func since(t time.Time) string { return strings.ToLower(units.HumanDuration(time.Since(t))) + " ago" }
