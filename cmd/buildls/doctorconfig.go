package main

import (
	"fmt"
	"io"
	"strings"

	units "github.com/docker/go-units"

	"github.com/buildls/buildls/build/engine/embedded"
)

// printConfig shows the embedded engine's configuration, and where it is from.
func printConfig(w io.Writer, r *embedded.Report) {
	fmt.Fprintln(w, "\nthe embedded engine's configuration:")
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	if r.Error != "" {
		row("error", "%s", r.Error)
		return
	}
	file := "none"
	if r.File != "" {
		file = fmt.Sprintf("%s (%s)", r.File, r.Source)
	}
	row("file", "%s", file)
	if r.Pending != nil && *r.Pending {
		row("", "the engine that runs has another; the next build that finds it alone changes that")
	}
	for _, registry := range r.Registries {
		row("registry", "%s: %s", registry.Name, ofRegistry(registry))
	}
	for _, proxy := range r.Proxies {
		row("proxy", "%s=%s (%s)", proxy.Name, proxy.Value, proxy.Source)
	}
	if len(r.NameServers) > 0 {
		row("dns", "%s", strings.Join(r.NameServers, ", "))
	}
	if r.Parallelism > 0 {
		row("steps", "%d at once", r.Parallelism)
	}
	row("limit", "%s", ofCache(r))
	for _, remark := range r.Remarks {
		row("remark", "%s", remark)
	}
	if len(r.Unused) > 0 {
		row("unused", "%s: only a buildkitd uses them", strings.Join(r.Unused, ", "))
	}
}

// ofRegistry says how a registry is reached.
func ofRegistry(r embedded.Registry) string {
	var parts []string
	if len(r.Mirrors) > 0 {
		parts = append(parts, "by way of "+strings.Join(r.Mirrors, ", "))
	}
	if r.PlainHTTP != nil {
		parts = append(parts, map[bool]string{true: "without TLS", false: "with TLS"}[*r.PlainHTTP])
	}
	if r.Insecure {
		parts = append(parts, "its certificate is not checked")
	}
	if len(r.CA) > 0 {
		parts = append(parts, "trusts "+strings.Join(r.CA, ", "))
	}
	if len(r.Certificates) > 0 {
		parts = append(parts, "shows "+strings.Join(r.Certificates, ", "))
	}
	if len(parts) == 0 {
		return "as by default"
	}
	return strings.Join(parts, "; ")
}

// ofCache says how large the cache may become.
func ofCache(r *embedded.Report) string {
	size := func(bytes int64) string { return units.HumanSize(float64(bytes)) }
	var parts []string
	if r.MaxUsedBytes > 0 {
		parts = append(parts, "the cache keeps "+size(r.MaxUsedBytes)+" at most")
	}
	if r.MinFreeBytes > 0 {
		parts = append(parts, fmt.Sprintf("leaves %s of the disk free if it has more than %s", size(r.MinFreeBytes), size(r.ReservedBytes)))
	}
	if len(parts) == 0 {
		return "none: the cache is never made smaller"
	}
	return strings.Join(parts, ", and ")
}
