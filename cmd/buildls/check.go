package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/handlers"
	ws "github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// A checked is a file and what is wrong with it.
type checked struct {
	name     string // as it was given, or found
	text     *ws.Text
	problems []dockerfile.Problem
	fails    dockerfile.Severity // what is as severe fails
	note     string              // of its rules
	repair
}

// A check is what is asked of `buildls check`.
type check struct {
	format string
	dir    string // whose .dockerignore counts
	known  baseline
	rules  projectRules
	given  []lint.File // the ways in which `buildls build --check` would build; nil: as the projects around do
	built  projects
	fix    bool // what can be mended without asking
	diff   bool // show how, instead
	shell  shellCheck
}

// checkCommand is `buildls check`.
func checkCommand(std stdio) *cobra.Command {
	c, strict := check{format: "text"}, false
	cmd := &cobra.Command{
		Use:   "check [flags] FILE...",
		Short: "what is wrong with Dockerfiles",
		Long: `Says what is wrong with Dockerfiles, as the editor does while you type. A FILE may be a
folder, in which Dockerfiles are looked for, or - for stdin. In a folder, links are followed,
each Dockerfile is checked once, and .git, node_modules and vendor are left out.

A Dockerfile is checked as the compose and bake files around it build it, with the rules of
--rules, of a .hadolint.yaml, and of its own comments: see buildls help rules.

exit code: 0 nothing found that fails, 1 errors (or what --failure-threshold names), 2 wrong usage,
or something could not be checked: a file that is missing, one that cannot be read, a folder
without a Dockerfile. What can be checked is, and the rest is said on stderr. With --diff it is 1
if something can be fixed.`,
		ValidArgsFunction: dockerfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("it takes a FILE")
			}
			if c.known.update && c.known.file == "" {
				return errors.New("--update-baseline: add --baseline FILE, which names the file")
			}
			if c.fix && c.diff || c.diff && c.known.file != "" {
				return errors.New("--diff shows what --fix would change, and goes with neither --fix nor --baseline")
			}
			if strict && (c.rules.fails == nil || *c.rules.fails < dockerfile.Warning) {
				c.rules.fails = new(dockerfile.Warning)
			}
			return c.run(cmd.Context(), args, std)
		},
	}
	names := strings.Join(slices.Sorted(maps.Keys(formats)), ", ")
	value(cmd, "format", "FORMAT", names+" (default text)", func(s string) error {
		if formats[s] == nil {
			return errors.New("it can be " + names)
		}
		c.format = s
		return nil
	})
	offer(cmd, "format", oneOf(slices.Sorted(maps.Keys(formats))...))
	value(cmd, "failure-threshold", "LEVEL", "what fails: error, warning, info, hint or none (default error)", func(s string) error {
		level, ok := thresholds[s]
		if !ok {
			return errors.New("it can be error, warning, info, hint (or style) or none")
		}
		c.rules.fails = &level
		return nil
	})
	offer(cmd, "failure-threshold", oneOf("error", "warning", "info", "hint", "none"))
	cmd.Flags().BoolVar(&strict, "strict", false, "a warning fails too: --failure-threshold warning")
	value(cmd, "baseline", "FILE", "leave out the problems that this file has", setTo(&c.known.file))
	cmd.Flags().BoolVar(&c.known.update, "update-baseline", false, "write what is found to the file of --baseline, and tell nothing")
	cmd.Flags().BoolVar(&c.fix, "fix", false, "fix what leaves the image as it is, and tell what is left")
	cmd.Flags().BoolVar(&c.diff, "diff", false, "show what --fix would change, as patch reads it, and change nothing")
	value(cmd, "rules", "SET", "rules: buildkit, recommended or all (default recommended)", func(s string) error {
		if !slices.Contains(practice.Sets, s) {
			return errors.New("it can be buildkit, recommended or all")
		}
		c.rules.set = practice.Set(s)
		return nil
	})
	offer(cmd, "rules", oneOf(practice.Sets...))
	c.shell.flag(cmd)
	value(cmd, "context", "DIR", "whose .dockerignore counts (default: the Dockerfile's folder)", setTo(&c.dir))
	return cmd
}

