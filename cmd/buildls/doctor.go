package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	units "github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/embedded"
)

// diagnosis is what doctor found, also as JSON.
type diagnosis struct {
	Version       string   `json:"version"`
	Engine        string   `json:"engine,omitempty"`
	Address       string   `json:"address,omitempty"`
	Builder       string   `json:"builder,omitempty"` // its name in buildx
	Driver        string   `json:"driver,omitempty"`
	Node          string   `json:"node,omitempty"`    // of the builder, if it has several
	Context       string   `json:"context,omitempty"` // the Docker context that names it
	EngineVersion string   `json:"engineVersion,omitempty"`
	Running       bool     `json:"running"` // false for an embedded engine that the first build will start
	Platforms     []string `json:"platforms,omitempty"`
	CacheBytes    *int64   `json:"cacheBytes,omitempty"` // absent if the engine did not say in time
	// Cache are the parts of the cache by their kinds, the largest first. What LogBytes counts is the
	// embedded engine's log, and what it has set aside as broken. `buildls prune` frees all three.
	Cache     []cacheKind `json:"cache,omitempty"`
	DiskBytes int64       `json:"diskBytes,omitempty"` // of an embedded engine that does not run: its cache, for the most part
	History   *kept       `json:"history,omitempty"`
	LogBytes  int64       `json:"logBytes,omitempty"`
	Why       string      `json:"why,omitempty"`
	Tried     []string    `json:"tried,omitempty"`
	Embedded  string      `json:"embedded"` // "ok", or what it lacks
	// Candidates are the engines that `auto` chooses from, in its order.
	Candidates []candidate `json:"candidates"`
	// Config is the embedded engine's configuration; absent where there is no such engine.
	Config *embedded.Report `json:"config,omitempty"`
	Error  string           `json:"error,omitempty"`

	diskWhole bool // DiskBytes are all
}

// A candidate is an engine that could build, or what it lacks.
type candidate struct {
	Engine  string `json:"engine"`  // for people
	Setting string `json:"setting"` // what the setting buildls.engine calls it
	Address string `json:"address,omitempty"`
	Version string `json:"version,omitempty"`
	Chosen  bool   `json:"chosen"`
	Running bool   `json:"running"`
	Lacks   string `json:"lacks,omitempty"`
	Mend    string `json:"mend,omitempty"`
	Without string `json:"without,omitempty"`
}

// doctorCommand is `buildls doctor`.
func doctorCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "which engine would build, and why",
		Long: `Says which engine would build, and why.

exit code: 0 there is an engine, 1 there is none, 2 wrong usage`,
		Args: noArgs,
	}
	var asJSON bool
	var address, config string
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	value(cmd, "engine", "ENGINE", "what the setting buildls.engine would say", setTo(&address))
	value(cmd, "engine-config", "FILE", "what the setting buildls.engineConfig would say", setTo(&config))
	offer(cmd, "engine", engines)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d := diagnose(cmd.Context(), address, config)
		if asJSON {
			enc := json.NewEncoder(std.out)
			enc.SetIndent("", "  ")
			enc.Encode(d)
		} else {
			d.print(std)
		}
		if d.Error != "" {
			return exitCode(exitFailed)
		}
		return nil
	}
	return cmd
}

func diagnose(ctx context.Context, address, config string) *diagnosis {
	d := &diagnosis{Version: version(), Embedded: "ok", History: historyOf()}
	if paths, err := embedded.DefaultPaths(); err == nil {
		d.LogBytes = paths.LogSize()
	}
	if err := engine.EmbeddedPossible(); err != nil {
		d.Embedded = err.Error()
	}
	var engines engine.Pool
	defer engines.Close()
	engines.Configure(config)
	d.Config = engines.Configuration(ctx, nil)
	found, _ := engines.Survey(ctx) // its error is Which's too, unless an engine is named
	d.Candidates = []candidate{}
	for _, f := range found {
		d.Candidates = append(d.Candidates, candidate{Engine: f.Info.String(), Setting: f.Info.Setting(), Address: f.Info.Address, Version: f.Info.Version, Running: f.Running, Lacks: f.Lacks, Mend: f.Mend, Without: f.Without})
	}
	choice, err := engines.Which(ctx, engine.Preference{Source: "--engine", Address: address})
	if err != nil {
		d.Error = err.Error()
		if none := (*engine.NoneError)(nil); errors.As(err, &none) {
			d.Error = none.Short()
		}
		return d
	}
	defer choice.Release()
	i := choice.Info
	for n, f := range found {
		d.Candidates[n].Chosen = f.Info.Is(i)
	}
	if choice.Conn != nil {
		if i.Name == "embedded" {
			d.Config = engines.Configuration(ctx, choice.Conn)
		}
		d.Cache, d.CacheBytes = cacheOf(ctx, choice.Conn)
	}
	d.Running = choice.Conn != nil
	if paths, err := embedded.DefaultPaths(); err == nil && !d.Running {
		d.DiskBytes, d.diskWhole = sizeOnDisk(ctx, paths)
	}
	d.Engine, d.Address, d.EngineVersion, d.Platforms = i.Name, i.Address, i.Version, i.Platforms
	d.Builder, d.Driver, d.Node, d.Context = i.Builder, i.Driver, i.Node, i.Context
	d.Why, d.Tried = choice.Why, choice.Tried
	return d
}

func (d *diagnosis) print(std stdio) {
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(std.out, "%-10s %s\n", name, value)
		}
	}
	row("buildls", d.Version)
	name := strings.TrimSpace(d.Engine + " " + d.EngineVersion)
	if d.Engine != "" && !d.Running {
		name += " (not running; the first build starts it)"
	}
	row("engine", name)
	if d.Builder != "" {
		row("builder", fmt.Sprintf("%s (%s)", d.Builder, d.Driver))
	}
	row("node", d.Node)
	row("address", d.Address)
	row("context", d.Context)
	row("platforms", strings.Join(d.Platforms, ", "))
	if d.CacheBytes != nil {
		row("cache", ofKinds(*d.CacheBytes, d.Cache))
	}
	if d.DiskBytes > 0 {
		row("cache", ofDisk(d.DiskBytes, d.diskWhole))
	}
	if d.History != nil && d.History.Builds > 0 {
		row("history", fmt.Sprintf("%d builds, %s in %s", d.History.Builds, units.HumanSize(float64(d.History.Bytes)), d.History.Dir))
	}
	if d.LogBytes > 0 {
		row("logs", units.HumanSize(float64(d.LogBytes))+" of the embedded engine")
	}
	row("why", d.Why)
	row("error", d.Error)
	if len(d.Candidates) == 0 {
		row("embedded", d.Embedded)
		return
	}
	fmt.Fprintln(std.out, "\nauto would take the first of these that answers:")
	for _, c := range d.Candidates {
		fmt.Fprintln(std.out, c)
	}
	if d.Config != nil && (d.Engine == "embedded" || d.Config.File != "") {
		printConfig(std.out, d.Config)
	}
}

// String is a line or two: the engine, and what it lacks.
func (c candidate) String() string {
	mark, state := "-", "can be started"
	switch {
	case c.Lacks != "":
		mark, state = "x", c.Lacks
	case c.Running:
		mark, state = "+", strings.TrimSpace("answers "+c.Version)
	}
	if c.Chosen {
		mark = ">"
	}
	line := fmt.Sprintf("%s %s: %s", mark, c.Engine, state)
	if c.Without != "" {
		line += "\n    without " + c.Without
	}
	if c.Mend != "" {
		line += "\n    " + c.Mend
	}
	return line
}
