package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/handlers/plan"
	ws "github.com/buildls/buildls/workspace"
)

// buildCommand is `buildls build`.
func buildCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "build [flags] CONTEXT\nbuild [flags] --profile NAME [CONTEXT]",
		Short: "the same build, here",
		Long: `Builds the Dockerfile in CONTEXT as the editor does. CONTEXT is a directory, the URL of a
git repository (https://host/repo.git#ref:subdir), of a tar or of a Dockerfile, or - for a
tar or a Dockerfile on stdin. A profile has a context of its own.

exit code: 0 built, 1 failed, 2 wrong usage`,
		ValidArgsFunction: folders,
	}
	var t handlers.TerminalBuild
	buildFlags(cmd, &t)
	check, asJSON := false, false
	progress := progressFlags(cmd, "print the image's id alone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result alone, as JSON; progress stays on stderr")
	cmd.Flags().BoolVar(&check, "check", false, "say what is wrong with the Dockerfile, and do not build it")
	value(cmd, "call", "METHOD", "", func(s string) error {
		if s != "check" && s != "build" {
			return errors.New("it can be build or check")
		}
		check = s == "check"
		return nil
	})
	cmd.Flags().MarkHidden("call")
	completeBuild(cmd, &t)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in, err := contextIn(args, &t)
		switch {
		case err != nil:
			return err
		case check && t.Profile != "":
			return errors.New("--check takes no --profile; buildls check FILE checks a Dockerfile by all profiles that build it")
		case check && asJSON:
			return errors.New("--json is about a build; buildls check --format json says what is wrong with a Dockerfile")
		case check:
			return checkInstead(cmd.Context(), in, &t, std.clean())
		}
		return buildThen(cmd, in, &t, showing{*progress, asJSON}, std, func(b *inspect.Build, std stdio) int {
			return report(cmd, b.Outcome, b.Request, b.Conn.Info, *progress, std)
		})
	}
	return cmd
}

// contextIn is the one CONTEXT among the arguments; "" if it is the profile's.
func contextIn(args []string, t *handlers.TerminalBuild) (string, error) {
	switch {
	case len(args) == 1:
		return args[0], nil
	case len(args) > 0:
		return "", fmt.Errorf("it takes one CONTEXT, not %d", len(args))
	case t.Profile == "":
		return "", errors.New("it takes one CONTEXT, not 0; write . for this directory")
	}
	return "", nil
}

// progressFlags has flags say how a build is shown. quietly is what it means to be quiet.
func progressFlags(cmd *cobra.Command, quietly string) *string {
	progress := "auto"
	value(cmd, "progress", "MODE", "auto, plain, tty, quiet or rawjson (default auto)", setTo(&progress))
	cmd.Flags().BoolFuncP("quiet", "q", quietly, func(s string) error {
		quiet, err := strconv.ParseBool(s)
		if quiet {
			progress = "quiet"
		}
		return err
	})
	return &progress
}

// interruptible is r until ctx ends, although a read from a terminal or a pipe does not.
// The one that is under way then ends with the process.
func interruptible(ctx context.Context, r io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}

// showing is how a build is shown in a terminal.
type showing struct {
	progress string // a mode of progressui, on stderr
	json     bool   // stdout has the contract's result, and nothing else
}

// buildThen builds for a command, shows it, and goes on with the build that has ended. The error is
// the command's.
func buildThen(cmd *cobra.Command, in string, t *handlers.TerminalBuild, how showing, std stdio, then func(*inspect.Build, stdio) int) error {
	t.Context = in
	if t.Context == "-" || t.File == "-" {
		t.Stdin = interruptible(cmd.Context(), std.in)
	}
	display, err := progressui.NewDisplay(std.err, progressui.DisplayMode(how.progress)) // of what it shows, Run has cleaned what is not ours
	if err != nil {
		return fmt.Errorf("--progress: %w", err)
	}
	std.err = std.clean().err
	shown := std
	if how.json {
		shown.out = unclosed{io.Discard}
	}
	code := runBuild(cmd, t, how, display, shown, then)
	if result := t.Result(); how.json && result != nil {
		if err := writeContract(result, std.clean()); err != nil {
			fmt.Fprintf(std.err, "buildls %s: %v\n", cmd.Name(), err)
			return exitCode(exitFailed)
		}
	}
	return exitCode(code)
}

