package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The example of the topic agents happens as it is told: each line of an answer comes, in the order
// in which the page has them. A line of "…" stands for others.
func TestAgentsExample(t *testing.T) {
	s, _ := remembering(t, embeddedSite(t))
	page, err := os.ReadFile("help/agents.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		_, after, _ := strings.Cut(string(page), "```"+language+"\n")
		text, _, ok := strings.Cut(after, "```")
		if !ok {
			t.Fatalf("the page has no %s", language)
		}
		return text
	}
	text := block("dockerfile")
	dir := workspace(t, "go.mod", "module example.com/app\n", "Dockerfile", text)
	id := "ID"
	session := strings.Split(block("console"), "$ buildls ")[1:]
	if len(session) < 4 {
		t.Fatalf("%q", session)
	}
	for _, told := range session {
		command, answer, _ := strings.Cut(told, "\n")
		if strings.HasPrefix(command, "build ") { // no test asks the internet for an image
			_, steps, _ := strings.Cut(text, "\n")
			if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(base(t)+steps), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := program(t, s.env, strings.Fields(strings.ReplaceAll(command, "ID", id))...)
		cmd.Dir = dir
		out, _ := cmd.Output()
		if m := regexp.MustCompile(`"id": "(\w+)"`).FindSubmatch(out); m != nil {
			id = string(m[1])
		}
		rest := string(out)
		for line := range strings.Lines(strings.ReplaceAll(answer, "ID", id)) {
			line = strings.TrimSuffix(line, "\n")
			if strings.TrimSpace(line) == "…" {
				continue
			}
			_, after, ok := strings.Cut(rest, line+"\n")
			if !ok {
				_, after, ok = strings.Cut(rest, line+",\n")
			}
			if !ok {
				t.Errorf("buildls %s: after what comes before, there is no %q in\n%s", command, line, out)
			}
			rest = after
		}
		if !strings.Contains(answer, "…") && rest != "" {
			t.Errorf("buildls %s: the page lacks %q", command, rest)
		}
	}
}
