package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	units "github.com/docker/go-units"
	"github.com/spf13/cobra"
	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/handlers"
)

// buildsCommand is `buildls builds`.
func buildsCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "builds [--json] [ID]\nbuilds --log ID [--step N]",
		Short: "the last builds, here and in editors",
		Long: `Lists the last builds, of editors and terminals, the newest first: all that are remembered,
or one of them with its steps. Of an ID its first letters are enough.`,
	}
	var asJSON bool
	var logOf string
	var step int
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	value(cmd, "log", "ID", "what a build printed", setTo(&logOf))
	value(cmd, "step", "N", "or what step N of it did; steps are counted from 1 here, and from\n"+
		"0 in an editor's buildls.log", parseTo(&step, strconv.Atoi))
	cmd.ValidArgsFunction = complete(buildIDs)
	offer(cmd, "log", buildIDs)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case cmd.Flags().Changed("log") && (logOf == "" || logOf[0] == '-'):
			return fmt.Errorf("--log takes the ID of a build, not %q", logOf)
		case len(args) > 1:
			return fmt.Errorf("it takes one ID, not %d", len(args))
		case logOf != "" && (len(args) > 0 || asJSON):
			return errors.New("--log takes no other ID and no --json")
		case cmd.Flags().Changed("step") && (logOf == "" || step < 1):
			return errors.New("--step takes the number of a step, from 1 on, and --log")
		}
		id := logOf
		if len(args) > 0 {
			id = args[0]
		}
		return showKept(id, logOf != "", step, asJSON, std)
	}
	return cmd
}

// shortID is how many letters of an ID are shown in a list.
const shortID = 8

// showKept shows the build whose ID begins so, or its log, or all builds if id is empty.
func showKept(id string, log bool, step int, asJSON bool, std stdio) error {
	all := handlers.PastBuilds(func(err error) { fmt.Fprintf(std.err, "warning: %v\n", err) })
	if id == "" {
		return exitCode(showBuilds(all, asJSON, std))
	}
	b, err := buildOf(all, id)
	if err == nil && log && step > len(b.Steps) {
		err = fmt.Errorf("build %q has %d steps, counted from 1", b.ID, len(b.Steps))
	} else if err == nil && log {
		err = showLog(b.ID, step, std)
	} else if err == nil {
		err = showBuild(b, asJSON, std)
	}
	if err != nil {
		fmt.Fprintf(std.err, "buildls builds: %v\n", err)
		return exitCode(exitFailed)
	}
	return nil
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
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d of %d\t%s\t%s\t%s\n", b.ID[:min(shortID, len(b.ID))], ago(b.Started), b.Status, took(b.DurationMs),
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
