package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// codes are the codes of a document's diagnostics, with their lines, in order.
func codes(e *lsptest.Editor, uri string) string {
	var out []string
	for _, d := range e.Diagnostics(uri) {
		out = append(out, fmt.Sprintf("%d:%s", d.Range.Start.Line, d.Code))
	}
	return strings.Join(out, " ")
}

// A mistake is underlined as it is typed, without any engine, and goes when it is
// mended. What did not change is published again for a new text, since a client may have
// dropped it, and not else.
func TestLintWhileTyping(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch AS base\nRUN true\n")
	e.Insert(uri, 1, 3, "N")
	e.Await("the mistake", func() bool { return codes(e, uri) == "1:syntax" })
	published := e.Published(uri)
	if v := published[len(published)-1].Version; v == nil || *v != 2 {
		t.Errorf("version %v, want 2", v)
	}
	n := len(published)
	e.Insert(uri, 2, 0, "# nothing\n")
	e.Await("the same mistake, of the new text", func() bool {
		published := e.Published(uri)
		v := published[len(published)-1].Version
		return v != nil && *v == 3 && codes(e, uri) == "1:syntax"
	})
	e.Insert(uri, 0, 0, "# above\n")
	e.Await("the mistake a line lower", func() bool { return codes(e, uri) == "2:syntax" })
	if got := len(e.Published(uri)); got != n+2 {
		t.Errorf("published %d times for two changes", got-n)
	}
	e.Replace(uri, "FROM scratch as base\nENV a b\nRUN true\n")
	e.Await("the warnings", func() bool { return codes(e, uri) == "0:FromAsCasing 1:LegacyKeyValueFormat" })
	e.Replace(uri, "FROM scratch AS base\n")
	e.Await("nothing", func() bool { return codes(e, uri) == "" })
	e.Shutdown()
}

// Whatever comes in what haste, the last text is what is published last.
func TestLintInHaste(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\n")
	for i := range 300 {
		e.Replace(uri, "FROM scratch\n"+strings.Repeat("\n", i%7)+"RUNN\n")
	}
	last := "FROM scratch\n\n\n\n\nBUNN\n"
	e.Replace(uri, last)
	e.Await("the last mistake", func() bool {
		d := e.Diagnostics(uri)
		return len(d) == 1 && d[0].Range.Start.Line == 5 && strings.Contains(d[0].Message, "BUNN")
	})
	e.Shutdown()
}

// The .dockerignore that counts is the buffer, and its edits concern every Dockerfile.
func TestLintIgnoreFile(t *testing.T) {
	dir := workspace(t, ".dockerignore", "secret\n")
	uri, ignore := "file://"+dir+"/Dockerfile", "file://"+dir+"/.dockerignore"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY secret /\n")
	e.Await("the ignored file", func() bool { return codes(e, uri) == "1:CopyIgnoredFile" })
	e.Open(ignore, "ignore", "secret\n")
	e.Replace(ignore, "other\n")
	e.Await("no longer ignored", func() bool { return codes(e, uri) == "" })
	e.Close(ignore)
	e.Await("the disk counts again", func() bool { return codes(e, uri) == "1:CopyIgnoredFile" })
	e.Open("file://"+dir+"/Dockerfile.dockerignore", "ignore", "")
	e.Await("the Dockerfile's own goes first", func() bool { return codes(e, uri) == "" })
	e.Shutdown()
}

// Severities are the author's, from the start and when they change.
func TestLintSeverity(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := lsptest.New(t, program(t, nil), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{"workspace": map[string]any{}},
		Init: map[string]any{"lint": map[string]any{"severity": map[string]any{"FromAsCasing": "off"}, "delay": 1}}})
	e.Open(uri, "dockerfile", "FROM scratch as base\nENV a b\n")
	e.Await("one of the two", func() bool { return codes(e, uri) == "1:LegacyKeyValueFormat" })
	e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
		"lint": map[string]any{"severity": map[string]any{"LegacyKeyValueFormat": "error"}}}}})
	e.Await("both", func() bool { return codes(e, uri) == "0:FromAsCasing 1:LegacyKeyValueFormat" })
	if d := e.Diagnostics(uri); d[0].Severity != 2 || d[1].Severity != 1 {
		t.Errorf("%+v", d)
	}
	e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
		"lint": map[string]any{"severity": map[string]any{"LegacyKeyValueFormat": "loud"}, "delay": "soon"}}}})
	e.Await("the complaint", func() bool { return len(e.All("window/showMessage")) == 1 })
	if m := string(e.All("window/showMessage")[0].Params); !contains(m, "lint.severity", "loud", "lint.delay") {
		t.Errorf("%s", m)
	}
	e.Shutdown()
}

