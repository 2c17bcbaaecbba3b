package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// The server is sent what no editor sends: it answers every request, goes on, and takes no
// more memory than it is given here.

// params are what an editor sends with each request; notifications begin with "~".
var hostileParams = map[string]string{
	"textDocument/hover":                   `{"textDocument":{"uri":"URI"},"position":{"line":1,"character":2}}`,
	"textDocument/codeLens":                `{"textDocument":{"uri":"URI"}}`,
	"textDocument/inlayHint":               `{"textDocument":{"uri":"URI"},"range":{"start":{"line":0,"character":0},"end":{"line":9,"character":0}}}`,
	"textDocument/codeAction":              `{"textDocument":{"uri":"URI"},"range":{"start":{"line":0,"character":0},"end":{"line":9,"character":0}},"context":{"diagnostics":[],"only":["quickfix"]}}`,
	"workspace/executeCommand":             `{"command":"buildls.targets","arguments":[{"uri":"URI"}],"workDoneToken":"t"}`,
	"~textDocument/didOpen":                `{"textDocument":{"uri":"URI2","languageId":"dockerfile","version":1,"text":"FROM scratch\n"}}`,
	"~textDocument/didChange":              `{"textDocument":{"uri":"URI2","version":2},"contentChanges":[{"range":{"start":{"line":0,"character":0},"end":{"line":0,"character":1}},"text":"F"}]}`,
	"~textDocument/didSave":                `{"textDocument":{"uri":"URI"},"text":"x"}`,
	"~textDocument/didClose":               `{"textDocument":{"uri":"URI2"}}`,
	"~workspace/didChangeWorkspaceFolders": `{"event":{"added":[{"uri":"file:///tmp","name":"a"}],"removed":[{"uri":"file:///tmp","name":"a"}]}}`,
	"~workspace/didChangeConfiguration":    `{"settings":{"buildls":{"engine":"auto","context":"workspace","overlay":"all","onSave":"nothing","build":{"*":{"target":"a"}},"profiles":{"p":{"tags":["a"]}},"lint":{"severity":{"syntax":"error"},"delay":0},"logLevel":"info"}}}`,
	"~workspace/didChangeWatchedFiles":     `{"changes":[{"uri":"file:///tmp/.dockerignore","type":2}]}`,
	"~window/workDoneProgress/cancel":      `{"token":"t"}`,
	"~$/cancelRequest":                     `{"id":5}`,
	"~$/setTrace":                          `{"value":"off"}`,
	"~initialized":                         `{}`,
}

// hostileArguments are those of the commands.
var hostileArguments = map[string]string{
	"buildls.build": `{"uri":"URI","context":".","profile":"p","target":"app","tags":["a:b"],"platforms":["linux/amd64"],"buildArgs":{"A":"b"},"labels":{"a":"b"},` +
		`"contexts":{"c":"."},"secrets":[{"id":"s","env":"HOME"}],"ssh":[{"id":"default","paths":["x"]}],"outputs":[{"type":"image","dest":"","attrs":{"a":"b"}}],"cacheFrom":["a"],"cacheTo":["a"],` +
		`"noCache":true,"noCacheFilter":["app"],"pull":true,"push":true,"load":true,"network":"host","addHosts":["a:1.2.3.4"],"allow":["network.host"],"attest":["type=sbom"],"iidFile":"i","metadataFile":"m","engine":"unix:///nowhere/at/all","wait":true}`,
	"buildls.cancel": `{"id":"1"}`, "buildls.check": `{"uri":"URI"}`, "buildls.targets": `{"uri":"URI"}`, "buildls.profiles": `{"uri":"URI"}`,
	"buildls.context": `{"uri":"URI","context":".","target":"app"}`, "buildls.log": `{"id":"1","step":0}`, "buildls.files": `{"id":"1","step":0,"path":"/"}`,
	"buildls.file": `{"id":"1","step":0,"path":"/x"}`, "buildls.shell": `{"id":"1","step":0}`, "buildls.run": `{"id":"1","command":["sh"]}`, "buildls.debug": `{"uri":"URI","stopOnEntry":true,"stopOnFailure":false}`, "buildls.builds": `{}`, "buildls.engine": `{"engine":"unix:///nowhere/at/all"}`,
}

