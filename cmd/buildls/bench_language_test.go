package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// languageRequests are what an editor asks about a text as it is typed.
var languageRequests = []struct {
	what, method string
	more         map[string]any
}{
	{"completion", "completion", nil},
	{"hover", "hover", nil},
	{"semantic tokens", "semanticTokens/full", nil},
	{"outline", "documentSymbol", nil},
	{"rename", "rename", map[string]any{"newName": "other"}},
	{"highlights", "documentHighlight", nil},
	{"definition", "definition", nil},
	{"folding", "foldingRange", nil},
	{"signature help", "signatureHelp", nil},
	{"formatting", "formatting", map[string]any{"options": map[string]any{"tabSize": 4, "insertSpaces": true}}},
}

// BenchmarkLanguage is from a key to the answer to what an editor asks about the new text, through
// the wire, against the language server for Dockerfiles that most editors have.
func BenchmarkLanguage(b *testing.B) {
	peer := languageServer(b)
	for _, lines := range []int{20, 1000} {
		for _, of := range languageRequests {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(of.what, " ", "-"), lines), func(b *testing.B) {
				typist := func(server *exec.Cmd) func() {
					ask := openBare(b, server, lines, of.method == "formatting").typist(of.method, of.more)
					ask() // the first is slower: a process begins
					return ask
				}
				pairs(b, typist(quiet(shipped(b, nil))), typist(peer()))
				tellPairs(b, fmt.Sprintf("%s of %d lines, from a key to the answer", of.what, lines), "dockerfile-language-server of npm", 0.5)
			})
		}
	}
}

// BenchmarkLanguageMemory is what a server holds more than before, after all that an editor asks
// about a text of 1,000 lines, ten keys each. Both times it was quiet, so long that it has
// given back what it does not need, and then has looked at the files again, as it does at times.
func BenchmarkLanguageMemory(b *testing.B) {
	grown := func(server *exec.Cmd) int {
		w := openBare(b, server, 1000, true)
		rest := func() int {
			time.Sleep(trimQuiet + 6*time.Second)
			return resident(b, server.Process.Pid)
		}
		before := rest()
		for _, of := range languageRequests {
			ask := w.typist(of.method, of.more)
			for range 10 {
				ask()
			}
		}
		return rest() - before
	}
	var ours, theirs int
	for b.Loop() {
		if theirs == 0 { // once: it takes minutes
			ours, theirs = grown(quiet(shipped(b, nil))), grown(languageServer(b)())
		}
	}
	b.ReportMetric(float64(ours), "ours-MB")
	b.ReportMetric(float64(theirs), "theirs-MB")
	tell(figure{"requests about 1000 lines, memory that they leave", fmt.Sprintf("%+d MB", ours), fmt.Sprintf("%+d MB, dockerfile-language-server of npm", theirs), "", "≤ +5 MB"})
}

// languageServer is the command of the language server of npm.
func languageServer(b *testing.B) func() *exec.Cmd {
	server := filepath.Join(enginetest.Dir(b), "language-server", "node_modules", "dockerfile-language-server-nodejs", "bin", "docker-langserver")
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(server); err != nil || missing != nil {
		b.Skipf("SKIPPED, needs node and the language server of npm: %v %v", err, missing)
	}
	return func() *exec.Cmd { return quiet(exec.Command(node, server, "--stdio")) }
}

const bareURI = "file:///bench/Dockerfile"

// openBare opens a text of some lines, which is laid out or not, in a server.
func openBare(b *testing.B, server *exec.Cmd, lines int, ragged bool) *bareClient {
	w := startBare(b, server)
	w.ask("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{"textDocument": map[string]any{
		"semanticTokens": map[string]any{"tokenTypes": []string{"keyword", "variable", "string", "parameter"}, "tokenModifiers": []string{}, "formats": []string{"relative"},
			"requests": map[string]any{"full": true}},
		"completion":     map[string]any{"completionItem": map[string]any{"snippetSupport": true}},
		"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": true},
	}}})
	w.tell("initialized", map[string]any{})
	w.text = mistaken(lines-1, max(lines/10, 1)) + "FROM base\n"
	if ragged {
		w.text = strings.ReplaceAll(w.text, "RUN echo", "run  echo")
	}
	w.version = 1
	w.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": bareURI, "languageId": "dockerfile", "version": w.version, "text": w.text}})
	return w
}

// typist types a key, so that a number is another, and asks about the text's last line.
func (w *bareClient) typist(method string, more map[string]any) func() {
	character := 6 // in the name of a stage
	switch method {
	case "completion":
		character = 5
	case "hover":
		character = 1 // in FROM
	}
	params := map[string]any{"textDocument": map[string]any{"uri": bareURI}, "position": map[string]any{"line": strings.Count(w.text, "\n") - 1, "character": character}}
	maps.Copy(params, more)
	digit := strings.Index(strings.Split(w.text, "\n")[1], "1")
	return func() {
		w.version++
		number := map[string]any{"start": map[string]any{"line": 1, "character": digit}, "end": map[string]any{"line": 1, "character": digit + 1}}
		w.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": bareURI, "version": w.version},
			"contentChanges": []any{map[string]any{"range": number, "text": strconv.Itoa(w.version % 10)}}})
		if answer := w.ask("textDocument/"+method, params); bytes.Contains(answer, []byte(`"result":null`)) && method != "signatureHelp" {
			w.b.Fatalf("%s: %s", method, answer)
		}
	}
}

// A bareClient sends messages to a server, and reads no more of its answers than their ids: what the
// client costs is not measured.
type bareClient struct {
	b    *testing.B
	to   io.Writer
	from *textproto.Reader
	id   int

	text    string // that was opened
	version int
}

func startBare(b *testing.B, server *exec.Cmd) *bareClient {
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Process.Kill(); server.Wait() })
	return &bareClient{b: b, to: in, from: textproto.NewReader(bufio.NewReaderSize(out, 1<<20))}
}

func (w *bareClient) send(message map[string]any) {
	message["jsonrpc"] = "2.0"
	body, err := json.Marshal(message)
	if err == nil {
		_, err = fmt.Fprintf(w.to, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	if err != nil {
		w.b.Fatal(err)
	}
}

func (w *bareClient) tell(method string, params any) {
	w.send(map[string]any{"method": method, "params": params})
}

// ask returns the message that answers.
func (w *bareClient) ask(method string, params any) []byte {
	w.id++
	w.send(map[string]any{"id": w.id, "method": method, "params": params})
	id := fmt.Appendf(nil, `"id":%d,`, w.id)
	return w.await(func(head []byte) bool { return bytes.Contains(head, id) && !bytes.Contains(head, []byte(`"method"`)) })
}

// await returns the next message that begins as it is to.
func (w *bareClient) await(is func(head []byte) bool) []byte {
	for {
		header, err := w.from.ReadMIMEHeader()
		if err != nil {
			w.b.Fatal(err)
		}
		length, _ := strconv.Atoi(header.Get("Content-Length"))
		body := make([]byte, length)
		if _, err := io.ReadFull(w.from.R, body); err != nil {
			w.b.Fatal(err)
		}
		if is(body[:min(len(body), 60)]) {
			return body
		}
	}
}