// Lint and build agree on what is one problem.
func TestLintAndBuild(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"ENV a b\nCOPY --form=x a b\nRUN exit 3\n")
		e.Await("lint", func() bool { return codes(e, uri) == "1:LegacyKeyValueFormat 2:syntax" })
		if r := buildNow(t, e, nil); r.Status != "failed" {
			t.Fatalf("%+v", r)
		}
		if got := codes(e, uri); got != "1:LegacyKeyValueFormat 2:syntax" {
			t.Errorf("after the build: %s", got)
		}
		e.Replace(uri, base(t)+"ENV a b\nRUN exit 3\n")
		buildNow(t, e, nil)
		if got := codes(e, uri); got != "1:LegacyKeyValueFormat 2:build" {
			t.Errorf("after the second build: %s", got)
		}
		e.Shutdown()
	})
}

func TestLintOther(t *testing.T) {
	dir := workspace(t)
	e := edit(t, nil, dir)
	e.Open("file://"+dir+"/main.go", "go", "RUNN\n") // not a Dockerfile
	uri := "file://" + dir + "/x.Dockerfile"
	e.Open(uri, "plaintext", "# syntax=example.com/own\nFRUM\n")
	e.Await("the hint", func() bool { return codes(e, uri) == "0:syntax" })
	if d := e.Diagnostics(uri)[0]; d.Severity != 4 || !strings.Contains(d.Message, "example.com/own") {
		t.Errorf("%+v", d)
	}
	var answer struct{ Diagnostics []lsptest.Diagnostic }
	if err := e.Execute("buildls.check", map[string]any{"uri": uri}, &answer); err != nil || len(answer.Diagnostics) != 1 {
		t.Errorf("%+v, %v", answer, err)
	}
	if n := len(e.Published("file://" + dir + "/main.go")); n != 0 {
		t.Errorf("published %d times for a Go file", n)
	}
	e.Close(uri)
	e.Await("nothing", func() bool { return codes(e, uri) == "" && len(e.Published(uri)) == 2 })
	e.Shutdown()
}

func TestCheckCommand(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\nRUNN\n", "ok/Dockerfile", "FROM scratch\n", "warn/api.Dockerfile", "FROM scratch as x\nCOPY é 😀 secret /\n",
		"warn/.dockerignore", "secret\n", "main.go", "package main\n")
	run := func(stdin string, args ...string) (string, int) {
		cmd := program(t, nil, append([]string{"check"}, args...)...)
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if exit, ok := err.(*exec.ExitError); ok {
			return string(out), exit.ExitCode()
		}
		return string(out), 0
	}
	if out, code := run("", "."); code != 1 || !contains(out, "Dockerfile:2:1: error: unknown instruction: RUNN", "api.Dockerfile:1:", "    RUNN\n    ^^^^", "CopyIgnoredFile") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := run("", "ok"); code != 0 || out != "" {
		t.Errorf("%d\n%s", code, out)
	}
	if _, code := run("", "warn"); code != 0 {
		t.Errorf("warnings: %d", code)
	}
	if _, code := run("", "warn", "--strict"); code != 1 {
		t.Errorf("warnings, strict: %d", code)
	}
	if out, code := run("FROM scratch\nRUNN\n", "-"); code != 1 || !contains(out, "-:2:1: error") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := run("", "gone"); code != 2 || !contains(out, "gone") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := run("", "--format", "yaml", "."); code != 2 || !contains(out, "usage") {
		t.Errorf("%d\n%s", code, out)
	}
	out, _ := run("", "--format", "json", "warn")
	var found []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 2 || found[0].Code != "FromAsCasing" || found[1].StartLine != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	out, _ = run("", "--format", "sarif", "warn")
	var log sarifLog
	if err := json.Unmarshal([]byte(out), &log); err != nil || log.Version != "2.1.0" || len(log.Runs[0].Results) != 2 || log.Runs[0].Results[1].Locations[0].Physical.Artifact.URI != "warn/api.Dockerfile" {
		t.Errorf("%v\n%s", err, out)
	}
}

// A textEdit is the protocol's.
type textEdit struct {
	Range   lsptest.Range
	NewText string
}

// A codeAction is the protocol's.
type codeAction struct {
	Title, Kind string
	IsPreferred bool
	Edit        struct{ Changes map[string][]textEdit }
}

