// Package lint says what is wrong with a Dockerfile, all of it, with BuildKit's own
// parser, converter and linter, in this process: no engine, no network, no child.
//
// BuildKit stops at the first mistake and reads the file as a whole. Here a file is
// read in blocks of lines (read.go, block.go), and converted in units: Dockerfiles made of some
// instructions of a stage and of all that these inherit (plan.go, stage.go, unit.go). A mistake
// ends its unit alone, and what BuildKit said of a text is remembered, so that an edit
// has only the units converted again whose text it changed.
//
// It does not know where the text comes from, nor who is told.
package lint

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/locate"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/build/redact"
)

// A File is what is checked.
type File struct {
	Dockerfile *dockerfile.File
	// Ignore is the content of the .dockerignore that counts; nil if there is none.
	Ignore []byte
	// IgnoreFaults say what is wrong with Ignore, which then counts as none.
	IgnoreFaults []string
	// Images are the base images that are known. What depends on another one is not
	// reported.
	Images dockerfile.Images
	// How it would be built, if that is known. Args are the build arguments that are given.
	// Target is the stage that is built; of one that it leaves out, it is not said what
	// values of variables make wrong. If it is empty, or no stage has that name, all stages
	// count. Platform is what is built for; if it is empty, Linux on this machine's processor.
	Args     map[string]string
	Target   string
	Platform string
	// Rules are those beside BuildKit's that are asked for.
	Rules practice.Config
}

// Check returns the file's problems, ordered by line. It returns early, with what it
// has, when ctx is canceled.
func Check(ctx context.Context, f File) []dockerfile.Problem {
	return new(Checker).Check(ctx, f)
}

// CheckAll returns the problems that all of some files have, which are one text that is built in several
// ways. There is one file at least.
func CheckAll(ctx context.Context, files []File) []dockerfile.Problem {
	lists := make([][]dockerfile.Problem, len(files))
	for i, f := range files {
		lists[i] = Check(ctx, f)
	}
	return InAll(lists)
}

// InAll are the problems of the first list that all others have too, in whatever words.
func InAll(lists [][]dockerfile.Problem) []dockerfile.Problem {
	type place struct {
		code     string
		severity dockerfile.Severity
		lines    dockerfile.Lines
	}
	count := map[place]int{}
	for i, list := range lists {
		for _, p := range list {
			if at := (place{p.Code, p.Severity, p.Lines}); count[at] == i {
				count[at]++
			}
		}
	}
	return slices.DeleteFunc(lists[0], func(p dockerfile.Problem) bool { return count[place{p.Code, p.Severity, p.Lines}] < len(lists) })
}

// A Checker checks one file again and again as it changes: the answer is that of
// [Check], sooner. The zero Checker is ready; it serves one goroutine at a time.
type Checker struct {
	header header
	blocks memory[*block]
	units  memory[*outcome]
	ignore ignoring
	images dockerfile.Images
	given  given

	practice practice.Checker

	last     *check // of lastFile, to its end; nil if there was none
	lastFile File
}

// same says whether two files have the same problems, but for those of Rules.
func (f File) same(o File) bool {
	return bytes.Equal(f.Dockerfile.Text(), o.Dockerfile.Text()) && bytes.Equal(f.Ignore, o.Ignore) && (f.Ignore == nil) == (o.Ignore == nil) &&
		slices.Equal(f.IgnoreFaults, o.IgnoreFaults) && maps.EqualFunc(f.Images, o.Images, bytes.Equal) &&
		maps.Equal(f.Args, o.Args) && (f.Args == nil) == (o.Args == nil) && f.Target == o.Target && f.Platform == o.Platform
}

// Check is as the function of that name.
func (c *Checker) Check(ctx context.Context, f File) []dockerfile.Problem {
	if err := dockerfile.Readable(f.Dockerfile.Text()); err != nil {
		return []dockerfile.Problem{unchecked(dockerfile.Lines{}, "this Dockerfile is not checked while you type: %v", err)}
	}
	problems := slices.Clone(c.find(ctx, f))
	locate.Narrow(problems, f.Dockerfile)
	if _, _, foreign := foreignFrontend(f.Dockerfile); !foreign {
		problems = heed(withPractice(problems, c.practice.Check(f.Dockerfile, f.Rules)), f)
	}
	for i := range problems {
		problems[i].Message = redact.URLs(problems[i].Message)
	}
	Order(problems)
	return problems
}

