package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A paletteCommand is what VS Code's palette offers. Its id is not the server's: the
// client library registers each command of the server under its own name.
type paletteCommand struct {
	ID, Title, Icon string
	When            string // it can be called
	Runs            string // the command of the server; empty: the extension's own
}

const trusted = "isWorkspaceTrusted"

var palette = []paletteCommand{
	{ID: "build", Title: "Build Image", Icon: "$(play)", When: trusted, Runs: "buildls.build"},
	{ID: "choose", Title: "Build Image: Choose Target/Profile/Options…", Icon: "$(settings)", When: trusted, Runs: "buildls.build"},
	{ID: "again", Title: "Build Image: Same Options Again", Icon: "$(debug-rerun)", When: trusted, Runs: "buildls.build"},
	{ID: "debug", Title: "Debug Build", Icon: "$(debug-alt)", When: trusted, Runs: "buildls.debug"},
	{ID: "cancel", Title: "Cancel Build", Icon: "$(stop-circle)", When: "buildls.building", Runs: "buildls.cancel"},
	{ID: "following", Title: "Build While Typing: Turn On/Off", Icon: "$(eye)", When: trusted},
	{ID: "builds", Title: "Show Builds", Icon: "$(history)", Runs: "buildls.builds"},
	{ID: "log", Title: "Show Build Log", Icon: "$(output)", Runs: "buildls.log"},
	{ID: "context", Title: "Show Context", Icon: "$(list-tree)", Runs: "buildls.context"},
	{ID: "builder", Title: "Select Builder", Icon: "$(server-environment)", When: trusted, Runs: "buildls.engine"},
	{ID: "doctor", Title: "Doctor", Icon: "$(pulse)", When: trusted},
	{ID: "shell", Title: "Open Shell", Icon: "$(terminal)", When: trusted, Runs: "buildls.shell"},
	{ID: "run", Title: "Run Image", Icon: "$(run)", When: trusted, Runs: "buildls.run"},
	{ID: "line", Title: "Go to Line", Icon: "$(go-to-file)"},
	{ID: "refresh", Title: "Refresh", Icon: "$(refresh)"},
	{ID: "menu", Title: "Show Menu", Icon: "$(menu)"},
	{ID: "restart", Title: "Restart Server", Icon: "$(debug-restart)"},
	{ID: "get", Title: "Get the Server", Icon: "$(cloud-download)"},
}

// manifestCommands are the contributes.commands of VS Code's manifest, in JSON.
func manifestCommands() ([]byte, error) {
	type command struct {
		Command    string `json:"command"`
		Title      string `json:"title"`
		Category   string `json:"category"`
		Icon       string `json:"icon"`
		Enablement string `json:"enablement,omitempty"`
	}
	var list []command
	for _, p := range palette {
		list = append(list, command{"buildls.ui." + p.ID, p.Title, "buildls", p.Icon, p.When})
	}
	return plainJSON(list)
}

// manifestSettings are the properties of contributes.configuration, in JSON. They stand
// in the order of the description.
func manifestSettings() ([]byte, error) {
	type values struct {
		Enum []string `json:"enum"`
	}
	type property struct {
		Order       int             `json:"order"`
		Type        string          `json:"type"`
		Default     json.RawMessage `json:"default"`
		Enum        []string        `json:"enum,omitempty"`
		Members     *values         `json:"additionalProperties,omitempty"`
		Scope       string          `json:"scope"`
		Description string          `json:"markdownDescription"`
	}
	properties := map[string]property{}
	for i, s := range settings {
		p := property{Order: i, Type: s.Type, Default: json.RawMessage(s.Default), Enum: s.Values, Scope: "window", Description: s.Description}
		if s.Machine {
			p.Scope = "machine-overridable"
		}
		if s.Members != nil {
			p.Members = &values{s.Members}
		}
		properties["buildls."+s.Name] = p
	}
	return plainJSON(properties)
}

// plainJSON leaves <, > and & as they are.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return []byte(strings.TrimSpace(b.String())), err
}

// TestManifest holds the settings and commands of the VS Code extension to the one
// description of them.
func TestManifest(t *testing.T) {
	const path = "../editors/vscode/package.json"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := data
	for _, part := range []struct {
		make func() ([]byte, error)
		path []any
	}{
		{manifestCommands, []any{"contributes", "commands"}},
		{manifestSettings, []any{"contributes", "configuration", 0, "properties"}},
	} {
		value, err := part.make()
		if err != nil {
			t.Fatal(err)
		}
		start, end, err := valueAt(text, part.path...)
		if err != nil {
			t.Fatal(err)
		}
		text = slices.Concat(text[:start], value, text[end:])
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	text = append(bytes.TrimSpace(indented.Bytes()), '\n')
	if bytes.Equal(text, data) {
		return
	}
	if !*update {
		t.Fatal("editors/vscode/package.json is stale: run go test ./handlers -run TestManifest -update")
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPalette holds what the palette says that it runs to the commands there are.
func TestPalette(t *testing.T) {
	for _, p := range palette {
		if p.Runs != "" && !slices.Contains(commandNames(), p.Runs) {
			t.Errorf("the palette's %s runs %s, which the server does not have", p.ID, p.Runs)
		}
	}
}

// valueAt finds the bytes of the value at a path of keys and indices in a JSON text, so
// that the rest can be left as it is.
func valueAt(text []byte, path ...any) (start, end int, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	for _, want := range path {
		if _, err := dec.Token(); err != nil { // { or [
			return 0, 0, err
		}
		if err := seek(dec, want); err != nil {
			return 0, 0, fmt.Errorf("%v of %v: %w", want, path, err)
		}
	}
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return 0, 0, err
	}
	end = int(dec.InputOffset())
	return end - len(value), end, nil
}

// seek reads up to the value of a key or an index.
func seek(dec *json.Decoder, want any) error {
	for i := 0; dec.More(); i++ {
		var at any = i
		if _, isKey := want.(string); isKey {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			at = key
		}
		if at == want {
			return nil
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return err
		}
	}
	return os.ErrNotExist
}
