package main

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// The pages of help/ are read in the repository and shown by `buildls help TOPIC`.
//
//go:embed help/*.md
var helpPages embed.FS

// topicNames are the pages, those for authors first.
var topicNames = []string{"editor", "settings", "profiles", "debug", "engines", "terminal", "agents", "rules", "commands",
	"build-argument", "limits", "trust", "troubleshooting"}

// A topic is a page of the help.
type topic struct {
	name string
	line string // what it is about
	text string // Markdown
}

// helpTopics are all topics.
func helpTopics() []topic {
	var list []topic
	for _, name := range topicNames {
		page, err := helpPages.ReadFile("help/" + name + ".md")
		if err != nil {
			panic(err) // it is embedded: see TestHelpPages
		}
		list = append(list, newTopic(name, string(page)))
	}
	return list
}

// helpTopic finds a topic.
func helpTopic(name string) (t topic, ok bool) {
	for _, t := range helpTopics() {
		if t.name == name {
			return t, true
		}
	}
	return topic{}, false
}

var (
	generatedMark = lazyregexp.New(`<!-- .* -->\n`)
	linkToTopic   = lazyregexp.New(`\[([^]]+)\]\(([a-z-]+)\.md\)`)
)

// newTopic reads a page: a heading, a line that says what it is about, and the rest.
func newTopic(name, page string) topic {
	_, body, _ := strings.Cut(page, "\n\n")
	line, _, _ := strings.Cut(body, "\n")
	text := generatedMark.ReplaceAllString(page, "")
	return topic{name, line, linkToTopic.ReplaceAllString(text, "$1 (`buildls help $2`)")}
}

// writeTopics lists the topics.
func writeTopics(w io.Writer) {
	fmt.Fprintln(w, "topics of buildls help:")
	for _, t := range helpTopics() {
		fmt.Fprintf(w, "  %-16s %s\n", t.name, t.line)
	}
}
