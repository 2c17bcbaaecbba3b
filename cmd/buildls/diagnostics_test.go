package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A mistake of the author's is underlined where it is, in words that say what it is, on
// the newest engine as on the oldest. % stands for the base image.
func TestMistakes(t *testing.T) {
	mistakes := []struct {
		name, text string
		target     string
		lines      string // of the diagnostic: first-last, 0-based
		message    string // regular expression
		code       string
		token      string // that is underlined, where that is less than the lines
	}{
		{name: "parse error", text: "FROM %\nRUN <<EOF\necho\n", lines: "1-1", message: "(?i)heredoc", code: "syntax"},
		{name: "unknown instruction", text: "FROM %\n\nRUNN echo\n", lines: "2-2", message: "unknown instruction: RUNN", code: "syntax"},
		{name: "unknown flag", text: "FROM %\nCOPY --form=x a b\n", lines: "1-1", message: "(?i)^unknown flag: (--)?form", code: "syntax"},
		{name: "missing source", text: "FROM %\nRUN true\nCOPY nope.txt /\n", lines: "2-2", message: `^"/nope.txt" not found in the build context`, code: "build", token: "2:5-2:13"},
		{name: "source out of the context", text: "FROM %\nCOPY ../nope.txt /\n", lines: "1-1", message: `^"/nope.txt" not found in the build context: \.\./nope\.txt leads out of it`, code: "build", token: "1:5-1:16"},
		{name: "missing source in stage", text: "FROM % AS one\nFROM %\nCOPY --from=one /nope.txt /\n", lines: "2-2", message: `^"/nope.txt" not found in one`, code: "build", token: "2:16-2:25"},
		{name: "unknown stage", text: "FROM %\nCOPY --from=%-nope /a /\n", lines: "1-1", message: "base-nope", code: "build"},
		{name: "missing base", text: "FROM % AS one\nFROM %-gone\nRUN true\n", lines: "1-1", message: "base-gone", code: "build"},
		{name: "exit code", text: "FROM %\nRUN echo before && exit 7\n", lines: "1-1", message: `^RUN failed with exit code 7:\nbefore$`, code: "build"},
		{name: "heredoc", text: "FROM %\nRUN <<EOF\nset -e\necho in heredoc\nfalse\nEOF\nRUN true\n", lines: "1-5", message: `^RUN failed with exit code 1:\nin heredoc$`, code: "build"},
		{name: "continuation", text: "FROM %\nRUN echo a && \\\n    # why\n    echo b && \\\n    exit 9\n", lines: "1-4", message: `^RUN failed with exit code 9:\na\nb$`, code: "build"},
		{name: "empty", text: "", lines: "0-0", message: "(?i)empty|no instructions", code: "syntax"},
		{name: "only a comment", text: "# nothing\n", lines: "0-0", message: "(?i)no instructions|no build stage|cannot be empty", code: "syntax"},
		{name: "bad mount", text: "FROM %\nRUN --mount=type=nope true\n", lines: "1-1", message: "nope", code: "syntax"},
		{name: "CRLF", text: "FROM %\r\nRUN true\r\nRUN exit 4\r\n", lines: "2-2", message: "exit code 4", code: "build"},
	}
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		e := edit(t, s.env, dir)
		for _, m := range mistakes {
			t.Run(m.name, func(t *testing.T) {
				if m.name == "parse error" && s.old || m.name == "heredoc" && s.old { // its front end knows no heredocs
					m.lines, m.code = map[string]string{"heredoc": "1-1", "parse error": "2-2"}[m.name], "syntax"
					m.message = map[string]string{"heredoc": "older than this syntax", "parse error": "(?i)unknown instruction: echo"}[m.name]
				}
				uri := "file://" + dir + "/" + strings.ReplaceAll(m.name, " ", "-") + ".Dockerfile"
				e.Open(uri, "dockerfile", strings.ReplaceAll(m.text, "%", enginetest.Registry(t)+"/base"))
				r := buildNow(t, e, map[string]any{"uri": uri})
				if r.Status != "failed" || r.Error == nil || r.Error.URI != uri {
					t.Fatalf("%+v", r)
				}
				if r.Error.Range == nil {
					t.Fatalf("no range: %+v", r.Error)
				}
				if lines := itoa(r.Error.Range.Start.Line) + "-" + itoa(r.Error.Range.End.Line); lines != m.lines {
					t.Errorf("lines %s, want %s: %s", lines, m.lines, r.Error.Message)
				}
				if !regexp.MustCompile(m.message).MatchString(r.Error.Message) {
					t.Errorf("message %q, want %s", r.Error.Message, m.message)
				}
				found := e.Diagnostics(uri)    // what lint said too is said once, in its words
				if len(found) != 1 && !s.old { // an old front end may see another mistake
					t.Fatalf("%d diagnostics: %+v; error %+v", len(found), found, r.Error)
				}
				d := found[len(found)-1]
				if d.Range.Start.Line > r.Error.Range.End.Line || d.Range.End.Line < r.Error.Range.Start.Line || d.Severity != 1 || d.Source != "buildls" || d.Code != m.code {
					t.Errorf("%+v, want code %s at %s", d, m.code, r.Error.Range)
				}
				if m.token != "" && d.Range.String() != m.token {
					t.Errorf("underlined %s, want %s", d.Range, m.token)
				}
				if strings.Contains(r.Error.Message, "exit code") && r.Error.ExitCode == nil {
					t.Error("no exit code in the result")
				}
				e.Close(uri)
				e.Await("the diagnostics' end", func() bool { return len(e.Diagnostics(uri)) == 0 })
			})
		}
		if n := len(e.All("window/showMessage")); n != 0 {
			t.Errorf("%d messages beside the diagnostics", n)
		}
		e.Shutdown()
	})
}

