package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/sirupsen/logrus"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/handlers"
)

const buildUsage = `usage: buildls build [flags] CONTEXT

Builds the Dockerfile in CONTEXT, a directory, as the editor does.

flags:
  -f, --file FILE          the Dockerfile, or - for stdin (default CONTEXT/Dockerfile)
  -t, --tag NAME           name the image; may be repeated
      --target STAGE       build this stage
      --build-arg NAME=VALUE
                           set a build argument; NAME alone takes the environment's value
      --platform OS/ARCH[,...]
                           build for these platforms
      --no-cache           use nothing of the cache
      --engine ENGINE      auto, docker, embedded, or the address of a buildkitd
      --progress MODE      auto, plain, tty, quiet or rawjson (default auto)

exit code: 0 built, 1 failed, 2 wrong usage
`

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// buildCommand is `buildls build`.
func buildCommand(ctx context.Context, args []string, std stdio) int {
	var t handlers.TerminalBuild
	var tags, buildArgs, platforms list
	flags := newFlagSet("build", std.err)
	flags.Usage = func() { fmt.Fprint(std.err, buildUsage) }
	flags.StringVar(&t.File, "f", "", "")
	flags.StringVar(&t.File, "file", "", "")
	flags.Var(&tags, "t", "")
	flags.Var(&tags, "tag", "")
	flags.StringVar(&t.Target, "target", "", "")
	flags.Var(&buildArgs, "build-arg", "")
	flags.Var(&platforms, "platform", "")
	flags.BoolVar(&t.NoCache, "no-cache", false, "")
	flags.StringVar(&t.Engine, "engine", "", "")
	progress := flags.String("progress", "auto", "")
	contexts, code, ok := parseMixed(flags, args, std)
	if !ok {
		return code
	}
	if len(contexts) != 1 {
		fmt.Fprintf(std.err, "buildls build: takes one CONTEXT, not %d\n%s", len(contexts), buildUsage)
		return exitUsage
	}
	t.Context, t.Tags, t.BuildArgs = contexts[0], tags, splitArgs(buildArgs)
	for _, p := range platforms {
		t.Platforms = append(t.Platforms, strings.Split(p, ",")...)
	}
	if t.File == "-" {
		stdin, err := io.ReadAll(std.in)
		if err != nil {
			fmt.Fprintf(std.err, "buildls build: reading stdin: %v\n", err)
			return exitUsage
		}
		t.Stdin = stdin
	}
	return runBuild(ctx, &t, *progress, std)
}

// parseMixed parses flags that may stand before and after arguments, as `docker build`
// allows.
func parseMixed(flags *flag.FlagSet, args []string, std stdio) (rest []string, code int, ok bool) {
	for {
		if code, ok := parse(flags, args, std); !ok {
			return nil, code, false
		}
		if flags.NArg() == 0 {
			return rest, 0, true
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

func splitArgs(args []string) map[string]*string {
	out := map[string]*string{}
	for _, a := range args {
		name, value, given := strings.Cut(a, "=")
		out[name] = nil
		if given {
			out[name] = &value
		}
	}
	return out
}

// runBuild builds and shows it.
func runBuild(ctx context.Context, t *handlers.TerminalBuild, mode string, std stdio) int {
	logrus.SetOutput(io.Discard)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, wishes, err := t.Request(func(err error) { cancel(err) })
	if err != nil {
		fmt.Fprintf(std.err, "buildls build: %v\n", err)
		return exitUsage
	}
	display, err := progressui.NewDisplay(std.err, progressui.DisplayMode(mode))
	if err != nil {
		fmt.Fprintf(std.err, "buildls build: --progress: %v\n", err)
		return exitUsage
	}
	var engines engine.Pool
	defer engines.Close()
	choice, err := engines.Resolve(ctx, func(m string) { fmt.Fprintln(std.err, m) }, wishes...)
	if err != nil {
		fmt.Fprintf(std.err, "buildls build: %v\n", err)
		return exitFailed
	}
	defer choice.Release()
	out := buildShowing(ctx, choice.Conn, req, display)
	return report(out, req, choice.Conn.Info, mode, std)
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
func report(out *build.Outcome, req *build.Request, info engine.Info, mode string, std stdio) int {
	switch out.Status {
	case build.Canceled:
		fmt.Fprintln(std.err, "canceled")
		return exitFailed
	case build.Failed:
		fmt.Fprint(std.err, excerpt(req, out.Failure))
		fmt.Fprintf(std.err, "error: %s\n", out.Failure.Message)
		return exitFailed
	}
	for _, w := range out.Warnings {
		fmt.Fprintf(std.err, "%s:%d: warning: %s (%s)\n", req.DockerfileName, w.Lines.First+1, w.Message, w.Code)
	}
	cached := len(slices.DeleteFunc(slices.Clone(out.Steps), func(s build.Step) bool { return s.Status != build.Cached }))
	fmt.Fprintf(std.err, "built in %.1f s on %s, %d of %d steps cached", out.Duration.Seconds(), info, cached, len(out.Steps))
	switch {
	case out.Exported:
		fmt.Fprintln(std.err, "", strings.Join(req.Tags, " "))
		if mode == "quiet" {
			fmt.Fprintln(std.out, out.ImageID)
		}
	case len(req.Tags) > 0:
		fmt.Fprintf(std.err, "\nwarning: it stays in the build cache and was not tagged: %s has no image store\n", info)
	default:
		fmt.Fprintln(std.err, ", where it stays in the build cache")
	}
	return exitOK
}

// excerpt shows the lines at fault with those around them.
func excerpt(req *build.Request, f *build.Failure) string {
	if f.Lines == nil {
		return ""
	}
	var b strings.Builder
	lines := strings.Split(string(req.Dockerfile), "\n")
	fmt.Fprintf(&b, "%s:%d\n", req.DockerfileName, f.Lines.First+1)
	for i := max(0, f.Lines.First-2); i < min(len(lines), f.Lines.Last+3); i++ {
		mark := "   "
		if i >= f.Lines.First && i <= f.Lines.Last {
			mark = ">>>"
		}
		fmt.Fprintf(&b, " %4d %s %s\n", i+1, mark, strings.TrimRight(lines[i], "\r"))
	}
	return b.String()
}
