package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/handlers"
)

// filesCommand is `buildls files`.
func filesCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "files [--json] ID STEP [PATH]",
		Short: "what a step of a build did to files, and what is in one",
		Long: `Lists the files that a step of a past build added, changed and deleted. With a PATH, it prints
that file as the step left it, or lists what changed below that directory. ID is that of
"buildls builds", or its first letters. "buildls builds ID" shows the numbers of the steps. The
engine that built finds them in its cache. Nothing is run.

exit code: 0 shown, 1 not to be had, 2 wrong usage`,
		ValidArgsFunction: complete(buildSteps),
	}
	asJSON := false
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON: what an editor's buildls.files or buildls.file answers")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		step, err := stepIn(args)
		switch {
		case err != nil:
			return err
		case len(args) > 3:
			return fmt.Errorf("it takes one PATH, not %d", len(args)-2)
		}
		b, err := keptBuild(args[0], std)
		if err == nil && len(args) == 3 {
			err = showFile(cmd.Context(), b, step, args[2], asJSON, std)
		} else if err == nil {
			err = showChanges(cmd.Context(), b, step, "/", asJSON, std)
		}
		if err != nil {
			fmt.Fprintf(std.err, "buildls files: %v\n", err)
			return exitCode(exitFailed)
		}
		return nil
	}
	return cmd
}

// stepIn is the step, 0-based, of the arguments ID STEP.
func stepIn(args []string) (step int, err error) {
	if len(args) < 2 {
		return 0, errors.New("it takes the ID of a build, and the number of a STEP; buildls builds ID lists the steps")
	}
	step, err = strconv.Atoi(args[1])
	if err != nil || step < 1 {
		return 0, fmt.Errorf("STEP is the number of a step, counted from 1, not %q", args[1])
	}
	return step - 1, nil
}

// buildSteps lists builds, and then the steps of one.
func buildSteps(args []string, word string) (list []string) {
	if len(args) != 1 {
		return buildIDs(args, word)
	}
	b, err := buildOf(handlers.PastBuilds(func(error) {}), args[0])
	if err != nil {
		return nil
	}
	for i, s := range b.Steps {
		list = append(list, cobra.CompletionWithDesc(strconv.Itoa(i+1), s.Name))
	}
	return list
}

// showChanges lists what a step did below a directory.
func showChanges(ctx context.Context, b *handlers.BuildResult, step int, dir string, asJSON bool, std stdio) error {
	changes, err := b.Changes(ctx, step, dir)
	if err != nil {
		return err
	}
	if asJSON {
		return writeContract(changes, std)
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%d\t%s\n", c.Change, c.Bytes, c.Path)
	}
	if err := w.Flush(); !errors.Is(err, syscall.EPIPE) { // head has read enough
		return err
	}
	return nil
}

// showFile prints a file as a step left it. Of a directory it lists what changed there.
func showFile(ctx context.Context, b *handlers.BuildResult, step int, path string, asJSON bool, std stdio) error {
	f, err := b.File(ctx, step, path)
	if none := (*inspect.NoFileError)(nil); errors.As(err, &none) && none.Directory {
		return showChanges(ctx, b, step, path, asJSON, std)
	}
	switch {
	case err != nil:
		return err
	case asJSON:
		return writeContract(f, std)
	case f.Binary:
		return fmt.Errorf("%s is no text: it has %d bytes", path, f.Bytes)
	}
	fmt.Fprint(std.out, f.Text)
	if f.Truncated {
		fmt.Fprintf(std.err, "the rest of %d bytes is not shown\n", f.Bytes)
	}
	return nil
}

// shellCommand is `buildls shell`.
func shellCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "shell ID STEP [-- COMMAND...]",
		Short: "a shell, or a command, in what a step of a build left",
		Long: `Runs a shell, or COMMAND, in the files that a step of a past build left, with the mounts and the
environment of the step. What it changes is lost. ID is that of "buildls builds", or its first
letters. "buildls builds ID" shows the numbers of the steps. The engine that built finds the files
in its cache; the step is not run again. A step that failed has left nothing: an editor opens a
shell in one.

exit code: that of the program, 125 if it could not run, 2 wrong usage`,
		ValidArgsFunction: complete(buildSteps),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		before := cmd.ArgsLenAtDash()
		if before < 0 {
			before = len(args)
		}
		step, err := stepIn(args[:before])
		switch {
		case err != nil:
			return err
		case before != 2:
			return errors.New("a COMMAND stands behind --")
		}
		code := 0
		b, err := keptBuild(args[0], std.clean())
		if err == nil {
			err = b.Inspect(cmd.Context(), step, func(p *inspect.Build) (err error) {
				code, err = inThisTerminal(cmd.Context(), std, func(ctx context.Context, t attach.Terminal) (int, error) {
					t.Args = args[before:]
					return p.Shell(ctx, step, nil, t)
				})
				return err
			})
		}
		if err != nil {
			fmt.Fprintf(std.clean().err, "buildls shell: %v\n", err)
			return exitCode(exitLost)
		}
		return exitCode(code)
	}
	return cmd
}
