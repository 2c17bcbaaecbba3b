package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/build/lint/shellcheck"
)

// A shellCheck is ShellCheck, as `buildls check` is asked to run it.
type shellCheck struct {
	setting string
	program *shellcheck.Program // nil if there is none, or none is to be run
	told    io.Writer           // what is wrong with a program that was found
}

// defaultShellCheck is what counts without --shellcheck: tests do not hang on what a machine has.
var defaultShellCheck = shellcheck.Auto

func (s *shellCheck) flag(cmd *cobra.Command) {
	s.setting = defaultShellCheck
	value(cmd, "shellcheck", "WHICH", "auto: the ShellCheck on the PATH, off, or the path of one (default auto)", func(value string) error {
		s.setting = value
		return shellcheck.Accepts(value)
	})
	offer(cmd, "shellcheck", oneOf(shellcheck.Auto, shellcheck.Off))
}

// find finds the program. The error is that of one that was asked for.
func (s *shellCheck) find(told io.Writer) (wrong error) {
	s.told = told
	if s.setting != "" {
		s.program, wrong = shellcheck.Find(s.setting)
	}
	return wrong
}

// add adds to the problems of a file what ShellCheck says of it. A program that was found and fails
// is told of once; one that was asked for is an error then.
func (s *shellCheck) add(ctx context.Context, problems []dockerfile.Problem, f lint.File) ([]dockerfile.Problem, error) {
	if s.program == nil || f.Rules.Set != practice.All && f.Rules.Set != practice.Recommended {
		return problems, nil
	}
	more, err := s.program.Check(ctx, f.Dockerfile)
	if err != nil && s.setting == shellcheck.Auto {
		fmt.Fprintf(s.told, "buildls check: %v\n", err)
		err = nil
	}
	problems = append(problems, lint.Counting(more, f)...)
	lint.Order(problems)
	return problems, err
}
