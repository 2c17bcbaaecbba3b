package handlers

import (
	"bytes"
	"encoding/json"
	"strings"
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
	{ID: "cancel", Title: "Cancel Build", Icon: "$(stop-circle)", When: "buildls.building", Runs: "buildls.cancel"},
	{ID: "builds", Title: "Show Builds", Icon: "$(history)", Runs: "buildls.builds"},
	{ID: "log", Title: "Show Build Log", Icon: "$(output)", Runs: "buildls.log"},
	{ID: "context", Title: "Show Context", Icon: "$(list-tree)", Runs: "buildls.context"},
	{ID: "builder", Title: "Select Builder", Icon: "$(server-environment)", When: trusted, Runs: "buildls.engine"},
	{ID: "doctor", Title: "Doctor", Icon: "$(pulse)", When: trusted},
	{ID: "shell", Title: "Open Shell", Icon: "$(terminal)", When: trusted, Runs: "buildls.shell"},
	{ID: "line", Title: "Go to Line", Icon: "$(go-to-file)"},
	{ID: "refresh", Title: "Refresh", Icon: "$(refresh)"},
	{ID: "menu", Title: "Show Menu", Icon: "$(menu)"},
	{ID: "restart", Title: "Restart Server", Icon: "$(debug-restart)"},
}

// ManifestCommands are the contributes.commands of VS Code's manifest, in JSON.
func ManifestCommands() ([]byte, error) {
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

// ManifestSettings are the properties of contributes.configuration, in JSON. They stand
// in the order of the description.
func ManifestSettings() ([]byte, error) {
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
