package main

import (
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/language/reference"
	"github.com/buildls/buildls/build/lazyregexp"
)

var ofShellCheck = lazyregexp.New(`(?i)^SC\d{4}$`)

// codes are those of problems that no rule is about, by their names in lower case.
var codes = map[string]string{
	"shell": `# shell

The shell cannot read the command: a quote, a bracket or an if is not closed, or a word has no place
there. In a RUN, the build fails. See buildls help rules.

# buildls ignore=shell above the instruction has buildls tell it no more.
`,
	"syntax": `# syntax

BuildKit cannot read the Dockerfile, or refuses it: the build fails. No comment ignores that.

https://docs.docker.com/reference/dockerfile/
`,
	"unusedignore": `# UnusedIgnore

A comment, # buildls ignore=RULE, ignores nothing: nothing breaks the rule there, or no rule has that
name. Remove the rule from the comment, or mend its name. See buildls help rules.
`,
}

// helpRule is what is said of a rule: its part of the page of rules, or of one of BuildKit's what
// BuildKit says, and where its page is.
func helpRule(name string) (text string, ok bool) {
	if r := reference.Find(reference.Rules, name); r != nil {
		return fmt.Sprintf("# %s\n\n%s\n\n%s\n", r.Name, r.Text, r.URL), true
	}
	if ofShellCheck.MatchString(name) {
		name = strings.ToUpper(name)
		return fmt.Sprintf("# %s\n\nShellCheck says it of the shell in a Dockerfile: see buildls help rules.\n\nhttps://www.shellcheck.net/wiki/%[1]s\n", name), true
	}
	if about, ok := codes[strings.ToLower(name)]; ok {
		return about, true
	}
	page, _ := helpTopic("rules")
	_, text, ok = strings.Cut(page.text, "\n## "+strings.ToUpper(name)+": ")
	text, _, _ = strings.Cut(text, "\n## ")
	return "# " + strings.ToUpper(name) + ": " + strings.TrimRight(text, "\n") + "\n", ok
}