// odd are values that stand in the place of any other.
var odd = []string{"null", "-1", "1.5", "1e400", "99999999999999999999", `"x"`, `"\ud800\u0000"`, "[]", "[null]", "[[[]]]", "{}", `{"":null}`, "true"}

// variants are a JSON value with each of its parts replaced by each odd value, left out, and
// given twice.
func variants(raw string) []string {
	out := slices.Clone(odd)
	var members map[string]json.RawMessage
	var elements []json.RawMessage
	switch {
	case json.Unmarshal([]byte(raw), &members) == nil && members != nil:
		for _, name := range slices.Sorted(maps.Keys(members)) {
			rest := maps.Clone(members)
			delete(rest, name)
			without, _ := json.Marshal(rest)
			out = append(out, string(without))
			for _, v := range variants(string(members[name])) {
				comma := ","
				if len(rest) == 0 {
					comma = ""
				}
				out = append(out, fmt.Sprintf(`{%q:%s%s%s`, name, v, comma, without[1:]))
			}
			out = append(out, fmt.Sprintf(`{%q:5,%s`, name, raw[1:]))
		}
	case json.Unmarshal([]byte(raw), &elements) == nil && len(elements) > 0:
		for _, v := range variants(string(elements[0])) {
			out = append(out, "["+v+"]")
		}
	}
	return out
}

// Every field of every method may be anything.
func TestOddParams(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch AS app\n", "sub/Dockerfile", "FROM scratch\n")
	names := strings.NewReplacer("URI2", "file://"+dir+"/sub/Dockerfile", "URI", "file://"+dir+"/Dockerfile")
	e := dial(t, []string{"BUILDLS_ENGINE=unix://" + dir + "/none.sock"}, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{"workspace": nil}})
	e.Open("file://"+dir+"/Dockerfile", "dockerfile", "FROM scratch AS app\n")
	var caps struct {
		Capabilities struct{ ExecuteCommandProvider struct{ Commands []string } }
	}
	if err := json.Unmarshal(e.Server, &caps); err != nil {
		t.Fatal(err)
	}
	type call struct{ method, params string }
	var calls []call
	for method, params := range hostileParams {
		calls = append(calls, call{method, ""})
		for _, v := range variants(names.Replace(params)) {
			calls = append(calls, call{method, v})
		}
	}
	for _, command := range caps.Capabilities.ExecuteCommandProvider.Commands {
		if hostileArguments[command] == "" {
			t.Errorf("no arguments for %s", command)
		}
		for _, v := range variants(names.Replace(hostileArguments[command])) {
			calls = append(calls, call{"workspace/executeCommand", fmt.Sprintf(`{"command":%q,"arguments":[%s]}`, command, v)})
		}
	}
	t.Logf("%d messages", len(calls))
	lsptest.AtOnce(len(calls), func(i int) {
		c := calls[i]
		var params any
		if c.params != "" {
			params = json.RawMessage(c.params)
		}
		if strings.HasPrefix(c.method, "~") {
			e.Notify(c.method[1:], params)
			return
		}
		lsptest.Answered(t, c.method+" "+c.params, e.Call(c.method, params, nil))
	})
	e.Replace("file://"+dir+"/Dockerfile", "FROM scratch AS still\n")
	stillServes(t, e, "file://"+dir+"/Dockerfile", "still")
	e.Shutdown()
}

// stillServes is whether the server has the text that an editor shows.
func stillServes(t *testing.T, e *lsptest.Editor, uri, stage string) {
	t.Helper()
	var targets []struct{ Name string }
	if err := e.Execute("buildls.targets", map[string]any{"uri": uri}, &targets); err != nil || len(targets) != 1 || targets[0].Name != stage {
		t.Errorf("%v, %v, want %s", targets, err, stage)
	}
}

