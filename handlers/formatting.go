package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"go.lsp.dev/protocol"
	"go.uber.org/zap"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/format"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/editorconfig"
)

// formattingOptions are how the author's editor indents.
type formattingOptions struct {
	TabSize      int  `json:"tabSize"`
	InsertSpaces bool `json:"insertSpaces"`
}

// maxTab bounds a client's tab size.
const maxTab = 16

func (o formattingOptions) indent() string {
	if o.InsertSpaces {
		return strings.Repeat(" ", min(max(o.TabSize, 0), maxTab))
	}
	return "\t"
}

type formattingParams struct {
	DocumentParams
	Range   *protocol.Range   `json:"range"` // nil: all of the text
	Options formattingOptions `json:"options"`
}

// The values of the setting format.operators.
const operatorsFirst, operatorsLast = "first", "last"

func setFormatShell(s *Settings, raw json.RawMessage) error {
	if err := json.Unmarshal(raw, &s.FormatShell); err != nil {
		return errors.New("it must be true or false")
	}
	return nil
}

// formatting lays out a Dockerfile, or the instructions in a part of it. Line breaks are the
// editor's business.
func (s *Server) formatting(ctx context.Context, d document, p *formattingParams) (any, error) {
	style, err := FormatStyle(d.doc.Path, readThrough(d.snapshot), p.Options.indent())
	if err != nil {
		s.log.Warn("formatting", zap.Error(err))
	}
	style.LineBreak = ""
	if settings := s.settings.now(); settings.FormatShell {
		style.Shell = &format.Shell{OperatorsLast: settings.FormatOperators == operatorsLast}
	}
	result, err := d.laidOut(ctx, p.Range, style)
	if err != nil {
		return nil, lsp.InvalidParams("%v", err)
	}
	for _, left := range result.Left {
		s.log.Info("not formatted", zap.String("uri", string(d.doc.URI)), zap.Int("line", left.Lines.First+1), zap.String("why", left.Why))
	}
	if n := result.Again(); n > 0 {
		s.showMessage(protocol.MessageTypeInfo, fmt.Sprintf("buildls: the shell of %s was formatted; the next build runs %s again", filepath.Base(d.doc.Path), plural(n, "step", "steps")))
	}
	edits := []protocol.TextEdit{}
	for _, e := range result.Edits() {
		edits = append(edits, protocol.TextEdit{Range: d.byteRange(e.Start, e.End), NewText: e.Text})
	}
	return edits, nil
}

// laidOut is the document, laid out in a range. One that ends where a line begins ends before it.
func (d document) laidOut(ctx context.Context, in *protocol.Range, style format.Style) (*format.Result, error) {
	file := plan.FileOf(d.doc)
	if in == nil {
		return format.Format(ctx, file, style)
	}
	start, end := d.offset(in.Start), d.offset(in.End)
	if in.End.Character == 0 && end > start {
		end--
	}
	return format.Range(ctx, file, style, dockerfile.Lines{First: file.LineOf(start), Last: file.LineOf(end)})
}

// readThrough reads files as the author sees them: an open buffer stands for its file.
func readThrough(snapshot *workspace.Snapshot) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if doc := snapshot.DocumentAt(path); doc != nil {
			return doc.Text.Bytes(), nil
		}
		return workspace.ReadPlain(path)
	}
}

// FormatStyle is how a Dockerfile is laid out: as the .editorconfig files of its folder and above
// say, else indented by indent. Without a path none counts. The error is that of files that cannot
// be read; the style counts all the same.
func FormatStyle(path string, read func(string) ([]byte, error), indent string) (format.Style, error) {
	if !filepath.IsAbs(path) {
		return format.Style{Indent: indent}, nil
	}
	wishes, err := editorconfig.Of(path, read)
	return format.Style{
		Indent:       wishes.Indent(indent),
		LineBreak:    wishes.LineBreak,
		KeepEnd:      wishes.FinalNewline != nil && !*wishes.FinalNewline,
		KeepTrailing: wishes.Trim != nil && !*wishes.Trim,
	}, err
}