// runBuild builds for a command.
func runBuild(cmd *cobra.Command, t *handlers.TerminalBuild, how showing, display progressui.Display, std stdio, then func(*inspect.Build, stdio) int) int {
	logrus.SetOutput(io.Discard)
	command := cmd.Name()
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	t.Stdout = std.out
	warn := func(err error) { fmt.Fprintf(std.err, "warning: %v\n", err) }
	req, preferences, err := t.Request(func(err error) { cancel(err) })
	if ctx.Err() != nil {
		out := &build.Outcome{}
		out.Status, out.Failure = build.Stopped(ctx)
		t.Keep(out, engine.Info{}, warn)
		return report(cmd, out, &build.Request{}, engine.Info{}, how.progress, std)
	}
	if err != nil {
		message := inFlags(cmd, redact.URLs(err.Error()))
		fmt.Fprintf(std.err, "buildls %s: %s\n", command, message)
		if errors.As(err, new(plan.EncodingError)) {
			t.Keep(notStarted(message), engine.Info{}, warn)
			return exitFailed
		}
		return exitUsage
	}
	toStdout := slices.ContainsFunc(req.Outputs, func(o build.Output) bool { return o.Dest == build.Stdout })
	switch {
	case command == "run" && !req.MakesImage():
		fmt.Fprintln(std.err, "buildls run: an output of type local or tar is no image that could be run; use buildls build")
		return exitUsage
	case command == "run" && toStdout:
		fmt.Fprintln(std.err, "buildls run: the standard output is the program's; give the output a file as its dest")
		return exitUsage
	case toStdout && how.json:
		fmt.Fprintln(std.err, "buildls build: with --json the result alone is written to stdout; give the output a file as its dest")
		return exitUsage
	case toStdout && isTerminal(std.out):
		fmt.Fprintln(std.err, "buildls build: refusing to write a tar to a terminal; redirect it, or give dest")
		return exitUsage
	}
	var engines engine.Pool
	defer engines.Close()
	choice, err := engines.Resolve(ctx, func(m string) { fmt.Fprintln(std.err, m) }, req.Platforms, preferences...)
	if err != nil {
		fmt.Fprintf(std.err, "buildls %s: %v\n", command, err)
		t.Keep(notStarted(err.Error()), engine.Info{}, warn)
		return exitFailed
	}
	defer choice.Release()
	for _, note := range choice.Conn.TakeNotes() {
		fmt.Fprintf(std.err, "warning: %s\n", note)
	}
	out := buildShowing(ctx, choice.Conn, req, display)
	t.Keep(out, choice.Conn.Info, warn)
	return then(&inspect.Build{Outcome: out, Conn: choice.Conn, Request: req}, std)
}

// notStarted is how a build ended that no engine was asked for.
func notStarted(message string) *build.Outcome {
	return &build.Outcome{Status: build.Failed, Failure: &build.Failure{Message: message, Code: "build"}}
}

// buildShowing builds with a live display.
func buildShowing(ctx context.Context, conn *engine.Conn, req *build.Request, display progressui.Display) *build.Outcome {
	statuses := make(chan *client.SolveStatus)
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		display.UpdateFrom(context.WithoutCancel(ctx), statuses)
	}()
	out := build.Run(ctx, conn, req, build.Observer{Status: func(s *client.SolveStatus) { statuses <- s }})
	close(statuses)
	<-shown
	return out
}

// report says how the build ended.
func report(cmd *cobra.Command, out *build.Outcome, req *build.Request, info engine.Info, mode string, std stdio) int {
	for _, w := range out.Warnings {
		if out.Status == build.Done || w.Code == build.UndeclaredArg { // which may be why it failed
			at := ws.NewText(string(out.Dockerfile)).RowRange(w.Lines.First, w.Lines.Last, ws.UTF8)
			fmt.Fprintf(std.err, "%s:%d: warning: %s (%s)\n", req.DockerfileName, at.Start.Line+1, w.Message, w.Code)
		}
	}
	switch out.Status {
	case build.Canceled:
		fmt.Fprintln(std.err, "canceled")
		return exitFailed
	case build.Failed:
		fmt.Fprint(std.err, excerpt(req.DockerfileName, out))
		fmt.Fprintf(std.err, "error: %s\n", inFlags(cmd, out.Failure.Message))
		return exitFailed
	}
	for _, note := range out.Notes {
		fmt.Fprintf(std.err, "warning: %s\n", note)
	}
	quiet := mode == "quiet"
	if len(req.Outputs) == 0 && !out.Exported {
		switch {
		case len(req.Tags) > 0:
			fmt.Fprintf(std.err, "warning: the image stays in the build cache and was not tagged: %s has no image store. %s\n", info, wayOut)
		case quiet && cmd.Name() == "build": // of which that is all that is asked
			fmt.Fprintf(std.err, "warning: the image stays in the build cache and has no id: %s has no image store. %s\n", info, wayOut)
		}
	}
	if quiet && out.Exported && !slices.ContainsFunc(req.Outputs, func(o build.Output) bool { return o.Dest == build.Stdout }) {
		fmt.Fprintln(std.out, out.ImageID)
	}
	if !quiet {
		fmt.Fprintln(std.err, summary(out, req, info))
	}
	return exitOK
}

// wayOut says how to have an image that stays in the build cache.
const wayOut = "-o, --push or --load take it out"

// summary is the last line of a build that succeeded.
func summary(out *build.Outcome, req *build.Request, info engine.Info) string {
	cached := 0
	for _, s := range out.Steps {
		if s.Status == build.Cached {
			cached++
		}
	}
	text := fmt.Sprintf("built in %.1f s on %s, %d of %d steps cached", out.Duration.Seconds(), info, cached, len(out.Steps))
	switch {
	case out.Exported:
		return text + " " + strings.Join(out.Tags, " ")
	case len(req.Outputs) == 0:
		return text + "; the image stays in the build cache. " + wayOut
	}
	return text
}

// excerpt shows the lines at fault with those around them.
func excerpt(name string, out *build.Outcome) string {
	f := out.Failure
	if f.Lines == nil {
		return ""
	}
	var b strings.Builder
	text := ws.NewText(string(out.Dockerfile))
	at := text.RowRange(f.Lines.First, f.Lines.Last, ws.UTF8)
	fmt.Fprintf(&b, "%s:%d\n", name, at.Start.Line+1)
	for i := max(0, at.Start.Line-2); i < min(text.Lines(), at.End.Line+3); i++ {
		mark := "   "
		if i >= at.Start.Line && i <= at.End.Line {
			mark = ">>>"
		}
		fmt.Fprintf(&b, " %4d %s %s\n", i+1, mark, redact.URLs(text.Line(i)))
	}
	return b.String()
}
