package practice

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

var (
	labelKey = lazyregexp.New(`^[a-z]([.-]?[a-z0-9])*$`)
	gitHash  = lazyregexp.New(`^([0-9a-fA-F]{7}|[0-9a-fA-F]{40})$`)
	semver   = lazyregexp.New(`^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	reserved = []string{"com.docker.", "io.docker.", "org.dockerproject."}
)

func labelNames(t *text) {
	for _, l := range t.Labels() {
		switch name := t.Unquoted(l.Name); {
		case slices.ContainsFunc(reserved, func(p string) bool { return strings.HasPrefix(name, p) }):
			t.part(l.Name, "%s: the names below %s are Docker's own", name, strings.Join(reserved, ", "))
		case !labelKey.MatchString(name):
			t.part(l.Name, "a label's name is made of a-z, 0-9, and single . and - between them: %s", name)
		}
	}
}

// labelKinds are what a schema may ask of a value.
var labelKinds = map[string]struct {
	what string
	ok   func(string) bool
}{
	"url":     {"an address: https://example.com", isURL},
	"rfc3339": {"a time as RFC 3339 has it: 2006-01-02T15:04:05Z", isTime},
	"spdx":    {"a license as SPDX names it: MIT, Apache-2.0 OR MIT", isLicense},
	"hash":    {"a commit, in 7 or 40 hexadecimal digits", gitHash.MatchString},
	"semver":  {"a version in three numbers: 1.2.3", semver.MatchString},
	"email":   {"an address of electronic mail", isMail},
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != ""
}

func isTime(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

func isMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

// labelsOf is about the values of labels that a schema says are of some kind.
func labelsOf(kind string) func(*text) {
	return func(t *text) {
		how := labelKinds[kind]
		for _, l := range t.Labels() {
			name, value := t.Unquoted(l.Name), t.Unquoted(l.Value)
			if t.cfg.LabelSchema[name] == kind && value != "" && !strings.Contains(value, "$") && !how.ok(value) {
				t.part(l.Value, "%s has to be %s", name, how.what)
			}
		}
	}
}

func labelsEmpty(t *text) {
	for _, l := range t.Labels() {
		name := t.Unquoted(l.Name)
		if _, known := t.cfg.LabelSchema[name]; known && t.Unquoted(l.Value) == "" {
			t.part(dockerfile.Part{Start: l.Name.Start, End: max(l.Name.End, l.Value.End)}, "the label %s is empty", name)
		}
	}
}

func labelsStrict(t *text) {
	if !t.cfg.StrictLabels {
		return
	}
	for _, l := range t.Labels() {
		name := t.Unquoted(l.Name)
		if _, known := t.cfg.LabelSchema[name]; !known {
			t.part(l.Name, "the label %s is none of those that the project has", name)
		}
	}
}

// labelsMissing is about labels that the image has to have.
func labelsMissing(f *file, out *say) {
	if len(f.cfg.LabelSchema) == 0 || len(f.stages) == 0 {
		return
	}
	missing := maps.Clone(f.cfg.LabelSchema)
	last := f.stages[len(f.stages)-1]
	for s := range last.chain {
		for _, st := range s.steps {
			for _, l := range st.Labels() {
				delete(missing, st.Unquoted(l.Name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		if last.from != nil {
			out.part(last.from, last.from.Keyword, fmt.Sprintf("the image has no label %s", name))
		}
	}
}