// A target that is not there is refused, and shown on the last FROM until the next
// build.
func TestMissingTarget(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	e.Open(uri, "dockerfile", "FROM scratch AS a\nFROM scratch AS b\n")
	if err := e.Execute("buildls.build", map[string]any{"target": "c", "wait": true}, nil); lsptest.Code(err) != -32602 {
		t.Errorf("%v", err)
	}
	if d := e.Diagnostics(uri); len(d) != 1 || d[0].Range.String() != "1:0-1:17" || !strings.Contains(d[0].Message, `"c"`) {
		t.Errorf("%+v", d)
	}
	mustBuild(t, e, nil)
	if d := e.Diagnostics(uri); len(d) != 0 {
		t.Errorf("%+v", d)
	}
	e.Shutdown()
}

// Problems follow the text, and go when their own lines are edited or the next build
// starts; those of a build that an edit overtook land where their lines are now.
func TestProblemsFollowTheText(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	text := base(t) + "RUN exit 5\nRUN true\n"
	e.Open(uri, "dockerfile", text)
	buildNow(t, e, nil)
	at := func() string {
		d := e.Diagnostics(uri)
		if len(d) == 0 {
			return "none"
		}
		return d[0].Range.String()
	}
	if at() != "1:0-1:10" {
		t.Fatalf("at %s", at())
	}
	e.Insert(uri, 0, 0, "# one\n# two\n")
	e.Await("the problem two lines below", func() bool { return at() == "3:0-3:10" })
	published := e.Published(uri)
	if v := published[len(published)-1].Version; v == nil || *v != 2 {
		t.Errorf("version %v", v)
	}
	e.Insert(uri, 4, 4, "sleep 0; ")                                    // another line
	e.Replace(uri, "# one\n"+base(t)+"RUN exit 5\nRUN sleep 0; true\n") // the whole text: one line less above
	e.Await("the problem a line higher", func() bool { return at() == "2:0-2:10" })
	e.Insert(uri, 2, 4, "true; ")
	e.Await("the problem's end", func() bool { return at() == "none" })

	// An edit while it builds.
	sleep := newSleep()
	e.Replace(uri, base(t)+"RUN "+sleep+" & sleep 1 && exit 6\n")
	var answer struct{ ID, Token string }
	if err := e.Execute("buildls.build", nil, &answer); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	e.Insert(uri, 0, 0, "# above\n")
	e.Await("the problem where its line is now", func() bool { return strings.HasPrefix(at(), "2:0-") })
	e.Await("the end", func() bool { return e.Ended(`"` + answer.Token + `"`) })

	// The next build starts: what it replaces goes at once.
	sleep = newSleep()
	e.Replace(uri, base(t)+"RUN true\nRUN "+sleep+"\n")
	e.Insert(uri, 3, 0, "\n")
	if err := e.Execute("buildls.build", nil, &answer); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	if at() != "none" {
		t.Errorf("still at %s", at())
	}
	e.Shutdown()
	awaitNoSleep(t, sleep)
}

// Warnings of the engine's own linter are shown too.
func TestWarnings(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	e.Open(uri, "dockerfile", "FROM scratch as one\nENV a b\n")
	mustBuild(t, e, nil)
	d := e.Diagnostics(uri)
	if len(d) != 2 || d[0].Code != "FromAsCasing" || d[0].Severity != 2 || d[1].Code != "LegacyKeyValueFormat" || d[1].Range.Start.Line != 1 {
		t.Errorf("%+v", d)
	}
	e.Shutdown()
}

