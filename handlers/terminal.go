package handlers

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A TerminalBuild is a build that was asked for in a terminal.
type TerminalBuild struct {
	Context string // a directory
	File    string // "" is Context/Dockerfile
	Stdin   []byte // the Dockerfile, if File is "-"
	Options
	Engine string
	Stdout io.Writer // for an output to "-"
}

// Request makes of it the request that an editor's build of the same file makes, and
// says which engine is wished for. onError is told when a file cannot be sent.
func (t *TerminalBuild) Request(onError func(error)) (*build.Request, []engine.Wish, error) {
	if err := checkEngine(t.Engine); err != nil {
		return nil, nil, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, nil, err
	}
	dir, err := explicitDir(t.Context, wd)
	if err != nil {
		return nil, nil, err
	}
	doc, err := t.document(dir)
	if err != nil {
		return nil, nil, err
	}
	p := &plan{snapshot: workspace.New().Snapshot(), doc: doc, context: dir, stdout: t.Stdout}
	if err := p.fill(t.Options, wd); err != nil {
		return nil, nil, err
	}
	req, _, err := p.request(newID(), onError)
	return req, []engine.Wish{{Who: "--engine", Address: t.Engine}}, err
}

// document is the Dockerfile, as if an editor had it open.
func (t *TerminalBuild) document(dir string) (*workspace.Document, error) {
	if t.File == "-" {
		return &workspace.Document{URI: "stdin:Dockerfile", Text: workspace.NewText(string(t.Stdin))}, nil
	}
	file := t.File
	if file == "" {
		file = filepath.Join(dir, "Dockerfile")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lsp.InvalidParams("no Dockerfile at %s; name one with -f", path)
	}
	if err != nil {
		return nil, err
	}
	return &workspace.Document{URI: workspace.FileURI(path), Path: path, Text: workspace.NewText(string(text))}, nil
}
