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

	"github.com/buildls/buildls/build/engine/enginetest"
)

// BenchmarkLanguage is from a key to the answer to what an editor asks about the new text, through
// the wire, against the language server for Dockerfiles that most editors have.
func BenchmarkLanguage(b *testing.B) {
	server := filepath.Join(enginetest.Dir(b), "language-server", "node_modules", "dockerfile-language-server-nodejs", "bin", "docker-langserver")
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(server); err != nil || missing != nil {
		b.Skipf("SKIPPED, needs node and the language server of npm: %v %v", err, missing)
	}
	for _, lines := range []int{20, 1000} {
		for _, of := range []struct {
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
		} {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(of.what, " ", "-"), lines), func(b *testing.B) {
				ours := typist(b, quiet(shipped(b, nil)), lines, of.method, of.more)
				theirs := typist(b, quiet(exec.Command(node, server, "--stdio")), lines, of.method, of.more)
				pairs(b, ours, theirs)
				tellPairs(b, fmt.Sprintf("%s of %d lines, from a key to the answer", of.what, lines), "dockerfile-language-server of npm", 0.5)
			})
		}
	}
}

// typist opens a text of some lines in a server, and returns what types a key and asks.
func typist(b *testing.B, server *exec.Cmd, lines int, method string, more map[string]any) func() {
	const uri = "file:///bench/Dockerfile"
	w := startBare(b, server)
	w.ask("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{"textDocument": map[string]any{
		"semanticTokens": map[string]any{"tokenTypes": []string{"keyword", "variable", "string", "parameter"}, "tokenModifiers": []string{}, "formats": []string{"relative"},
			"requests": map[string]any{"full": true}},
		"completion":     map[string]any{"completionItem": map[string]any{"snippetSupport": true}},
		"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": true},
	}}})
	w.tell("initialized", map[string]any{})
	text := mistaken(lines-1, max(lines/10, 1)) + "FROM base\n"
	if method == "formatting" { // a text that needs it
		text = strings.ReplaceAll(text, "RUN echo", "run  echo")
	}
	w.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "dockerfile", "version": 1, "text": text}})
	character := 6 // in the name of a stage
	switch method {
	case "completion":
		character = 5
	case "hover":
		character = 1 // in FROM
	}
	params := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": lines - 1, "character": character}}
	maps.Copy(params, more)
	version := 1
	ask := func() {
		version++
		letter := map[string]any{"start": map[string]any{"line": 1, "character": 0}, "end": map[string]any{"line": 1, "character": 1}}
		w.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": version},
			"contentChanges": []any{map[string]any{"range": letter, "text": text[len("FROM scratch AS base\n"):][:1]}}}) // another text, which says the same
		if answer := w.ask("textDocument/"+method, params); bytes.Contains(answer, []byte(`"result":null`)) && method != "signatureHelp" {
			b.Fatalf("%s: %s", method, answer)
		}
	}
	ask() // the first is slower: a process begins
	return ask
}

// A bareClient sends messages to a server, and reads no more of its answers than their ids: what the
// client costs is not measured.
type bareClient struct {
	b    *testing.B
	to   io.Writer
	from *textproto.Reader
	id   int
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