// Positions count in the units that were negotiated, of lint and of builds.
func TestUnicode(t *testing.T) {
	s := embeddedSite(t)
	for encoding, want := range map[string][2]string{"utf-8": {"2:18-2:23", "3:5-3:18"}, "utf-16": {"2:10-2:15", "3:5-3:10"}} {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
			"general": map[string]any{"positionEncodings": []string{encoding}}}})
		e.Open(uri, "dockerfile", "FROM scratch\r\n\r\nCOPY 日本語😀$NOPE /\r\nCOPY 日本語😀 /x\r\n")
		e.Await("the variable", func() bool { return len(e.Diagnostics(uri)) == 1 })
		if got := e.Diagnostics(uri)[0].Range.String(); got != want[0] {
			t.Errorf("%s: %s, want %s", encoding, got, want[0])
		}
		e.Insert(uri, 2, 0, "# ")
		r := buildNow(t, e, nil)
		if r.Error == nil || r.Error.Range == nil || r.Error.Range.String() != want[1] {
			t.Errorf("%s: %+v, want %s", encoding, r.Error, want[1])
		}
		e.Shutdown()
	}
}

// A heredoc keeps the carriage returns of a text with CRLF, and a shell does not take them for line
// ends: the message shows where they are, and says what to do.
func TestHeredocWithCarriageReturns(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := edit(t, s.env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", strings.TrimSpace(base(t))+"\r\nRUN <<EOF\r\nls /nope\r\nEOF\r\n")
	r := buildNow(t, e, nil)
	if r.Error == nil || !contains(r.Error.Message, `ls: /nope\r: No such file`, "CRLF") || r.Error.Range == nil || r.Error.Range.String() != "1:0-3:3" {
		t.Errorf("%+v", r.Error)
	}
	e.Shutdown()
}

// What is wrong with an empty file goes when something is typed.
func TestEmptyFileIsTyped(t *testing.T) {
	s := embeddedSite(t)
	e := edit(t, s.env, workspace(t))
	uri := "untitled:Untitled-1"
	e.Open(uri, "dockerfile", "")
	buildNow(t, e, nil)
	if d := e.Diagnostics(uri); len(d) != 1 {
		t.Errorf("%+v", d)
	}
	e.Replace(uri, "FROM scratch\n")
	e.Await("the problem's end", func() bool { return len(e.Diagnostics(uri)) == 0 })
	e.Shutdown()
}

// Lint and build agree on what is one problem.
func TestLintAndBuild(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"ENV a b\nCOPY --form=x a b\nRUN exit 3\n")
		e.Await("lint", func() bool { return e.Codes(uri) == "1:LegacyKeyValueFormat 2:syntax" })
		if r := buildNow(t, e, nil); r.Status != "failed" {
			t.Fatalf("%+v", r)
		}
		if got := e.Codes(uri); got != "1:LegacyKeyValueFormat 2:syntax" {
			t.Errorf("after the build: %s", got)
		}
		e.Replace(uri, base(t)+"ENV a b\nRUN exit 3\n")
		buildNow(t, e, nil)
		if got := e.Codes(uri); got != "1:LegacyKeyValueFormat 2:build" {
			t.Errorf("after the second build: %s", got)
		}
		e.Shutdown()
	})
}

// What the author turned off is not said by a build either; that it failed is.
func TestSeverityOfBuilds(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := newEditor(t, program(t, buildkitdSite(enginetest.Buildkitd(t)).env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{
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
	if got := e.Codes(uri); got != "2:LegacyKeyValueFormat 3:build" {
		t.Error(got)
	}
	e.Shutdown()
}

// A client that pulls is asked to do so when a build has failed, and gets why.
func TestPullAfterBuild(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"textDocument": map[string]any{"diagnostic": map[string]any{}},
		"workspace":    map[string]any{"configuration": true, "diagnostics": map[string]any{"refreshSupport": true}},
	}})
	pull := func() (report struct{ Items []lsptest.Diagnostic }) {
		t.Helper()
		if err := e.Call("textDocument/diagnostic", map[string]any{"textDocument": map[string]any{"uri": uri}}, &report); err != nil {
			t.Fatal(err)
		}
		return report
	}
	e.Open(uri, "dockerfile", base(t)+"RUN exit 7\n")
	if before := pull(); len(before.Items) != 0 {
		t.Fatalf("%+v", before)
	}
	if r := buildNow(t, e, nil); r.Status != "failed" {
		t.Fatalf("%+v", r)
	}
	e.Await("a wish to pull again", func() bool { return e.Count("workspace/diagnostic/refresh") > 0 })
	if after := pull(); len(after.Items) != 1 || after.Items[0].Code != "build" || after.Items[0].Range.Start.Line != 1 {
		t.Errorf("%+v", after)
	}
	e.Shutdown()
}
