package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// legacyRule is the rule whose severity is changed all the time.
const legacyRule = "LegacyKeyValueFormat"

// A stressModel is what a server must show, worked out from what it was told.
type stressModel struct {
	docs     []stressDoc
	builds   []*stressBuild
	severity string // of legacyRule
	lines    int    // made so far
}

// A stressDoc is a Dockerfile.
type stressDoc struct {
	uri     string
	version int
	lines   []string
	was     map[int][]string // the lines of each version
	newest  *stressBuild     // nil if none since it was opened
}

// A stressBuild is one that was asked for.
type stressBuild struct {
	ID     string
	status string
	at     int // the line that makes it fail, as it is counted now; -1 if there is none any more
}

func newStressModel(dir, from string) *stressModel {
	m := &stressModel{severity: "warning"}
	for _, name := range []string{"Dockerfile", "b.Dockerfile", "Dockerfile.c"} {
		m.docs = append(m.docs, stressDoc{uri: "file://" + dir + "/" + name, was: map[int][]string{}, lines: []string{from, "MAINTAINER me", "RUN echo 1"}})
	}
	return m
}

// line makes a line. None with a mistake is like another.
func (m *stressModel) line(r *rand.Rand) string {
	m.lines++
	return []string{
		fmt.Sprintf("RUN echo %d", r.IntN(3)),
		fmt.Sprintf("RUN echo %d", r.IntN(3)),
		fmt.Sprintf("RUN sleep 0.2%d", r.IntN(3)),
		fmt.Sprintf("ENV A=%d", m.lines),
		fmt.Sprintf("ENV key%d value", m.lines),
		fmt.Sprintf("MAINTAINER me%d", m.lines),
		fmt.Sprintf("RUNN %d", m.lines),
		fmt.Sprintf("RUN exit 7 # %d", m.lines),
	}[r.IntN(8)]
}

func (d *stressDoc) text() string { return strings.Join(d.lines, "\n") + "\n" }

// remember notes the lines of a version.
func (d *stressDoc) remember() { d.was[d.version] = slices.Clone(d.lines) }

// edit puts lines in the place of n lines, and moves what the newest build found.
func (d *stressDoc) edit(at, n int, lines []string) {
	if d.newest != nil {
		switch b := d.newest; {
		case b.at >= at+n:
			b.at += len(lines) - n
		case b.at >= at:
			b.at = -1
		}
	}
	d.lines = slices.Replace(slices.Clone(d.lines), at, at+n, lines...)
}

// closed forgets what builds have found.
func (d *stressDoc) closed() { d.newest = nil }

func (m *stressModel) build(d *stressDoc) *stressBuild {
	d.newest = &stressBuild{at: faultOf(d.lines)}
	m.builds = append(m.builds, d.newest)
	return d.newest
}

// faultOf is the line that makes a build fail, -1 if there is none: BuildKit reads all
// before it runs any.
func faultOf(lines []string) int {
	for _, fault := range []string{"RUNN ", "RUN exit 7"} {
		if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, fault) }); i >= 0 {
			return i
		}
	}
	return -1
}

// take takes how builds ended; each ends once.
func (m *stressModel) take(t *testing.T, finished []lsptest.Message) {
	t.Helper()
	byID := map[string]result{}
	for _, f := range finished {
		var r result
		if err := json.Unmarshal(f.Params, &r); err != nil {
			t.Fatal(err)
		}
		if _, again := byID[r.ID]; again {
			t.Errorf("build %s ended twice", r.ID)
		}
		byID[r.ID] = r
	}
	for _, b := range m.builds {
		if b.status = byID[b.ID].Status; b.ID != "" && b.status == "" {
			t.Errorf("build %s never ended", b.ID)
		}
	}
}

// A shown is a problem as the author sees it: line, rule and severity.
type shown string

func shownOf(list []lsptest.Diagnostic) []shown {
	all := []shown{}
	for _, x := range list {
		all = append(all, shown(fmt.Sprintf("%02d %s %s", x.Range.Start.Line, x.Code, severityOf(x))))
	}
	slices.Sort(all)
	return all
}

func severityOf(d lsptest.Diagnostic) string {
	return []string{"", "error", "warning", "info", "hint"}[d.Severity]
}

// mistakes are the rules that lines break, by how they begin.
var mistakes = []struct{ begin, rule, severity string }{
	{"MAINTAINER ", "MaintainerDeprecated", "warning"},
	{"ENV key", legacyRule, ""},
	{"RUNN ", "syntax", "error"},
	{"RUN exit 7", "build", "error"}, // once it was built
}

