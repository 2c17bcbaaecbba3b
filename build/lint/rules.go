package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// deprecated are the rules about what BuildKit calls deprecated or legacy.
var deprecated = map[string]bool{linter.RuleMaintainerDeprecated.Name: true, linter.RuleLegacyKeyValueFormat.Name: true}

// ofReading are the rules that are told while instructions are read one by one.
var ofReading = map[string]bool{
	linter.RuleStageNameCasing.Name: true, linter.RuleFromAsCasing.Name: true, linter.RuleMaintainerDeprecated.Name: true,
	linter.RuleInvalidDefinitionDescription.Name: true, linter.RuleNoEmptyContinuation.Name: true,
}

// ofGraph are the rules that look at all stages together.
var ofGraph = map[string]bool{
	linter.RuleReservedStageName.Name: true, linter.RuleDuplicateStageName.Name: true, linter.RuleUndefinedArgInFrom.Name: true,
	linter.RuleInvalidDefaultArgInFrom.Name: true, linter.RuleRedundantTargetPlatform.Name: true,
	linter.RuleFromPlatformFlagConstDisallowed.Name: true, linter.RuleConsistentInstructionCasing.Name: true,
}

// ofValues are the rules that look at what variables expand to.
var ofValues = map[string]bool{
	linter.RuleUndefinedVar.Name: true, linter.RuleWorkdirRelativePath.Name: true, linter.RuleCopyIgnoredFile.Name: true,
	linter.RuleExposeProtoCasing.Name: true, linter.RuleExposeInvalidFormat.Name: true,
}

// stageName is instructions.validStageName.
var stageName = lazyregexp.New(`^[a-z][a-z0-9-_.]*$`)

// foreignFrontend is the image of `# syntax=` if it is not Docker's own front end, whose
// rules are the ones that are linked here.
func foreignFrontend(file *dockerfile.File) (image string, at dockerfile.Lines, ok bool) {
	return file.ForeignFrontend()
}

// casing is dockerfile2llb's rule about the case of instructions. It counts all of the
// file's, which no unit has.
func (k *check) casing(p *plan) {
	names := p.names()
	lower, upper := 0, 0
	for _, n := range names {
		switch n.word {
		case strings.ToLower(n.word):
			lower++
		case strings.ToUpper(n.word):
			upper++
		}
	}
	l := k.header.linter(func(rule, _, url, message string, location []parser.Range) {
		lines, _ := dockerfile.SpanOfParser(location)
		k.warning(finding{rule, url, message, lines})
	})
	rule, should := &linter.RuleConsistentInstructionCasing, "uppercase"
	want := strings.ToUpper
	if lower > upper {
		want, should = strings.ToLower, "lowercase"
	}
	for _, n := range names {
		if want(n.word) != n.word {
			at := toParser(n.at.First)
			at[0].End.Line = n.at.Last + 1
			l.Run(rule, at, rule.Format(n.word, should))
		}
	}
}

type name struct {
	word string
	at   dockerfile.Lines
}

func (p *plan) names() []name {
	var names []name
	for _, s := range p.stages {
		if !s.from.broken {
			names = append(names, name{s.from.stage.OrigCmd, s.from.at})
		}
		for _, in := range s.body {
			if !in.broken {
				names = append(names, name{in.command.Name(), in.at})
			}
		}
	}
	return names
}

// undefinedArg is what BuildKit says of an argument that a FROM uses, with what it may stand for.
var undefinedArg = lazyregexp.New(`^FROM argument '(.*)' is not declared \(did you mean (.*)\?\)$`)

// steadyHint names the first of the arguments that BuildKit may think were meant: of those that are
// as much alike, it takes any, each time another.
func (k *check) steadyHint(message string) string {
	m := undefinedArg.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	distance := levenshtein.Distance(m[1], m[2], nil)
	best := m[2]
	for _, in := range k.all {
		if _, ok := in.command.(*instructions.ArgCommand); !ok {
			break // the stages begin
		}
		for _, key := range keys(in) {
			if key < best && levenshtein.Distance(m[1], key, nil) == distance {
				best = key
			}
		}
	}
	return linter.RuleUndefinedArgInFrom.Format(m[1], best)
}

const sourceDateEpoch = "SOURCE_DATE_EPOCH"

// checkEpoch tells what is wrong with a default of that argument, which may name a
// stage and so looks at all of the file; units go without it.
func (k *check) checkEpoch(p *plan) {
	for i, in := range p.global {
		arg, ok := in.command.(*instructions.ArgCommand)
		defaults := func(a instructions.KeyValuePairOptional) bool { return a.Key == sourceDateEpoch && a.Value != nil }
		if !ok || !slices.ContainsFunc(arg.Args, defaults) {
			continue
		}
		if !k.given.epoch { // else no default is looked at
			k.tryEpoch(p, in)
		}
		p.global[i] = in.with("ARG " + sourceDateEpoch + "\n")
	}
}

