package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language/reference"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/fix"
	"github.com/buildls/buildls/build/lint/hadolint"
	"github.com/buildls/buildls/build/lint/practice"
)

// Each rule has its part of the page, with a text that breaks it and one that does not. The page says
// of which rules there are fixes.
func TestHelpRules(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```(yaml|dockerfile)\n(.*?)```")
	for _, r := range practice.Rules() {
		text, ok := helpRule(r.Code)
		page := text
		set := "all"
		if r.Recommended {
			set = "recommended"
		}
		if title := "# " + r.Code + ": " + r.Title + "\n"; !ok || !strings.HasPrefix(text, title) || !strings.Contains(text, "\nIt is in `"+set+"`.\n") {
			t.Errorf("%q with set %s is not in %q", title, set, text)
			continue
		}
		cfg := practice.Config{Set: practice.All}
		var dockerfiles []string
		for _, block := range blocks.FindAllStringSubmatch(text, -1) {
			if block[1] == "dockerfile" {
				dockerfiles = append(dockerfiles, block[2])
				continue
			}
			file, err := hadolint.Parse([]byte(block[2]))
			if err != nil {
				t.Fatalf("%s: %v", r.Code, err)
			}
			file.Apply(&cfg)
		}
		if len(dockerfiles) != 2 {
			t.Errorf("%s has %d Dockerfiles", r.Code, len(dockerfiles))
			continue
		}
		for i, text := range dockerfiles {
			f := lint.File{Dockerfile: dockerfile.Parse([]byte(text)), Rules: cfg}
			problems := lint.Check(t.Context(), f)
			if i == 0 {
				fixed := slices.ContainsFunc(problems, func(p dockerfile.Problem) bool {
					fixes := fix.For(p, f.Dockerfile, fix.Known{})
					return p.Code == r.Code && len(fixes) > 0 && !strings.HasPrefix(fixes[0].Title, "Ignore")
				})
				if says := strings.Contains(page, "\nYour editor can fix it.\n"); says != fixed {
					t.Errorf("%s: has a fix: %v, and the page says so: %v", r.Code, fixed, says)
				}
			}
			if breaks := slices.ContainsFunc(problems, func(p dockerfile.Problem) bool { return p.Code == r.Code }); breaks != (i == 0) {
				t.Errorf("%s: %q: %+v", r.Code, text, problems)
			}
			if i == 1 && slices.ContainsFunc(problems, func(p dockerfile.Problem) bool { return p.Severity == dockerfile.Error }) {
				t.Errorf("%s: %q: %+v", r.Code, text, problems)
			}
		}
	}
	if text, ok := helpRule("jsonargsrecommended"); !ok || !strings.Contains(text, "https://") || len(reference.Rules) == 0 {
		t.Errorf("%q", text)
	}
	if text, ok := helpRule("DL9999"); ok {
		t.Errorf("%q", text)
	}
}
