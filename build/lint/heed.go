package lint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/locate"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/build/lint/pragma"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/build/shell"
)

// heed leaves out what the project or a comment of the file ignores, and adds the comments of
// buildls' own that ignored nothing.
func heed(problems []dockerfile.Problem, f File) []dockerfile.Problem {
	isShell := func(p dockerfile.Problem) bool { return p.Code == practice.Shell }
	if slices.ContainsFunc(problems, isShell) && f.shellOfImages() {
		problems = slices.DeleteFunc(problems, isShell)
	}
	problems = f.Rules.Heed(problems)
	comments := f.comments()
	if len(comments) == 0 {
		return problems
	}
	problems, unused := pragma.Ignore(problems, comments, practice.Numbers)
	told := func(message string, t dockerfile.Token) {
		problems = append(problems, dockerfile.Problem{Code: pragma.Unused, Severity: dockerfile.Warning, Message: message,
			Lines: dockerfile.Lines{First: t.First, Last: t.Last}, Columns: dockerfile.Columns{Start: t.Start, End: t.End}})
	}
	for _, c := range comments {
		if c.Unknown {
			told("buildls does not know this comment: write # buildls ignore=RULE and a reason, # buildls shell=NAME, # buildls format off, or # buildls format on", c.List)
		}
	}
	for _, r := range unused {
		if message := f.whyUnused(r.Name); message != "" {
			told(message, r.Token)
		}
	}
	return problems
}

// Counting are those problems of another program that count in a file: all of them in the set of all
// rules, those that are warnings at least where rules are recommended, and none that the project
// or a comment ignores.
func Counting(problems []dockerfile.Problem, f File) (left []dockerfile.Problem) {
	for _, p := range problems {
		if f.Rules.Set == practice.All || f.Rules.Set == practice.Recommended && p.Severity <= dockerfile.Warning {
			p.Message = redact.URLs(p.Message)
			left = append(left, p)
		}
	}
	if len(left) > 0 {
		left, _ = pragma.Ignore(f.Rules.Heed(left), f.comments(), practice.Numbers)
	}
	return left
}

// comments are those that may ignore rules.
func (f File) comments() []pragma.Comment {
	comments := pragma.Read(f.Dockerfile)
	if f.Rules.NoComments {
		comments = slices.DeleteFunc(comments, func(c pragma.Comment) bool { return c.Hadolint })
	}
	return comments
}

// whyUnused says why a comment that names a rule ignores nothing; empty if it may in another build:
// in one in which the rule is on, or whose images say more than the text.
func (f File) whyUnused(rule string) string {
	_, buildkit := locate.Rule(rule)
	switch {
	case rule == linter.RuleInvalidBaseImagePlatform.Name, rule == linter.RuleUndefinedVar.Name:
		return ""
	case buildkit || len(practice.Same(rule)) > 0 || f.Rules.IsOn(rule) || rule == practice.Shell:
		return fmt.Sprintf("nothing breaks rule %s here, so this comment ignores nothing; remove the rule", rule)
	case slices.ContainsFunc(practice.Rules(), func(r practice.Rule) bool { return r.Code == rule }), strings.HasPrefix(rule, "SC"):
		return ""
	}
	if like := likeRule(rule); like != "" {
		return fmt.Sprintf("there is no rule %s, so this comment ignores nothing (did you mean %s?)", rule, like)
	}
	return fmt.Sprintf("there is no rule %s, so this comment ignores nothing; only rules can be ignored, errors cannot", rule)
}

// likeRule is the one rule that a misspelt name is nearest to, at most two letters away; empty if
// there is none.
func likeRule(name string) (like string) {
	names := locate.Rules()
	for _, r := range practice.Rules() {
		names = append(names, r.Code)
	}
	name = lookOf(name)
	best := 3
	for _, n := range names {
		switch d := levenshtein.Distance(lookOf(n), name, nil); {
		case d < best:
			best, like = d, n
		case d == best:
			like = ""
		}
	}
	return like
}

// lookOf is a name without what a reader takes for the same.
func lookOf(name string) string { return alike.Replace(strings.ToLower(name)) }

var alike = strings.NewReplacer("l", "1", "o", "0")

// shellOfImages says whether an image that is known brings a shell of Windows, or one that is none
// of Unix.
func (f File) shellOfImages() bool {
	if strings.HasPrefix(f.Platform, "windows") {
		return true
	}
	for _, st := range f.Dockerfile.Instructions() {
		if st.Name() != "FROM" || len(st.Args) == 0 {
			continue
		}
		var image struct {
			OS     string
			Config struct{ Shell []string }
		}
		err := json.Unmarshal(f.Images.Config(st.Unquoted(st.Args[0])), &image)
		if err == nil && (image.OS == "windows" || len(image.Config.Shell) > 0 && shell.DialectOf(image.Config.Shell) == shell.Foreign) {
			return true
		}
	}
	return false
}