// Unread says why a file cannot be read to its end here, so that BuildKit's converter is not to be called
// with it, or does not stand for the one that would build it. It is empty if the file can be read; it
// has other mistakes then, perhaps, which the converter finds itself.
func (c *Checker) Unread(ctx context.Context, f File) string {
	if err := dockerfile.Readable(f.Dockerfile.Text()); err != nil {
		return err.Error()
	}
	for _, p := range c.find(ctx, f) {
		if p.Code == "unchecked" || p.Code == "syntax" && p.Severity == dockerfile.Hint {
			return redact.URLs(p.Message)
		}
	}
	return ""
}

// Order sorts problems by their places.
func Order(problems []dockerfile.Problem) {
	slices.SortStableFunc(problems, func(a, b dockerfile.Problem) int {
		return cmp.Or(cmp.Compare(a.Lines.First, b.Lines.First), cmp.Compare(a.Columns.Start, b.Columns.Start),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// withPractice are BuildKit's problems and those of good practice: what both say of a line once, and
// of a line that BuildKit cannot read nothing more.
func withPractice(problems, more []dockerfile.Problem) []dockerfile.Problem {
	undefined, wrong := map[int]bool{}, map[int]bool{}
	for _, p := range problems {
		undefined[p.Lines.First] = undefined[p.Lines.First] || p.Code == linter.RuleUndefinedVar.Name
		wrong[p.Lines.First] = wrong[p.Lines.First] || p.Code == "syntax"
	}
	for _, p := range more {
		if !wrong[p.Lines.First] && (p.Code != "DL3044" || !undefined[p.Lines.First]) {
			problems = append(problems, p)
		}
	}
	return problems
}

// find finds the problems, with the lines that BuildKit gives.
func (c *Checker) find(ctx context.Context, f File) []dockerfile.Problem {
	if image, at, ok := foreignFrontend(f.Dockerfile); ok {
		message := fmt.Sprintf("%s is not Docker's own front end, so this file is not checked while you type", image)
		return []dockerfile.Problem{{Code: "syntax", Severity: dockerfile.Hint, Message: message, Lines: at}}
	}
	return c.look(ctx, f).problems
}

// unchecked says that something is not checked.
func unchecked(at dockerfile.Lines, format string, args ...any) dockerfile.Problem {
	return dockerfile.Problem{Code: "unchecked", Severity: dockerfile.Information, Lines: at, Message: fmt.Sprintf(format, args...)}
}

// look passes over a file, whose front end is Docker's own.
func (c *Checker) look(ctx context.Context, f File) *check {
	if c.last != nil && c.lastFile.same(f) {
		return c.last
	}
	k := &check{Checker: c, ctx: ctx, seen: map[dockerfile.Problem]bool{}}
	if err := k.run(f); err != nil {
		*c = Checker{practice: c.practice} // whatever it remembers, this file is not to be answered from it
		k.problems = append(k.problems, dockerfile.Problem{Code: "unchecked", Severity: dockerfile.Hint,
			Message: fmt.Sprintf("this Dockerfile could not be checked to its end: %v", err)})
	}
	c.blocks.nextGeneration(ctx.Err() == nil)
	c.units.nextGeneration(ctx.Err() == nil)
	if c.last = nil; ctx.Err() == nil {
		c.last, c.lastFile = k, f
	}
	return k
}

// A check is one pass over one text.
type check struct {
	*Checker
	ctx      context.Context
	asErrors bool // `# check=error=true`
	lines    int
	all      []*instructionAt
	planned  *plan            // nil if no stage was found
	mended   *dockerfile.File // once it was asked for
	problems []dockerfile.Problem
	seen     map[dockerfile.Problem]bool
	spent    int  // on converting
	assigned int  // variables
	ended    bool // it was too much
}

func (k *check) run(f File) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("BuildKit's parser failed on it: %v", r)
		}
	}()
	k.lines = bytes.Count(f.Dockerfile.Text(), []byte("\n"))
	if len(f.Dockerfile.Text()) == 0 {
		k.mistake("the Dockerfile cannot be empty", dockerfile.Lines{})
		return nil
	}
	k.readHeader(f.Dockerfile)
	old := k.ignore.client
	ignore := f.Ignore
	if len(f.IgnoreFaults) > 0 {
		ignore = nil
	}
	for _, fault := range f.IgnoreFaults {
		k.mistake(fault, dockerfile.Lines{})
	}
	k.ignore.set(ignore)
	if k.ignore.client != old {
		k.units = memory[*outcome]{}
	}
	if !maps.EqualFunc(k.images, f.Images, bytes.Equal) {
		k.images, k.units = f.Images, memory[*outcome]{}
	}
	now := givenBy(f)
	if !now.equal(k.given) {
		k.units = memory[*outcome]{}
	}
	k.given = now
	k.all = k.read(f.Dockerfile)
	k.plan(k.all, f.Target)
	return nil
}

// A finding is what BuildKit's linter said of some lines.
type finding struct {
	rule, url, message string
	lines              dockerfile.Lines
}

func (k *check) warning(f finding) {
	if f.rule == linter.RuleUndefinedArgInFrom.Name {
		f.message = k.steadyHint(f.message)
	}
	p := dockerfile.Problem{Code: f.rule, Message: f.message, URL: f.url, Severity: dockerfile.Warning,
		Lines: f.lines, Deprecated: deprecated[f.rule]}
	if k.asErrors {
		p.Severity = dockerfile.Error
	}
	k.add(p)
}

func (k *check) mistake(message string, lines dockerfile.Lines) {
	k.add(dockerfile.Problem{Code: "syntax", Severity: dockerfile.Error, Message: message, Lines: lines})
}

// add adds a problem once: units overlap in what they inherit.
func (k *check) add(p dockerfile.Problem) {
	p.Lines.First = max(0, min(p.Lines.First, k.lines))
	p.Lines.Last = max(p.Lines.First, min(p.Lines.Last, k.lines))
	if k.ended {
		return
	}
	if !k.seen[p] {
		k.seen[p] = true
		k.problems = append(k.problems, p)
	}
	if len(k.problems) >= maxProblems {
		k.end(p.Lines)
	}
}

// A header is what a file's parser directives ask for. What is remembered counts for
// one header.
type header struct {
	escape byte
	check  string // the options of `# check=`
}

// lines are the directives at the head of every text that is given to BuildKit. The
// last ends them, so that a comment which follows is none.
func (h header) lines() string {
	s := ""
	if h.escape == '`' {
		s += "# escape=`\n"
	}
	if h.check != "" {
		s += "# check=" + h.check + "\n"
	}
	return s + "#\n"
}

// readHeader reads the directives. Options that cannot be read are an error, and skip
// every rule: else rules would speak up that the author meant to skip.
func (k *check) readHeader(file *dockerfile.File) {
	h := header{escape: file.Escape}
	v, at, ok := file.Directive("check")
	if ok {
		h.check = v
	}
	cfg, err := linter.ParseLintOptions(h.check)
	if err != nil {
		k.mistake("failed to parse check options: "+err.Error(), at)
		h.check, cfg = "skip=all", &linter.Config{SkipAll: true}
	}
	k.asErrors = cfg.ReturnAsError
	if h != k.header {
		k.Checker.header, k.blocks, k.units = h, memory[*block]{}, memory[*outcome]{}
	}
}

// linter is BuildKit's, as the header configures it.
func (h header) linter(warn linter.LintWarnFunc) *linter.Linter {
	cfg, err := linter.ParseLintOptions(h.check)
	if err != nil {
		cfg = &linter.Config{SkipAll: true}
	}
	cfg.Warn = warn
	return linter.New(cfg)
}
