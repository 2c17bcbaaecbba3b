package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/format"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/fix"
)

// A repair is what --fix and --diff make of a file, byte order mark and all. It is nothing if they
// change nothing.
type repair struct {
	before, after string
	fixed         []string // the codes of problems
}

// maxRepairs is how often the fixes of a file are applied: one may be in the way of another, or bring
// it about.
const maxRepairs = 20

// repaired is a file after all fixes that leave its image as it is, in all ways in which it is built,
// and the problems that are left. A text that BuildKit can read stays one.
func repaired(ctx context.Context, ways []lint.File) (now *dockerfile.File, left []dockerfile.Problem, fixed []string) {
	checkers := make([]lint.Checker, len(ways))
	check := func(text *dockerfile.File) []dockerfile.Problem {
		lists := make([][]dockerfile.Problem, len(ways))
		for i, f := range ways {
			f.Dockerfile = text
			lists[i] = checkers[i].Check(ctx, f)
		}
		return lint.InAll(lists)
	}
	now = ways[0].Dockerfile
	left = check(now)
	found := left
	_, unread := now.Nodes()
	for range maxRepairs {
		edits := fix.All(left, now, fix.Known{})
		if len(edits) == 0 {
			break
		}
		next := dockerfile.Parse([]byte(fix.Apply(now, edits)))
		if _, err := next.Nodes(); err != nil && unread == nil {
			break
		}
		now, left = next, check(next)
	}
	return now, left, without(codesOf(found), codesOf(left))
}

func codesOf(problems []dockerfile.Problem) (codes []string) {
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	slices.Sort(codes)
	return codes
}

// without is a list without what another has, as often as it has it.
func without(list, other []string) []string {
	for _, s := range other {
		if i := slices.Index(list, s); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

// put writes the files that were repaired, or shows how, and says whether it showed anything.
func (c *check) put(files []checked, std stdio) (shown bool, wrong []error) {
	text := std.exact()
	for _, f := range files {
		var err error
		switch {
		case c.fix && f.name == "-":
			err = errors.New("-: --fix needs a file; --diff shows what it would change")
		case f.after == f.before:
			continue
		case c.diff:
			shown = true
			err = writeDiff(text, f.name, format.Diff(f.before, f.after))
		default:
			if err = rewrite(f.name, []byte(f.before), []byte(f.after)); err == nil {
				fmt.Fprintf(std.err, "buildls check: %s: fixed %s\n", f.name, fixes(f.fixed))
			}
		}
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return shown, wrong
}

// fixes says how many problems were fixed, and which.
func fixes(codes []string) string {
	count := fmt.Sprintf("%d problems", len(codes))
	if len(codes) == 1 {
		count = "1 problem"
	}
	return fmt.Sprintf("%s (%s)", count, strings.Join(slices.Compact(codes), ", "))
}
