package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestManifest holds the settings and commands of the VS Code extension to the one
// description of them.
func TestManifest(t *testing.T) {
	const path = "../editors/vscode/package.json"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := data
	for _, part := range []struct {
		make func() ([]byte, error)
		path []any
	}{
		{ManifestCommands, []any{"contributes", "commands"}},
		{ManifestSettings, []any{"contributes", "configuration", 0, "properties"}},
	} {
		value, err := part.make()
		if err != nil {
			t.Fatal(err)
		}
		start, end, err := locate(text, part.path...)
		if err != nil {
			t.Fatal(err)
		}
		text = slices.Concat(text[:start], value, text[end:])
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	text = append(bytes.TrimSpace(indented.Bytes()), '\n')
	if bytes.Equal(text, data) {
		return
	}
	if !*update {
		t.Fatal("editors/vscode/package.json is stale: run go test ./handlers -run TestManifest -update")
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPalette holds what the palette says that it runs to the commands there are.
func TestPalette(t *testing.T) {
	for _, p := range palette {
		if p.Runs != "" && !slices.Contains(commandNames(), p.Runs) {
			t.Errorf("the palette's %s runs %s, which the server does not have", p.ID, p.Runs)
		}
	}
}

// locate finds the bytes of the value at a path of keys and indices in a JSON text, so
// that the rest can be left as it is.
func locate(text []byte, path ...any) (start, end int, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	for _, want := range path {
		if _, err := dec.Token(); err != nil { // { or [
			return 0, 0, err
		}
		if err := seek(dec, want); err != nil {
			return 0, 0, fmt.Errorf("%v of %v: %w", want, path, err)
		}
	}
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return 0, 0, err
	}
	end = int(dec.InputOffset())
	return end - len(value), end, nil
}

// seek reads up to the value of a key or an index.
func seek(dec *json.Decoder, want any) error {
	for i := 0; dec.More(); i++ {
		var at any = i
		if _, isKey := want.(string); isKey {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			at = key
		}
		if at == want {
			return nil
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return err
		}
	}
	return os.ErrNotExist
}
