// Package practice says where a Dockerfile goes against good practice: what makes a build fail,
// unrepeatable or large though BuildKit takes it. The rules have the numbers under which hadolint
// made them known, and are written anew from what each is for.
//
// It knows no images and no registry, and asks no shell: it reads the text alone.
package practice

import (
	"maps"
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// A Rule is one good practice.
type Rule struct {
	Code        string // hadolint's number
	Title       string
	Severity    dockerfile.Severity // hadolint's; of those that are recommended, all are information
	Recommended bool                // it is about what fails, cannot be repeated, or leaks
	quiet       bool                // hadolint has it off

	text  func(*text)        // what an instruction says by itself
	moot  func(*step) bool   // what text found does not matter where it stands
	stage func(*stage, *say) // what the instructions of a stage say together
	file  func(*file, *say)
}

// A Set is a set of rules.
type Set string

const (
	BuildKit    Set = "buildkit" // none of these
	Recommended Set = "recommended"
	All         Set = "all"
)

// Sets are all of them.
var Sets = []string{string(BuildKit), string(Recommended), string(All)}

// A Config is what a project says of rules. The zero Config asks for none.
type Config struct {
	Set Set
	// TrustedRegistries are those that images may come from; none if any may.
	// *.example.com stands for all below it, * for all.
	TrustedRegistries []string
	// LabelSchema are the labels that an image has to have, and what their values are: text, url,
	// semver, hash, rfc3339, spdx or email. With StrictLabels it may have no others.
	LabelSchema  map[string]string
	StrictLabels bool
	// Contexts are the names that builds give to other contexts: they are no images.
	Contexts []string
	// Ignored are rules that are off, and Severities is how severe others are: by hadolint's number
	// or the name of BuildKit's rule.
	Ignored    []string
	Severities map[string]dockerfile.Severity
	// Hadolint is whether hadolint's own configuration decides. Then rules are as severe as there,
	// and those are off that hadolint has off, unless Severities has them.
	Hadolint bool
	// NoComments is whether hadolint's comments ignore nothing.
	NoComments bool
}

// Equal says whether two projects ask for the same.
func (c Config) Equal(o Config) bool {
	return c.Set == o.Set && c.StrictLabels == o.StrictLabels && c.Hadolint == o.Hadolint && c.NoComments == o.NoComments && maps.Equal(c.LabelSchema, o.LabelSchema) &&
		slices.Equal(c.TrustedRegistries, o.TrustedRegistries) && slices.Equal(c.Ignored, o.Ignored) && slices.Equal(c.Contexts, o.Contexts) && maps.Equal(c.Severities, o.Severities)
}

// Heed leaves out the problems of rules that are off, and makes the others as severe as the project
// wants them.
func (c Config) Heed(problems []dockerfile.Problem) (left []dockerfile.Problem) {
	if len(c.Ignored) == 0 && len(c.Severities) == 0 {
		return problems
	}
	for _, p := range problems {
		names := append([]string{p.Code}, Numbers(p.Code)...)
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(c.Ignored, name) }) {
			continue
		}
		for _, name := range slices.Backward(names) {
			if severity, ok := c.Severities[name]; ok {
				p.Severity = severity
			}
		}
		left = append(left, p)
	}
	return left
}

// IsOn says whether the project asks for a rule of that number.
func (c Config) IsOn(code string) bool {
	return slices.ContainsFunc(c.on(), func(r *Rule) bool { return r.Code == code })
}

// on are the rules that a project asks for.
func (c Config) on() (list []*Rule) {
	for i := range rules {
		r := &rules[i]
		_, asked := c.Severities[r.Code]
		switch {
		case slices.Contains(c.Ignored, r.Code), c.Hadolint && r.quiet && !asked:
		case c.Set == All || c.Set == Recommended && (r.Recommended || asked):
			list = append(list, r)
		}
	}
	return list
}

// severity is how severe a rule is, unless Severities says otherwise.
func (c Config) severity(r *Rule) dockerfile.Severity {
	if c.Set == Recommended && !c.Hadolint {
		return dockerfile.Information
	}
	return r.Severity
}

// page is where hadolint explains its rules.
const page = "https://github.com/hadolint/hadolint/wiki/"

// maxProblems is how many problems are told of one file.
const maxProblems = 2000

// Check returns what is against good practice, in no order.
func Check(f *dockerfile.File, cfg Config) []dockerfile.Problem { return new(Checker).Check(f, cfg) }

