package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	units "github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/handlers"
	ws "github.com/buildls/buildls/workspace"
)

// contextCommand is `buildls context`.
func contextCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "context [flags] CONTEXT",
		Short: "what a build would send, and why",
		Long: `Says which files of CONTEXT, a directory, a build would send to its engine: how many, the
largest, those that each instruction takes, what the ignore file leaves out and by which line,
and what looks like a secret. It builds nothing and asks no engine.

exit code: 0 known, 1 not known, 2 wrong usage`,
		ValidArgsFunction: folders,
	}
	var t handlers.TerminalBuild
	asJSON := false
	fileFlag(cmd, &t)
	stageFlags(cmd, &t)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON: what an editor's buildls.context answers")
	cmd.RegisterFlagCompletionFunc("file", dockerfiles)
	offer(cmd, "target", stagesOf(&t))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("it takes one CONTEXT, not %d", len(args))
		}
		t.Context, t.Stdin = args[0], interruptible(cmd.Context(), std.in)
		r, err := t.Survey(cmd.Context())
		switch {
		case err == nil && asJSON:
			err = writeContract(r, std)
		case err == nil:
			showContext(r, std)
		}
		if err != nil {
			fmt.Fprintf(std.err, "buildls context: %s\n", redact.URLs(err.Error()))
			return exitCode(exitFailed)
		}
		return nil
	}
	return cmd
}

// showContext shows it to people. Lines are counted from 1.
func showContext(r *handlers.ContextResult, std stdio) {
	fmt.Fprintf(std.out, "%s: %s\n", r.Context, filesOf(r.Files, r.Bytes))
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for i, u := range r.ByInstruction {
		title(w, i, "taken by")
		said := filesOf(u.Files, u.Bytes)
		for _, path := range u.Missing {
			said += ", nothing matches " + path
		}
		if u.Error != "" {
			said += ", " + u.Error
		}
		fmt.Fprintf(w, "  line %d\t%s\t%s\n", u.Range.Start.Line+1, u.Name, said)
	}
	for i, l := range r.Largest {
		title(w, i, "largest")
		fmt.Fprintf(w, "  %s\t%s\n", l.Path, sizeOfFiles(l.Bytes))
	}
	for i, x := range r.Excluded {
		title(w, i, "left out by "+baseOf(x.URI))
		fmt.Fprintf(w, "  line %d\t%s\t%s, %s\n", x.Line+1, x.Pattern, counted(x.Files, "file", "files"), counted(x.Dirs, "directory", "directories"))
	}
	w.Flush()
	for _, list := range []struct {
		title string
		paths []string
	}{{"looks like a secret", r.Secrets}, {"may not be read", r.Unreadable}} {
		if len(list.paths) > 0 {
			fmt.Fprintf(std.out, "\n%s\n  %s\n", list.title, strings.Join(list.paths, "\n  "))
		}
	}
}

// title writes a title before the first row of a table.
func title(w *tabwriter.Writer, row int, text string) {
	if row == 0 {
		w.Flush()
		fmt.Fprintf(w, "\n%s\n", text)
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// filesOf is how many files there are, and how large they are together.
func filesOf(n int, bytes int64) string {
	return counted(n, "file", "files") + ", " + sizeOfFiles(bytes)
}

func sizeOfFiles(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }

// baseOf is the name of the file that a URI names.
func baseOf(uri ws.URI) string {
	if path, ok := uri.Path(); ok {
		return filepath.Base(path)
	}
	return string(uri)
}