// lintOf is what is wrong with lines before they are built.
func lintOf(lines []string, severity string) []shown {
	all := []shown{}
	for i, l := range lines {
		for _, m := range mistakes {
			if !strings.HasPrefix(l, m.begin) || m.rule == "build" || m.rule == legacyRule && severity == "off" {
				continue
			}
			if m.rule == legacyRule {
				m.severity = severity
			}
			all = append(all, shown(fmt.Sprintf("%02d %s %s", i, m.rule, m.severity)))
		}
	}
	return all
}

// want is what must be shown of a document in the end.
func (m *stressModel) want(d *stressDoc) []shown {
	all := lintOf(d.lines, m.severity)
	if b := d.newest; b != nil && b.status == "failed" && b.at >= 0 && strings.HasPrefix(d.lines[b.at], "RUN exit") {
		all = append(all, shown(fmt.Sprintf("%02d build error", b.at)))
		slices.Sort(all)
	}
	return all
}

// check holds what the server has sent, from its begin until now, to the model.
func (m *stressModel) check(t *testing.T, messages []lsptest.Message) {
	t.Helper()
	for i := range m.docs {
		m.checkDocument(t, &m.docs[i], messages)
	}
	m.checkProgress(t, messages)
}

// checkDocument: no version is published after a newer one, no line is said to be wrong
// that is not, and in the end all are that are.
func (m *stressModel) checkDocument(t *testing.T, d *stressDoc, messages []lsptest.Message) {
	t.Helper()
	var last lsptest.Published
	version := 0
	for _, msg := range messages {
		var p lsptest.Published
		if msg.Method != "textDocument/publishDiagnostics" || json.Unmarshal(msg.Params, &p) != nil || p.URI != d.uri {
			continue
		}
		if last = p; p.Version == nil {
			continue // closed
		}
		if *p.Version < version {
			t.Errorf("version %d of %s was published after %d", *p.Version, d.uri, version)
		}
		version = *p.Version
		for _, x := range p.Diagnostics {
			line := d.was[version][x.Range.Start.Line]
			if !slices.ContainsFunc(mistakes, func(k struct{ begin, rule, severity string }) bool {
				return k.rule == x.Code && strings.HasPrefix(line, k.begin)
			}) {
				t.Errorf("version %d of %s: %+v of line %q", version, d.uri, x, line)
			}
		}
	}
	got, want := shownOf(last.Diagnostics), m.want(d)
	if version != d.version || !slices.Equal(got, want) {
		build := "no build"
		if d.newest != nil {
			build = fmt.Sprintf("%+v", *d.newest)
		}
		t.Errorf("%s: version %d shows\n%v\nwant version %d with\n%v\n%s, %s: %s", d.uri, version, got, d.version, want, strings.Join(d.lines, "\n"), m.severity, build)
	}
}

// checkProgress: each has one begin and one end, and a percentage that does not fall.
func (m *stressModel) checkProgress(t *testing.T, messages []lsptest.Message) {
	t.Helper()
	type state struct {
		begun, ended bool
		percentage   int
	}
	all := map[string]*state{}
	for _, msg := range messages {
		var p struct {
			Token json.RawMessage
			Value lsptest.Progress
		}
		if msg.Method != "$/progress" || json.Unmarshal(msg.Params, &p) != nil {
			continue
		}
		s := all[string(p.Token)]
		if s == nil {
			s = &state{}
			all[string(p.Token)] = s
		}
		if s.ended || s.begun == (p.Value.Kind == "begin") {
			t.Errorf("progress %s: %+v after %+v", p.Token, p.Value, s)
		}
		s.begun, s.ended = true, p.Value.Kind == "end"
		if p.Value.Percentage != nil {
			if *p.Value.Percentage < s.percentage {
				t.Errorf("progress %s fell from %d to %d", p.Token, s.percentage, *p.Value.Percentage)
			}
			s.percentage = *p.Value.Percentage
		}
	}
	for token, s := range all {
		if !s.ended {
			t.Errorf("progress %s has no end", token)
		}
	}
	// A build that has ended shows none if its editor, on a busy machine, takes two seconds to
	// answer that it may.
	if none := len(m.builds) - len(all); none < 0 || none > len(m.builds)/20 {
		t.Errorf("%d progresses of %d builds", len(all), len(m.builds))
	}
}
