package handlers

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write generated text instead of comparing it")

// TestHelpTables holds the tables in the topics of the help to the one description of settings and
// commands.
func TestHelpTables(t *testing.T) {
	for name, table := range map[string]string{"settings": settingsTable(), "commands": commandsTable()} {
		path := "../cmd/buildls/help/" + name + ".md"
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(data), "<!-- generated: "+name+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		if !found || !ended {
			t.Fatalf("%s has no place for the table", path)
		}
		text := before + "<!-- generated: " + name + " -->\n" + table + "<!-- end -->" + after
		if text == string(data) {
			continue
		}
		if !*update {
			t.Errorf("%s is stale: run go test ./handlers -run TestHelpTables -update", path)
		} else if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// TestBuildArgumentPage: the page about the argument of a build has all its fields.
func TestBuildArgumentPage(t *testing.T) {
	page, err := os.ReadFile("../cmd/buildls/help/build-argument.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range buildFields() {
		if !strings.Contains(string(page), "\n- `"+field+"`: ") {
			t.Errorf("it does not have %s", field)
		}
	}
}

// settingsTable is the table of the settings, for the help.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | default | |\n|---|---|---|\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "| `buildls.%s` | `%s` | %s |\n", s.Name, s.Default, s.Description)
	}
	return b.String()
}

// commandsTable is the table of the commands, for the help.
func commandsTable() string {
	var b strings.Builder
	b.WriteString("| command | argument | answer | |\n|---|---|---|---|\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, c.Argument, c.Answer, c.Description)
	}
	return b.String()
}
