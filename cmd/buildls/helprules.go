package main

import (
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/language/reference"
)

// helpRule is what is said of a rule: its part of the page of rules, or of one of BuildKit's what
// BuildKit says, and where its page is.
func helpRule(name string) (text string, ok bool) {
	if r := reference.Find(reference.Rules, name); r != nil {
		return fmt.Sprintf("# %s\n\n%s\n\n%s\n", r.Name, r.Text, r.URL), true
	}
	page, _ := helpTopic("rules")
	_, text, ok = strings.Cut(page.text, "\n## "+strings.ToUpper(name)+": ")
	text, _, _ = strings.Cut(text, "\n## ")
	return "# " + strings.ToUpper(name) + ": " + strings.TrimRight(text, "\n") + "\n", ok
}
