package main

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// nopCloser is a buffer that a command writes to.
type nopCloser struct{ bytes.Buffer }

func (*nopCloser) Close() error { return nil }

// TestHelpPages: each page is a topic, says in a line what it is about, and can be shown.
func TestHelpPages(t *testing.T) {
	pages, err := fs.Glob(helpPages, "help/*.md")
	if err != nil || len(pages) != len(topicNames) {
		t.Fatalf("there are the pages %v, and the topics %v: %v", pages, topicNames, err)
	}
	for _, topic := range helpTopics() {
		if !slices.Contains(pages, "help/"+topic.name+".md") {
			t.Errorf("there is no page for %s", topic.name)
		}
		if n := len(topic.line); n < 20 || n > 78-18 || !strings.HasSuffix(topic.line, ".") {
			t.Errorf("%s: the line that says what it is about has %d bytes: %q", topic.name, n, topic.line)
		}
		var out, errs nopCloser
		if code := run(t.Context(), []string{"help", topic.name}, stdio{out: &out, err: &errs}); code != exitOK || errs.Len() > 0 {
			t.Errorf("buildls help %s: %d, %s", topic.name, code, &errs)
		}
		if text := out.String(); !strings.HasPrefix(text, "# ") || strings.Contains(text, "<!--") || strings.Contains(text, ".md)") {
			t.Errorf("buildls help %s shows what is for browsers:\n%s", topic.name, text)
		}
	}
}

func TestHelpOfTopics(t *testing.T) {
	list := "  " + "trust            What buildls runs"
	for _, c := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{nil, exitOK, "usage: ", ""},
		{nil, exitOK, list, ""},
		{[]string{"nonsense"}, exitUsage, "", `unknown command "nonsense"`},
		{[]string{"trust", "limits"}, exitUsage, "", "accepts at most 1 arg"},
		{[]string{"build"}, exitOK, "--build-arg", ""},
		{[]string{"shell"}, exitOK, "# shell\n", ""},
		{[]string{"shell"}, exitOK, "usage: buildls shell ID STEP", ""},
		{[]string{"sc2086"}, exitOK, "https://www.shellcheck.net/wiki/SC2086", ""},
		{[]string{"unusedIgnore"}, exitOK, "# UnusedIgnore\n", ""},
	} {
		var out, errs nopCloser
		code := run(t.Context(), append([]string{"help"}, c.args...), stdio{out: &out, err: &errs})
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.err) || (out.Len() > 0) != (c.out != "") {
			t.Errorf("buildls help %q: %d\n%s%s", c.args, code, &out, &errs)
		}
	}
}