func actionsAt(t *testing.T, e *lsptest.Editor, uri string, line int, only ...string) []codeAction {
	t.Helper()
	at := map[string]any{"line": line, "character": 0}
	end := map[string]any{"line": line, "character": 1000}
	context := map[string]any{"diagnostics": []any{}}
	if only != nil {
		context["only"] = only
	}
	var actions []codeAction
	params := map[string]any{"textDocument": map[string]any{"uri": uri}, "range": map[string]any{"start": at, "end": end}, "context": context}
	if err := e.Call("textDocument/codeAction", params, &actions); err != nil {
		t.Fatal(err)
	}
	return actions
}

// apply edits the document as an editor applies an action, the last edit first.
func apply(e *lsptest.Editor, uri string, a codeAction) {
	edits := a.Edit.Changes[uri]
	for i := len(edits) - 1; i >= 0; i-- {
		r := edits[i].Range
		e.Delete(uri, r.Start.Line, r.Start.Character, r.End.Line, r.End.Character)
		e.Insert(uri, r.Start.Line, r.Start.Character, edits[i].NewText)
	}
}

// Quick fixes mend what they say they mend.
func TestQuickFixes(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch as base\nRUNN echo 日本語 😀\nENV a b\n")
	e.Await("three problems", func() bool { return codes(e, uri) == "0:FromAsCasing 1:syntax 2:LegacyKeyValueFormat" })
	actions := actionsAt(t, e, uri, 1)
	if len(actions) == 0 || !actions[0].IsPreferred || actions[0].Kind != "quickfix" || !strings.Contains(actions[0].Title, "RUN") {
		t.Fatalf("%+v", actions)
	}
	apply(e, uri, actions[0])
	e.Await("the typo's end", func() bool { return codes(e, uri) == "0:FromAsCasing 2:LegacyKeyValueFormat" })
	all := actionsAt(t, e, uri, 0, "source.fixAll")
	if len(all) != 1 || all[0].Kind != "source.fixAll.buildls" {
		t.Fatalf("%+v", all)
	}
	apply(e, uri, all[0])
	e.Await("nothing left", func() bool { return codes(e, uri) == "" })
	if again := actionsAt(t, e, uri, 0, "source"); len(again) != 0 {
		t.Errorf("%+v", again)
	}
	e.Shutdown()
}

// What depends on a base image is said once a build has met that image, and not before.
func TestLintKnowsImagesOfBuilds(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"ENV A=$NOPE\nENV b c\n")
		e.Await("what the file alone tells", func() bool { return codes(e, uri) == "2:LegacyKeyValueFormat" })
		mustBuild(t, e, nil)
		e.Await("what the image tells", func() bool { return codes(e, uri) == "1:UndefinedVar 2:LegacyKeyValueFormat" })
		e.Replace(uri, base(t)+"ENV A=$PATH B=$NOPE2\n")
		e.Await("without another build", func() bool { return codes(e, uri) == "1:UndefinedVar" })
		if d := e.Diagnostics(uri)[0]; !strings.Contains(d.Message, "NOPE2") {
			t.Errorf("%+v", d)
		}
		e.Shutdown()
	})
}

// A client that watches files is asked for ignore files, and their changes on the disk
// count at once.
func TestLintWatchedIgnoreFile(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	dynamic := map[string]any{"dynamicRegistration": true}
	e := lsptest.New(t, program(t, nil), lsptest.Options{Folders: []string{dir},
		Capabilities: map[string]any{"workspace": map[string]any{"didChangeWatchedFiles": dynamic}}})
	e.Await("the registration", func() bool {
		all := e.All("client/registerCapability")
		return len(all) == 1 && contains(string(all[0].Params), "didChangeWatchedFiles", "**/.dockerignore")
	})
	e.Open(uri, "dockerfile", "FROM scratch as x\nCOPY secret /\n")
	e.Await("what the file alone tells", func() bool { return codes(e, uri) == "0:FromAsCasing" })
	if err := os.WriteFile(dir+"/.dockerignore", []byte("secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e.Notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": "file://" + dir + "/.dockerignore", "type": 1}}})
	e.Await("the ignored file", func() bool { return codes(e, uri) == "0:FromAsCasing 1:CopyIgnoredFile" })
	e.Shutdown()
}

