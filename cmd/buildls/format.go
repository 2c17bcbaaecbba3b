package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/format"
	"github.com/buildls/buildls/handlers"
	ws "github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// A formatter is what is asked of `buildls format`.
type formatter struct {
	check, diff, write bool
	shell              *format.Shell
	text               io.Writer // takes what is in files to the byte, unless it is a terminal
}

// A formatted is a file and what formatting makes of it.
type formatted struct {
	name   string // as it was given, or found
	before []byte
	result *format.Result
	notes  []error // what does not count, though it is there
}

// formatCommand is `buildls format`.
func formatCommand(std stdio) *cobra.Command {
	var f formatter
	var shell, last bool
	cmd := &cobra.Command{
		Use:   "format [flags] FILE...",
		Short: "lay out Dockerfiles; no build and no cache changes by it",
		Long: `Lays out Dockerfiles, and prints the text of one. Without --shell, nothing changes that a build or
its cache goes by: each time that is proved, and what cannot be proved stays as it is, which is
said on stderr. With --shell, the text of RUN changes, and each step does the same as before.
A FILE may be a folder, in which Dockerfiles are looked for, or - for stdin. The files
.editorconfig count. Where they say nothing, lines are indented as most of those of RUN are, which
cannot change, or by four blanks.

exit code: 0 done, 1 a file would change (with --check or --diff), 2 wrong usage, or a file could
not be formatted. What can be formatted is.`,
		ValidArgsFunction: dockerfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("it takes a FILE")
			}
			if f.write && (f.check || f.diff) {
				return errors.New("--write excludes --check and --diff")
			}
			if shell {
				f.shell = &format.Shell{OperatorsLast: last}
			} else if last {
				return errors.New("--operators-last is about --shell")
			}
			f.text = std.exact()
			return f.run(cmd.Context(), args, std.clean())
		},
	}
	cmd.Flags().BoolVar(&shell, "shell", false, "also the shell of RUN: steps run again, and do the same")
	cmd.Flags().BoolVar(&last, "operators-last", false, "with --shell, && and | end a line; else they begin the next")
	cmd.Flags().BoolVar(&f.check, "check", false, "list the files that would change")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "show what would change, as patch reads it")
	cmd.Flags().BoolVar(&f.write, "write", false, "change the files, and list them")
	return cmd
}

func (f formatter) run(ctx context.Context, names []string, std stdio) error {
	files, wrong := f.formatAll(ctx, names, std)
	if len(files) > 1 && !f.check && !f.diff && !f.write {
		return fmt.Errorf("there are %d files, and it prints one; --check, --diff and --write take several", len(files))
	}
	changed := false
	for _, file := range files {
		for _, note := range file.notes {
			fmt.Fprintf(std.err, "buildls format: %s: %v\n", file.name, note)
		}
		for _, left := range file.result.Left {
			fmt.Fprintf(std.err, "%s:%d: left as it is: %s\n", file.name, left.Lines.First+1, printable(left.Why))
		}
		if n := file.result.Again(); n > 0 {
			fmt.Fprintf(std.err, "%s: the shell is laid out; steps that run again: %d\n", file.name, n)
		}
		changed = changed || file.result.Changed()
		if err := f.put(file, std); err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, err := range wrong {
		fmt.Fprintf(std.err, "buildls format: %v\n", err)
	}
	switch {
	case len(wrong) > 0:
		return exitCode(exitUsage)
	case changed && (f.check || f.diff):
		return exitCode(exitFailed)
	}
	return nil
}

// put does with a file what was asked.
func (f formatter) put(file formatted, std stdio) error {
	changed := file.result.Changed()
	var err error
	switch {
	case !f.check && !f.diff && !f.write:
		_, err = io.WriteString(f.text, file.result.Text())
	case !changed:
	case f.diff:
		err = writeDiff(f.text, file.name, file.result.Diff())
	case f.check:
		_, err = fmt.Fprintln(std.out, file.name)
	case f.write:
		if err = rewrite(file.name, file.before, []byte(file.result.Text())); err == nil {
			_, err = fmt.Fprintln(std.out, file.name)
		}
	}
	return err
}

// formatAll formats the files that names stand for, several at a time, and returns them in order,
// and what is wrong with those that it cannot format.
func (f formatter) formatAll(ctx context.Context, names []string, std stdio) (files []formatted, wrong []error) {
	found, wrong := findAll(names)
	all, errs := make([]formatted, len(found)), make([]error, len(found))
	var eg errgroup.Group
	eg.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range found {
		eg.Go(func() error {
			if all[i], errs[i] = f.formatOne(ctx, name, std); errs[i] != nil {
				errs[i] = whyNotFormatted(name, errs[i])
			}
			return nil
		})
	}
	eg.Wait()
	for i, err := range errs {
		if err != nil {
			wrong = append(wrong, err)
		} else {
			files = append(files, all[i])
		}
	}
	return files, wrong
}

// errUnformatted says that a file was read, but cannot be formatted.
type errUnformatted struct{ error }

func whyNotFormatted(name string, err error) error {
	if why := (errUnformatted{}); errors.As(err, &why) {
		return fmt.Errorf("%s: %w", name, why.error)
	}
	return whyNot(name, err)
}

func (f formatter) formatOne(ctx context.Context, name string, std stdio) (file formatted, err error) {
	if f.write && name == "-" {
		return file, errUnformatted{errors.New("--write needs a file; without it the text is printed")}
	}
	file.name = name
	if file.before, err = readDockerfile(ctx, name, std.in); err != nil {
		return file, err
	}
	if fault, wide := survey.Wide(file.before); wide {
		return file, errUnformatted{errors.New(fault.Reason)}
	}
	path := name
	if name == "-" {
		path = "Dockerfile" // of this folder
	}
	if path, err = filepath.Abs(path); err != nil {
		return file, err
	}
	style, err := handlers.FormatStyle(path, ws.ReadPlain, "")
	if err != nil {
		file.notes = append(file.notes, err)
	}
	style.Shell = f.shell
	if file.result, err = format.Format(ctx, dockerfile.Parse(file.before), style); err != nil {
		return file, errUnformatted{err}
	}
	return file, nil
}
