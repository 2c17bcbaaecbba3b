package handlers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

func TestCapabilities(t *testing.T) {
	for _, c := range []struct {
		encodings []string
		want      string
	}{
		{nil, "utf-16"},
		{[]string{"utf-16"}, "utf-16"},
		{[]string{"utf-8", "utf-16"}, "utf-8"},
		{[]string{"utf-32", "utf-16", "utf-8"}, "utf-16"},
	} {
		e := dial(t, nil, lsptest.Options{Capabilities: map[string]any{"general": map[string]any{"positionEncodings": c.encodings}}})
		var result struct {
			Capabilities struct {
				PositionEncoding string
				TextDocumentSync struct {
					OpenClose bool
					Change    int
				}
				ExecuteCommandProvider struct{ Commands []string }
			}
			ServerInfo struct{ Name string }
		}
		if err := json.Unmarshal(e.Server, &result); err != nil {
			t.Fatal(err)
		}
		caps := result.Capabilities
		if caps.PositionEncoding != c.want {
			t.Errorf("encodings %v: %s, want %s", c.encodings, caps.PositionEncoding, c.want)
		}
		if caps.TextDocumentSync.Change != 2 || !caps.TextDocumentSync.OpenClose {
			t.Errorf("sync %+v, want incremental with open and close", caps.TextDocumentSync)
		}
		if !strings.Contains(strings.Join(caps.ExecuteCommandProvider.Commands, " "), "buildls.build") || result.ServerInfo.Name != "buildls" {
			t.Errorf("%s", e.Server)
		}
		e.Shutdown()
	}
}