// The settings that were sent last count, and what is typed meanwhile is checked by them,
// however close they follow each other.
func TestSettingsInOrder(t *testing.T) {
	const uri = "file:///order/Dockerfile"
	e := lsptest.New(t, program(t, nil), lsptest.Options{Capabilities: map[string]any{"workspace": map[string]any{}}})
	e.Open(uri, "dockerfile", "FROM scratch\nMAINTAINER me\n")
	for round := range 100 {
		severity := 0
		for i := range 4 {
			severity = 1 + (round+i)%4
			e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
				"lint": map[string]any{"severity": map[string]any{"MaintainerDeprecated": []string{"error", "warning", "info", "hint"}[severity-1]}}}}})
			e.Replace(uri, fmt.Sprintf("FROM scratch\nMAINTAINER me %d %d\n", round, i))
		}
		e.AwaitPublished(uri)
		e.Await(fmt.Sprintf("severity %d in round %d", severity, round), func() bool {
			d := e.Diagnostics(uri)
			return len(d) == 1 && d[0].Severity == severity
		})
		e.Forget()
	}
	e.Shutdown()
}

// What the author turned off is not said by a build either; that it failed is.
func TestSeverityOfBuilds(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := lsptest.New(t, program(t, buildkitdSite(enginetest.Buildkitd(t)).env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{
		"lint": map[string]any{"severity": map[string]any{"MaintainerDeprecated": "off", "LegacyKeyValueFormat": "hint", "build": "off"}}}})
	e.Open(uri, "dockerfile", base(t)+"MAINTAINER me\nENV a b\nRUN exit 3\n")
	if r := buildNow(t, e, nil); r.Status != "failed" {
		t.Errorf("%+v", r)
	}
	for _, x := range e.Diagnostics(uri) {
		if x.Code == "LegacyKeyValueFormat" && x.Severity != 4 || x.Code == "build" && x.Severity != 1 {
			t.Errorf("%+v", x)
		}
	}
	if got := codes(e, uri); got != "2:LegacyKeyValueFormat 3:build" {
		t.Error(got)
	}
	e.Shutdown()
}

// A Dockerfile may be closed before its build has begun.
func TestClosedBeforeItIsBuilt(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	uri := "file://" + dir + "/Dockerfile"
	e := editorOf(t, program(t, []string{"BUILDLS_ENGINE=unix://" + dir + "/none.sock"}), dir)
	for range 50 {
		e.Open(uri, "dockerfile", "FROM scratch\nMAINTAINER me\n")
		answer := e.Send("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{map[string]any{"uri": uri, "wait": true}}})
		e.Close(uri)
		var r result
		if err := answer(&r); err != nil || r.Status != "failed" || !strings.Contains(r.Error.Message, "none.sock") {
			t.Fatalf("%v: %+v", err, r.Error)
		}
		e.Await("nothing shown", func() bool { return len(e.Diagnostics(uri)) == 0 })
	}
	e.Shutdown()
}

// Two spellings of one document are one file: what is wrong with it is shown once, under the
// spelling that was touched last, also where the file is not of this machine.
func TestOneLotOfMarks(t *testing.T) {
	for _, spellings := range [][2]string{
		{"file://wsl%24/docker-desktop/tmp/Dockerfile", "file://wsl$/docker-desktop/tmp/Dockerfile"},
		{"file://wsl.localhost/Ubuntu/Dockerfile", "file://WSL$/Ubuntu/Dockerfile"},
		{"vscode-remote://wsl%2Bubuntu/home/me/Dockerfile", "vscode-remote://wsl+ubuntu/home/me/Dockerfile"},
		{"file:///tmp/a%20b/Dockerfile", "file:///tmp/a b/Dockerfile"},
	} {
		t.Run(spellings[0], func(t *testing.T) {
			t.Parallel()
			e := edit(t, nil, workspace(t))
			shows := func(uri, other string) {
				t.Helper()
				e.Await("marks under "+uri+" alone", func() bool { return len(e.Diagnostics(uri)) == 1 && len(e.Diagnostics(other)) == 0 })
			}
			a, b := spellings[0], spellings[1]
			e.Open(a, "dockerfile", "FROM scratch\nCOPPY a /\n")
			shows(a, b)
			e.Open(b, "dockerfile", "FROM scratch\n\nCOPPY a /\n")
			shows(b, a)
			e.Change(a, 1, 3, 1, 3, "P")
			shows(a, b)
			e.Close(a)
			shows(b, a)
			e.Close(b)
			e.Await("no marks", func() bool { return len(e.Diagnostics(a)) == 0 && len(e.Diagnostics(b)) == 0 })
		})
	}
}
