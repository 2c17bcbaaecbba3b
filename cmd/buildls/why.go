package main

import (
	"cmp"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/handlers"
	ws "github.com/buildls/buildls/workspace"
)

// whyCommand is `buildls why`.
func whyCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "why [--json] [ID]",
		Short: "why steps of a build ran again, and why it failed",
		Long: `Says why the steps of a build were not found in the cache, and why the build failed, if it
did. ID is that of "buildls builds", or its first letters; without it, it is the last build.
Steps are counted from 1; in JSON, from 0.`,
		ValidArgsFunction: complete(buildIDs),
	}
	asJSON := false
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON: {id, uri, status, steps: [{step, name, status, why}], error}")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("it takes one ID, not %d", len(args))
		}
		b, err := keptBuild(append(args, "")[0], std)
		switch {
		case err == nil && asJSON:
			err = writeContract(struct {
				ID     string   `json:"id"`
				URI    ws.URI   `json:"uri"`
				Status string   `json:"status"`
				Steps  []reason `json:"steps"`
				Error  any      `json:"error"` // the result's, or null
			}{b.ID, b.URI, b.Status, reasonsOf(b), b.Error}, std)
		case err == nil:
			showReasons(b, std)
		}
		if err != nil {
			fmt.Fprintf(std.err, "buildls why: %v\n", err)
			return exitCode(exitFailed)
		}
		return nil
	}
	return cmd
}

// keptBuild is the build whose ID begins so, the newest if it is empty.
func keptBuild(id string, std stdio) (*handlers.BuildResult, error) {
	all := handlers.PastBuilds(func(err error) { fmt.Fprintf(std.err, "warning: %v\n", err) })
	if id == "" && len(all) > 0 {
		return all[0], nil
	}
	if len(all) == 0 {
		return nil, errors.New("no builds are remembered")
	}
	return buildOf(all, id)
}

// unknownReason stands where nothing is known, as of what an older buildls built.
const unknownReason = "not known: it was not kept what this build, or the one before, was made of"

// A reason says why a step ran.
type reason struct {
	Step   int    `json:"step"` // 0-based
	Name   string `json:"name"`
	Status string `json:"status"`
	Why    string `json:"why"`
}

// reasonsOf are those of the steps that ran.
func reasonsOf(b *handlers.BuildResult) []reason {
	list := []reason{}
	for i, s := range b.Steps {
		if s.Status == "done" || s.Status == "failed" {
			list = append(list, reason{i, s.Name, s.Status, cmp.Or(s.Why, unknownReason)})
		}
	}
	return list
}

func showReasons(b *handlers.BuildResult, std stdio) {
	fmt.Fprintf(std.out, "%s: %s, %s\n%s\n", b.ID, b.Status, ago(b.Started), dockerfileOf(b))
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	reasons := reasonsOf(b)
	for i, r := range reasons {
		title(w, i, "not cached")
		fmt.Fprintf(w, "  %d\t%s\t%s\n", r.Step+1, r.Name, r.Why)
	}
	w.Flush()
	if len(reasons) == 0 {
		fmt.Fprintln(std.out, "\nno step ran")
	}
	if b.Error != nil {
		fmt.Fprintf(std.out, "\nerror: %s\n", b.Error.Message)
	}
}
