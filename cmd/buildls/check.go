package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	ws "github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// A checked is a file and what is wrong with it.
type checked struct {
	name     string // as it was given, or found
	text     *ws.Text
	problems []dockerfile.Problem
}

// A check is what is asked of `buildls check`.
type check struct {
	format string
	strict bool
	dir    string // whose .dockerignore counts
}

// checkCommand is `buildls check`.
func checkCommand(std stdio) *cobra.Command {
	c := check{format: "text"}
	cmd := &cobra.Command{
		Use:   "check [flags] FILE...",
		Short: "what is wrong with Dockerfiles",
		Long: `Says what is wrong with Dockerfiles, as the editor does while you type. A FILE may be a
folder, in which Dockerfiles are looked for, or - for stdin. In a folder, links are followed,
and each Dockerfile is checked once.

exit code: 0 nothing found that fails, 1 errors (or warnings, with --strict), 2 wrong usage,
or something could not be checked: a file that is missing, one that cannot be read, a folder
without a Dockerfile. What can be checked is, and the rest is said on stderr.`,
		ValidArgsFunction: dockerfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("it takes a FILE")
			}
			return c.run(cmd.Context(), args, std)
		},
	}
	value(cmd, "format", "FORMAT", "text, json or sarif (default text)", func(s string) error {
		if formats[s] == nil {
			return errors.New("it can be text, json or sarif")
		}
		c.format = s
		return nil
	})
	cmd.Flags().BoolVar(&c.strict, "strict", false, "a warning fails too")
	offer(cmd, "format", oneOf("text", "json", "sarif"))
	value(cmd, "context", "DIR", "whose .dockerignore counts (default: the Dockerfile's folder)", setTo(&c.dir))
	return cmd
}

func (c check) run(ctx context.Context, names []string, std stdio) error {
	files, wrong := checkAll(ctx, names, c.dir, std.in)
	if err := formats[c.format](std.out, files); err != nil {
		wrong = append(wrong, err)
	}
	for _, err := range wrong {
		fmt.Fprintf(std.err, "buildls check: %v\n", err)
	}
	if len(wrong) > 0 {
		return exitCode(exitUsage)
	}
	return exitCode(verdict(files, c.strict))
}

func verdict(files []checked, strict bool) int {
	for _, f := range files {
		for _, p := range f.problems {
			if p.Severity == dockerfile.Error || strict && p.Severity == dockerfile.Warning {
				return exitFailed
			}
		}
	}
	return exitOK
}

// checkInstead is `buildls build --check`: as with `docker build`, a warning fails.
func checkInstead(ctx context.Context, dir, file string, std stdio) error {
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return fmt.Errorf("--check: %s is no directory; `buildls check FILE` checks a Dockerfile alone", dir)
	}
	if file == "" {
		file = filepath.Join(dir, "Dockerfile")
	}
	file = ws.New().Snapshot().DockerfileAt(file)
	return check{format: "text", strict: true, dir: dir}.run(ctx, []string{file}, std)
}

// checkAll checks the files that names stand for, several at a time, and returns them in
// order, and what is wrong with those that it cannot check.
func checkAll(ctx context.Context, names []string, dir string, stdin io.Reader) (files []checked, wrong []error) {
	found, wrong := findAll(names)
	files, errs := make([]checked, len(found)), make([]error, len(found))
	var eg errgroup.Group
	eg.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range found {
		eg.Go(func() error {
			files[i], errs[i] = checkOne(ctx, name, dir, stdin)
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

func checkOne(ctx context.Context, name, dir string, stdin io.Reader) (checked, error) {
	data, err := readDockerfile(ctx, name, stdin)
	if err != nil {
		return checked{}, whyNot(name, err)
	}
	const bom = "\ufeff"
	if !bytes.HasPrefix(data, []byte(bom+bom)) { // of two a builder passes over one, as does lint
		data = bytes.TrimPrefix(data, []byte(bom)) // it counts in no column
	}
	if dir == "" && name != "-" {
		dir = filepath.Dir(name)
	}
	if fault, wide := survey.Wide(data); wide {
		problem := dockerfile.Problem{Code: "syntax", Message: fault.Reason}
		return checked{name: name, text: ws.NewText(""), problems: []dockerfile.Problem{problem}}, nil
	}
	ignore, path, err := readIgnore(name, dir)
	if err != nil { // the rest can be checked without
		err = whyNot(path, err)
	}
	file := lint.File{Dockerfile: dockerfile.Parse(data), Ignore: ignore}
	for _, fault := range survey.Faults(ignore) {
		file.IgnoreFaults = append(file.IgnoreFaults, fault.In(filepath.Base(path)))
	}
	return checked{name: name, text: ws.NewText(string(data)), problems: lint.Check(ctx, file)}, err
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
