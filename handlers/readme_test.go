package handlers

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write generated text instead of comparing it")

// TestReadme holds the tables in the README to the one description of settings and
// commands.
func TestReadme(t *testing.T) {
	const path = "../README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, table := range map[string]string{"settings": SettingsTable(), "commands": CommandsTable()} {
		before, rest, found := strings.Cut(text, "<!-- generated: "+name+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		if !found || !ended {
			t.Fatalf("README.md has no place for the table of %s", name)
		}
		text = before + "<!-- generated: " + name + " -->\n" + table + "<!-- end -->" + after
	}
	if text == string(data) {
		return
	}
	if !*update {
		t.Fatal("README.md is stale: run go test ./handlers -run TestReadme -update")
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