// initialize may be anything too: each is a server of its own.
func TestOddInitialize(t *testing.T) {
	params := `{"processId":null,"clientInfo":{"name":"x"},"rootPath":"/","rootUri":"file:///","workspaceFolders":[{"uri":"file:///","name":"x"}],` +
		`"capabilities":{"general":{"positionEncodings":["utf-8"]},"window":{"workDoneProgress":true},"experimental":{"buildls":{"log":true}}},"initializationOptions":{"buildls":{"engine":"auto","lint":{"delay":0}}}}`
	for _, v := range variants(params) {
		e := connect(t, nil, lsptest.Options{})
		if err := e.Call("initialize", json.RawMessage(v), nil); err != nil {
			lsptest.Answered(t, "initialize "+v, err)
			lsptest.Answered(t, "initialize", e.Call("initialize", json.RawMessage(params), nil))
		}
		e.Notify("initialized", map[string]any{})
		e.Shutdown()
	}
}

// Places outside of the text, and notifications that make no sense.
func TestOddSync(t *testing.T) {
	dir := lsptest.Workspace(t)
	e, uri := edit(t, nil, dir), "file://"+dir+"/Dockerfile"
	change := func(version int, changes string) {
		e.Notify("textDocument/didChange", json.RawMessage(fmt.Sprintf(`{"textDocument":{"uri":%q,"version":%d},"contentChanges":[%s]}`, uri, version, changes)))
	}
	whole := func(stage string) string { return fmt.Sprintf(`{"text":"FROM scratch AS %s\n"}`, stage) }
	part := func(line, char, endLine, endChar int64, text string) string {
		return fmt.Sprintf(`{"range":{"start":{"line":%d,"character":%d},"end":{"line":%d,"character":%d}},"text":%q}`, line, char, endLine, endChar, text)
	}
	change(1, whole("a")) // of what is not open
	e.Close(uri)
	e.Open(uri, "dockerfile", "FROM scratch AS first\n")
	e.Open(uri, "dockerfile", "FROM scratch AS second\n")
	stillServes(t, e, uri, "second")
	change(-5, whole("older"))
	stillServes(t, e, uri, "older")
	change(2147483647, whole("newer")+","+whole("last"))
	stillServes(t, e, uri, "last")
	change(3, part(0, 16, 0, 20, "x")+","+part(4294967295, 4294967295, 4294967295, 4294967295, "# end")+","+part(0, 17, 0, 3, "yz"))
	stillServes(t, e, uri, "xyz") // an end before the start counts as the start
	change(4, `{"text":"# \ud83d\ude00\nFROM scratch AS s\n"},`+part(0, 3, 0, 3, "middle"))
	stillServes(t, e, uri, "s") // in the middle of a surrogate pair is before it
	change(5, part(-1, -1, -1, -1, "nonsense"))
	change(6, part(1, 16, 1, 4294967296, "nonsense")) // no uinteger
	stillServes(t, e, uri, "s")
	for _, at := range []string{`{"line":4294967295,"character":4294967295}`, `{"line":-1,"character":0}`, `{"line":0,"character":3}`} {
		lsptest.Answered(t, "hover", e.Call("textDocument/hover", json.RawMessage(fmt.Sprintf(`{"textDocument":{"uri":%q},"position":%s}`, uri, at)), nil))
		for _, m := range []string{"inlayHint", "codeAction"} {
			lsptest.Answered(t, m, e.Call("textDocument/"+m, json.RawMessage(fmt.Sprintf(`{"textDocument":{"uri":%q},"range":{"start":%s,"end":{"line":0,"character":0}},"context":{"diagnostics":[]}}`, uri, at)), nil))
		}
	}
	e.Close(uri)
	e.Close(uri)
	e.Open(uri, "dockerfile", "FROM scratch AS again\n")
	stillServes(t, e, uri, "again")
	e.Shutdown()
}