func (k *check) tryEpoch(p *plan, arg *instructionAt) {
	u := k.newUnit(p)
	for _, s := range p.stages {
		u.from(s, false)
		for _, in := range s.live() {
			u.add(in, in.text, s, false)
		}
	}
	if out := k.convert(u, true); strings.Contains(out.message, sourceDateEpoch) {
		at := arg.at
		if len(out.at) > 0 {
			_, at = u.at(out.at[0])
		}
		k.mistake(out.message, at)
	}
}

// checkExcludes tells of patterns that no build can read. BuildKit finds them only when it
// copies. What a variable makes of one is not known.
func (k *check) checkExcludes(p *plan) {
	for _, s := range p.stages {
		for _, in := range s.live() {
			var patterns []string
			switch c := in.command.(type) {
			case *instructions.CopyCommand:
				patterns = c.ExcludePatterns
			case *instructions.AddCommand:
				patterns = c.ExcludePatterns
			}
			for _, pattern := range patterns {
				word, _, err := p.lex.ProcessWord(pattern, noEnv{})
				if err != nil || strings.Contains(pattern, "$") {
					continue
				}
				if _, err := patternmatcher.New([]string{word}); err != nil {
					k.mistake(fmt.Sprintf("invalid excludepatterns: [%s]: %v", word, err), in.at)
				}
			}
		}
	}
}

// A doubt is why what BuildKit says of an instruction may be wrong of the real build.
type doubt int

const (
	sure        doubt = iota
	ofVariables       // a variable that it uses is not known
	doubtful          // something else is not
)

// doubt says whether what BuildKit says of an instruction may be wrong of the real build:
// because of what the stage's base image may set, or because of what an earlier mistake
// left out. The rule is empty for a mistake.
func (s *stage) doubt(in *instructionAt, rule string) doubt {
	gone := s.missing(in)
	switch {
	case rule == linter.RuleInvalidBaseImagePlatform.Name: // of an image that was not looked up
		return doubtful
	case rule == linter.RuleJSONArgsRecommended.Name && gone["shell"],
		rule == linter.RuleWorkdirRelativePath.Name && gone["workdir"],
		rule == linter.RuleUndefinedVar.Name && (!s.known || gone["env"]):
		return doubtful
	case rule != "" && !ofValues[rule], rule == linter.RuleUndefinedVar.Name, s.known && !gone["env"], !s.usesUnknown(in):
		return sure
	}
	return ofVariables
}

// missing are the kinds of instructions, of those that are inherited, of which one at
// fault was left out before an instruction.
func (s *stage) missing(in *instructionAt) map[string]bool {
	gone := map[string]bool{}
	for _, o := range s.chain() {
		for _, b := range o.body {
			if !b.excluded || o == s && b.at.First >= in.at.First {
				continue
			}
			switch b.keyword {
			case "env", "arg":
				gone["env"] = true
			case "workdir", "shell":
				gone[b.keyword] = true
			default:
				if b.keyword == "onbuild" && o != s || !dockerfile.IsKeyword(b.keyword) { // which may have been any
					gone["env"], gone["workdir"], gone["shell"] = true, true, true
				}
			}
		}
		if strings.HasPrefix(o.standIn, "FROM scratch") {
			gone["env"], gone["workdir"], gone["shell"] = true, true, true
		}
	}
	return gone
}

// variablesIn are the names of the variables in a text, one of each use. What a shell sets
// itself, such as $1 and $@, is none.
func variablesIn(text string) (names []string) {
	for _, r := range dockerfile.References(text, dockerfile.Part{End: len(text)}, 0, false) {
		name := text[r.Name.Start:r.Name.End]
		if first, _ := utf8.DecodeRuneInString(name); first == '_' || unicode.IsLetter(first) {
			names = append(names, name)
		}
	}
	return names
}

// usesUnknown says whether an instruction uses a variable whose value is not in the file.
func (s *stage) usesUnknown(in *instructionAt) bool {
	values := map[string]bool{}
	known := func(text string) bool {
		return !slices.ContainsFunc(variablesIn(text), func(name string) bool { return !values[name] })
	}
	for _, o := range s.chain() {
		for _, b := range o.body {
			if o == s && b.at.First >= in.at.First {
				break
			}
			switch c := b.command.(type) {
			case *instructions.EnvCommand:
				for _, kv := range c.Env {
					values[kv.Key] = known(kv.Value)
				}
			case *instructions.ArgCommand:
				for _, kv := range c.Args {
					_, global := s.args.Get(kv.Key)
					values[kv.Key] = values[kv.Key] || s.given.has(kv.Key) || kv.Value != nil && known(*kv.Value) || kv.Value == nil && global
				}
			}
		}
	}
	return !known(in.text)
}