func (c *check) run(ctx context.Context, names []string, std stdio) error {
	if err := c.shell.find(std.err); err != nil {
		return err
	}
	if st, err := os.Stat(c.dir); c.dir != "" && (err != nil || !st.IsDir()) {
		return fmt.Errorf("--context: %s is no folder", c.dir)
	}
	files, wrong := c.all(ctx, names, std.in)
	shown, unwritten := c.put(files, std)
	wrong = append(wrong, unwritten...)
	if c.known.file != "" {
		if err := c.known.apply(files); err != nil {
			return err
		}
	}
	if !c.diff {
		if err := formats[c.format](std.out, files); err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, f := range files {
		if f.note != "" {
			fmt.Fprintf(std.err, "buildls check: %s\n", f.note)
		}
	}
	for _, err := range wrong {
		fmt.Fprintf(std.err, "buildls check: %v\n", err)
	}
	if len(wrong) > 0 {
		return exitCode(exitUsage)
	}
	switch {
	case shown:
		return exitCode(exitFailed)
	case c.diff:
		return exitCode(exitOK)
	}
	return exitCode(verdict(files))
}

// thresholds are the values of --failure-threshold; "style" is what hadolint's users write for hint.
// Nothing is as severe as none.
var thresholds = map[string]dockerfile.Severity{"error": dockerfile.Error, "warning": dockerfile.Warning, "info": dockerfile.Information,
	"hint": dockerfile.Hint, "style": dockerfile.Hint, "none": dockerfile.Error - 1}

func verdict(files []checked) int {
	for _, f := range files {
		for _, p := range f.problems {
			if p.Severity <= f.fails {
				return exitFailed
			}
		}
	}
	return exitOK
}

// checkInstead is `buildls build --check`: as with `docker build`, a warning fails.
func checkInstead(ctx context.Context, dir string, t *handlers.TerminalBuild, std stdio) error {
	file := t.File
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return fmt.Errorf("--check: %s is no directory; `buildls check FILE` checks a Dockerfile alone", dir)
	}
	if file == "" {
		file = filepath.Join(dir, "Dockerfile")
	}
	file = ws.New().Snapshot().DockerfileAt(file)
	setup, err := t.Options.Look()
	if err != nil {
		return err
	}
	c := check{format: "text", dir: dir, given: waysOf(setup), rules: projectRules{set: practice.BuildKit, fails: new(dockerfile.Warning)}}
	return c.run(ctx, []string{file}, std)
}

// all checks the files that names stand for, several at a time, and returns them in order, and what
// is wrong with those that it cannot check.
func (c *check) all(ctx context.Context, names []string, stdin io.Reader) (files []checked, wrong []error) {
	found, wrong := findAll(names)
	files, errs := make([]checked, len(found)), make([]error, len(found))
	var eg errgroup.Group
	eg.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range found {
		eg.Go(func() error {
			files[i], errs[i] = c.one(ctx, name, stdin)
			return nil
		})
	}
	eg.Wait()
	files = slices.DeleteFunc(files, func(c checked) bool { return c.text == nil })
	for _, err := range errs {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return files, wrong
}

func (c *check) one(ctx context.Context, name string, stdin io.Reader) (checked, error) {
	data, err := readDockerfile(ctx, name, stdin)
	if err != nil {
		return checked{}, whyNot(name, err)
	}
	const bom = "\ufeff"
	whole := string(data)
	if !bytes.HasPrefix(data, []byte(bom+bom)) { // of two a builder passes over one, as does lint
		data = bytes.TrimPrefix(data, []byte(bom)) // it counts in no column
	}
	ways := []lint.File{{}}
	dir := c.dir
	switch {
	case c.given != nil:
		ways = slices.Clone(c.given)
	case name != "-":
		context := ""
		if ways, context = c.built.of(name); dir == "" {
			dir = cmp.Or(context, filepath.Dir(name))
		}
	}
	if err := dockerfile.Readable(data); err != nil {
		return checked{}, fmt.Errorf("%s is not checked: %w", name, err)
	}
	if fault, wide := survey.Wide(data); wide {
		problem := dockerfile.Problem{Code: "syntax", Message: fault.Reason}
		return checked{name: name, text: ws.NewText(""), problems: []dockerfile.Problem{problem}}, nil
	}
	ignore, path, err := readIgnore(name, dir)
	if err != nil { // the rest can be checked without
		err = whyNot(path, err)
	}
	rules, wrong := c.rules.of(name)
	err = cmp.Or(err, wrong)
	var faults []string
	for _, fault := range survey.Faults(ignore) {
		faults = append(faults, fault.In(filepath.Base(path)))
	}
	model := dockerfile.Parse(data)
	for i := range ways {
		w := &ways[i]
		w.Dockerfile, w.Ignore, w.IgnoreFaults = model, ignore, faults
		rules.Contexts = w.Rules.Contexts
		w.Rules = rules.Config
	}
	out := checked{name: name, fails: rules.fails, note: rules.note, repair: repair{before: whole, after: whole}}
	if c.fix || c.diff {
		model, out.problems, out.fixed = repaired(ctx, ways)
		out.after = whole[:len(whole)-len(data)] + model.String()
	} else {
		out.problems = lint.CheckAll(ctx, ways)
	}
	ways[0].Dockerfile = model
	out.problems, wrong = c.shell.add(ctx, out.problems, ways[0])
	out.text = ws.NewText(model.String())
	return out, cmp.Or(err, wrong)
}

func readDockerfile(ctx context.Context, name string, stdin io.Reader) ([]byte, error) {
	switch {
	case name == "-":
		data, err := io.ReadAll(io.LimitReader(interruptible(ctx, stdin), ws.MaxText+1))
		if len(data) > ws.MaxText {
			err = &build.TooLargeError{Limit: ws.MaxText}
		}
		return data, err
	case strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/proc/"): // what a shell writes for <(…)
		return build.ReadNamed(ctx, name, ws.MaxText)
	}
	return ws.ReadPlain(name)
}

// readIgnore reads the .dockerignore that counts for a Dockerfile: its own, else the
// context's. It is nil if there is none: a directory is none of its own, as to BuildKit.
func readIgnore(name, dir string) (data []byte, path string, err error) {
	own := name + ".dockerignore"
	for _, path = range []string{own, filepath.Join(dir, ".dockerignore")} {
		data, err := ws.ReadPlain(path)
		if err == nil {
			return data, path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && (path != own || !errors.Is(err, ws.ErrDirectory)) {
			return nil, path, err
		}
	}
	return nil, "", nil
}