// A Checker checks one file again and again as it changes: it remembers what an instruction says
// by itself, by its whole text. The zero Checker is ready; it serves one goroutine at a time.
type Checker struct {
	cfg         Config
	rules       []*Rule
	now, before map[question]*facts
}

// A question is all that the facts of an instruction hang on, beside the rules.
type question struct {
	text   string
	escape byte
	shell  shellState
}

// facts are what an instruction says by itself. They hold nothing of the file.
type facts struct {
	*shell.Reading
	name     string
	found    []finding
	faults   []shell.Fault
	pip      *bool        // whether an ENV says that pip shall keep nothing; nil if it does not say
	archives []archive    // that a COPY brings
	unpacks  []string     // the names of what a RUN may unpack
	goNames  []shell.Word // see versionless
}

// A finding is what a rule found in an instruction.
type finding struct {
	rule    *Rule
	at      shell.Place
	message string
}

// Check is as the function of that name.
func (c *Checker) Check(f *dockerfile.File, cfg Config) []dockerfile.Problem {
	if !c.cfg.Equal(cfg) || c.rules == nil {
		*c = Checker{cfg: cfg, rules: cfg.on()}
	}
	if len(c.rules) == 0 || dockerfile.Readable(f.Text()) != nil {
		return nil
	}
	c.before, c.now = c.now, make(map[question]*facts, len(c.now))
	view := c.view(f)
	out := &say{severity: cfg.severity}
	for _, s := range view.stages {
		for _, st := range s.steps {
			out.faults(st)
			for _, found := range st.found {
				if found.rule.moot == nil || !found.rule.moot(st) {
					out.rule = found.rule
					out.at(st, found.at, found.message)
				}
			}
		}
	}
	for _, r := range c.rules {
		out.rule = r
		if r.stage != nil {
			for _, s := range view.stages {
				r.stage(s, out)
			}
		}
		if r.file != nil {
			r.file(view, out)
		}
	}
	return out.problems
}

// facts are what an instruction says by itself where some shell is in force.
func (c *Checker) facts(st *dockerfile.Instruction, in shellState) *facts {
	key := question{textOf(st), st.File.Escape, in}
	known := c.now[key]
	if known == nil {
		known = c.before[key]
	}
	if known == nil {
		known = c.find(st, in)
	}
	c.now[key] = known
	return known
}

// textOf is all that an author wrote of an instruction, its heredocs too: a part of the file's.
func textOf(st *dockerfile.Instruction) string {
	f, end := st.File, len(st.File.String())
	if next := st.End() + 1; next < f.Rows() {
		end = f.Offset(next, 0)
	}
	return f.String()[f.Offset(st.First, 0):end]
}

func (c *Checker) find(st *dockerfile.Instruction, in shellState) *facts {
	t := &text{Instruction: st, Reading: shell.Read(st, in.dialect), name: st.Name(), pipefail: in.pipefail, cfg: &c.cfg}
	for _, t.rule = range c.rules {
		if t.rule.text != nil {
			t.rule.text(t)
		}
	}
	return &facts{t.Reading, t.name, t.found, t.faults(in), t.pipQuiet(), t.archives(), t.unpacks(), t.versionless()}
}

// say collects what is to be said.
type say struct {
	rule     *Rule
	severity func(*Rule) dockerfile.Severity
	problems []dockerfile.Problem

	body   *dockerfile.Instruction // of the heredoc of which something was said last
	bodyOf *step
	doc    int
}

// at says something of a place in an instruction.
func (s *say) at(st *step, at shell.Place, message string) {
	in := st.Instruction
	if at.Doc >= 0 {
		if s.bodyOf != st || s.doc != at.Doc {
			s.body, s.bodyOf, s.doc = st.Body(st.Heredocs[at.Doc]), st, at.Doc
		}
		in = s.body
	}
	s.token(in.Token(at.Part), message)
}

// part says something of a part of an instruction's text.
func (s *say) part(st *step, at dockerfile.Part, message string) {
	s.at(st, shell.Place{Doc: -1, Part: at}, message)
}

func (s *say) token(t dockerfile.Token, message string) {
	if len(s.problems) >= maxProblems {
		return
	}
	p := dockerfile.Problem{Code: s.rule.Code, URL: page + s.rule.Code, Severity: s.severity(s.rule), Message: message,
		Lines: dockerfile.Lines{First: t.First, Last: t.Last}, Columns: dockerfile.Columns{Start: t.Start, End: t.End}}
	if p.Code == Shell {
		p.URL, p.Severity = "", s.rule.Severity
	}
	s.problems = append(s.problems, p)
}
