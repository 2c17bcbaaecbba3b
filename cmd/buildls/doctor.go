package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/engine"
)

// diagnosis is what doctor found, also as JSON.
type diagnosis struct {
	Version       string   `json:"version"`
	Engine        string   `json:"engine,omitempty"`
	Address       string   `json:"address,omitempty"`
	Builder       string   `json:"builder,omitempty"` // its name in buildx
	Driver        string   `json:"driver,omitempty"`
	Context       string   `json:"context,omitempty"` // the Docker context that names it
	EngineVersion string   `json:"engineVersion,omitempty"`
	Running       bool     `json:"running"` // false for an embedded engine that the first build will start
	Platforms     []string `json:"platforms,omitempty"`
	Why           string   `json:"why,omitempty"`
	Tried         []string `json:"tried,omitempty"`
	Embedded      string   `json:"embedded"` // "ok", or what it lacks
	Error         string   `json:"error,omitempty"`
}

// doctor says which engine would build, and why.
func doctor(ctx context.Context, args []string, std stdio) int {
	flags := newFlagSet("doctor", std.err)
	asJSON := flags.Bool("json", false, "as JSON")
	address := flags.String("engine", "", "what the setting buildls.engine would say")
	if code, ok := parse(flags, args, std); !ok {
		return code
	}
	d := diagnose(ctx, *address)
	if *asJSON {
		enc := json.NewEncoder(std.out)
		enc.SetIndent("", "  ")
		enc.Encode(d)
	} else {
		d.print(std)
	}
	if d.Error != "" {
		return exitFailed
	}
	return exitOK
}

func diagnose(ctx context.Context, address string) *diagnosis {
	d := &diagnosis{Version: version(), Embedded: "ok"}
	if err := engine.EmbeddedPossible(); err != nil {
		d.Embedded = err.Error()
	}
	var engines engine.Pool
	defer engines.Close()
	choice, err := engines.Which(ctx, engine.Wish{Who: "--engine", Address: address})
	if err != nil {
		d.Error = err.Error()
		return d
	}
	defer choice.Release()
	i := choice.Info
	d.Running = choice.Conn != nil
	d.Engine, d.Address, d.EngineVersion, d.Platforms = i.Name, i.Address, i.Version, i.Platforms
	d.Builder, d.Driver, d.Context = i.Builder, i.Driver, i.Context
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
	row("address", d.Address)
	row("context", d.Context)
	row("platforms", strings.Join(d.Platforms, ", "))
	row("why", d.Why)
	row("tried", strings.Join(d.Tried, "\n           "))
	row("embedded", d.Embedded)
	row("error", d.Error)
}
