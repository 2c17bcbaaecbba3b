package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	units "github.com/docker/go-units"
	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/handlers"
)

const buildsUsage = `buildls builds lists the last builds, of editors and terminals, the newest first.

usage:
  buildls builds [--json]             all that are remembered
  buildls builds [--json] ID          one of them, with its steps
  buildls builds --log ID [--step N]  what it printed, or what step N of it did

Of an ID its first letters are enough. Steps are counted from 1 here, and from 0 in an
editor's buildls.log.
`

// buildsCommand is `buildls builds`.
func buildsCommand(args []string, std stdio) int {
	flags := newFlagSet("builds", std.err)
	flags.Usage = func() { fmt.Fprint(std.err, buildsUsage) }
	asJSON := flags.Bool("json", false, "")
	logOf := flags.String("log", "", "")
	step := flags.Int("step", 0, "")
	rest, code, ok := parseMixed(flags, args, std)
	if !ok {
		return code
	}
	if len(rest) > 1 || *logOf != "" && (len(rest) > 0 || *asJSON) || *step != 0 && *logOf == "" || *step < 0 {
		fmt.Fprint(std.err, buildsUsage)
		return exitUsage
	}
	all := handlers.PastBuilds(func(err error) { fmt.Fprintf(std.err, "warning: %v\n", err) })
	id := *logOf
	if len(rest) > 0 {
		id = rest[0]
	}
	if id == "" {
		return showBuilds(all, *asJSON, std)
	}
	b, err := buildOf(all, id)
	if err == nil && *logOf != "" {
		err = showLog(b.ID, *step, std)
	} else if err == nil {
		err = showBuild(b, *asJSON, std)
	}
	if err != nil {
		fmt.Fprintf(std.err, "buildls builds: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// buildOf is the build whose id begins so.
func buildOf(all []*handlers.BuildResult, id string) (found *handlers.BuildResult, err error) {
	for _, b := range all {
		switch {
		case b.ID == id:
			return b, nil
		case strings.HasPrefix(b.ID, id) && found != nil:
			return nil, fmt.Errorf("several builds begin with %q: give more of the id", id)
		case strings.HasPrefix(b.ID, id):
			found = b
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no build %q is remembered; buildls builds lists those that are", id)
	}
	return found, nil
}

func showLog(id string, step int, std stdio) error {
	var index *int
	if step > 0 {
		step--
		index = &step
	}
	text, err := handlers.PastLog(id, index)
	if err != nil {
		return err
	}
	fmt.Fprint(std.out, text)
	return nil
}

// writeContract writes what the contract describes.
func writeContract(v any, std stdio) error {
	raw, err := protocol.Marshal(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	fmt.Fprintln(std.out, b.String())
	return nil
}

func showBuilds(all []*handlers.BuildResult, asJSON bool, std stdio) int {
	if asJSON {
		if err := writeContract(append([]*handlers.BuildResult{}, all...), std); err != nil {
			fmt.Fprintf(std.err, "buildls builds: %v\n", err)
			return exitFailed
		}
		return exitOK
	}
	if len(all) == 0 {
		fmt.Fprintln(std.err, "no builds are remembered")
		return exitOK
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTARTED\tSTATUS\tTOOK\tCACHED\tDOCKERFILE\tTARGET\tENGINE")
	for _, b := range all {
		cached := 0
		for _, s := range b.Steps {
			if s.Status == "cached" {
				cached++
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d of %d\t%s\t%s\t%s\n", b.ID[:min(8, len(b.ID))], ago(b.Started), b.Status, took(b.DurationMs),
			cached, len(b.Steps), dockerfileOf(b), cmp.Or(b.Target, "-"), cmp.Or(b.Engine, "-"))
	}
	w.Flush()
	return exitOK
}

// showBuild shows a build with its steps, and how long those took before that took
// clearly longer or shorter.
func showBuild(b *handlers.BuildResult, asJSON bool, std stdio) error {
	if asJSON {
		return writeContract(b, std)
	}
	fmt.Fprintf(std.out, "%s: %s, %s, in %s on %s\n%s\n\n", b.ID, b.Status, ago(b.Started), took(b.DurationMs), cmp.Or(b.Engine, "no engine"), dockerfileOf(b))
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for i, s := range b.Steps {
		what := s.Status
		if s.Status == "done" {
			what = took(s.DurationMs)
		}
		if s.Status == "failed" && s.ExitCode != nil {
			what = fmt.Sprintf("exit %d", *s.ExitCode)
		}
		if s.LastMs != nil && (s.Status != "done" || differ(s.DurationMs, *s.LastMs)) {
			what += ", was " + took(*s.LastMs)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\n", i+1, what, s.Name)
	}
	w.Flush()
	if b.Error != nil {
		fmt.Fprintf(std.out, "\nerror: %s\n", b.Error.Message)
	}
	return nil
}

// differ says whether two durations in ms differ by more than chance.
func differ(a, b int64) bool { return max(a, b)-min(a, b) > max(500, max(a, b)/10) }

func took(ms int64) string { return fmt.Sprintf("%.1f s", float64(ms)/1000) }

// ago is how long a time is past.
func ago(started string) string {
	t, err := time.Parse(time.RFC3339, started)
	if err != nil {
		return "-"
	}
	return strings.ToLower(units.HumanDuration(time.Since(t))) + " ago"
}

// dockerfileOf is the path as people write it, or what is in its place.
func dockerfileOf(b *handlers.BuildResult) string {
	path, ok := b.URI.Path()
	if !ok {
		return string(b.URI)
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
	}
	return path
}
