package handlers

import (
	"cmp"
	"math"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/workspace"
)

// A converter turns what the domain says about one text into the protocol's types.
// It is the only place that does.
type converter struct {
	uri      uri.URI
	text     *workspace.Text
	encoding workspace.Encoding
}

// converter converts what concerns doc's text.
func (s *Server) converter(doc *workspace.Document) converter {
	return converter{uri: toURI(doc.URI), text: doc.Text, encoding: s.ws.Snapshot().Encoding()}
}

func toURI(u workspace.URI) uri.URI { return uri.URI(u) }

// lineRange is from the first character of some lines that is not blank to the end of
// the last, without its line break. What BuildKit takes for a line (see dockerfile.Lines) may
// be several to the editor.
func (c converter) lineRange(l dockerfile.Lines) protocol.Range {
	return toRange(c.text.RowRange(l.First, l.Last, c.encoding))
}

// firstLine is the part of lineRange that stands on its first line.
func (c converter) firstLine(l dockerfile.Lines) protocol.Range {
	r := c.text.RowRange(l.First, l.First, c.encoding)
	if r.End.Line > r.Start.Line {
		end := workspace.Position{Line: r.Start.Line, Character: math.MaxInt32}
		r.End = c.text.PositionOf(c.text.OffsetOf(end, c.encoding), c.encoding)
	}
	return toRange(r)
}

// editorLine is the line of an editor, 0-based, on which a line of a parser's begins.
func editorLine(text []byte, line int) int {
	return workspace.NewText(string(text)).RowRange(line, line, workspace.UTF8).Start.Line
}

// problemRange is the problem's token, never past its line's end; else its lines.
func (c converter) problemRange(p dockerfile.Problem) protocol.Range {
	if p.Columns == (dockerfile.Columns{}) {
		return c.lineRange(p.Lines)
	}
	return protocol.Range{Start: c.position(p.Lines.First, p.Columns.Start), End: c.position(p.Lines.Last, p.Columns.End)}
}

// position is that of a byte column of a line of BuildKit's.
func (c converter) position(line, column int) protocol.Position {
	return toPosition(c.text.PositionOf(c.text.OffsetIn(line, column), c.encoding))
}

// byteRange is from one byte of the text to another.
func (c converter) byteRange(start, end int) protocol.Range {
	return protocol.Range{Start: toPosition(c.text.PositionOf(start, c.encoding)), End: toPosition(c.text.PositionOf(end, c.encoding))}
}

// span is byteRange of a place that package language names.
func (c converter) span(s language.Span) protocol.Range { return c.byteRange(s.Start, s.End) }

// nearSpan is the range of a place that is near the one before.
func nearSpan(c *workspace.Cursor, s language.Span) protocol.Range {
	return protocol.Range{Start: toPosition(c.Position(s.Start)), End: toPosition(c.Position(s.End))}
}

func (c converter) location(s language.Span) protocol.Location {
	return protocol.Location{URI: c.uri, Range: c.span(s)}
}

func toRange(r workspace.Range) protocol.Range {
	return protocol.Range{Start: toPosition(r.Start), End: toPosition(r.End)}
}

func toPosition(p workspace.Position) protocol.Position {
	return protocol.Position{Line: uint32(p.Line), Character: uint32(p.Character)}
}

func (c converter) diagnostic(p dockerfile.Problem) protocol.Diagnostic {
	d := protocol.Diagnostic{
		Range:    c.problemRange(p),
		Severity: protocol.DiagnosticSeverityError + protocol.DiagnosticSeverity(p.Severity),
		Code:     protocol.String(p.Code),
		Source:   protocol.NewOptional("buildls"),
		Message:  protocol.String(p.Message),
	}
	if p.Deprecated {
		d.Tags = protocol.NewDiagnosticTags(protocol.DiagnosticTagDeprecated)
	}
	if p.URL != "" {
		d.CodeDescription.Href = uri.URI(p.URL)
	}
	return d
}

// sameDiagnostic compares all that diagnostic sets.
func sameDiagnostic(a, b protocol.Diagnostic) bool {
	return a.Range == b.Range && a.Severity == b.Severity && a.Code == b.Code && a.Message == b.Message && a.CodeDescription == b.CodeDescription
}

func compareDiagnostics(a, b protocol.Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
		cmp.Compare(a.Range.Start.Character, b.Range.Start.Character),
		cmp.Compare(a.Severity, b.Severity))
}

// toChanges reads the elements of a didChange, which count in the negotiated encoding.
func toChanges(p *didChangeParams) []workspace.Change {
	changes := make([]workspace.Change, len(p.ContentChanges))
	for i, c := range p.ContentChanges {
		changes[i].Text = c.Text
		if c.Range != nil {
			changes[i].Range = fromRange(*c.Range)
		}
	}
	return changes
}

func fromRange(r protocol.Range) *workspace.Range {
	return &workspace.Range{Start: fromPosition(r.Start), End: fromPosition(r.End)}
}

func fromPosition(p protocol.Position) workspace.Position {
	return workspace.Position{Line: int(p.Line), Character: int(p.Character)}
}

// A buildResult is the contract's result of a build.
type buildResult struct {
	ID         string          `json:"id"`
	URI        workspace.URI   `json:"uri"`
	Status     string          `json:"status"` // "succeeded", "failed", "canceled", or "running" in a list
	Digest     *string         `json:"digest"`
	ImageID    *string         `json:"imageId"`
	Tags       []string        `json:"tags"`
	Platforms  []string        `json:"platforms"`
	Target     string          `json:"target"`
	Started    string          `json:"started"` // in RFC 3339, of UTC, to the millisecond
	DurationMs int64           `json:"durationMs"`
	Engine     string          `json:"engine"`
	Context    string          `json:"context"`
	Overlaid   []workspace.URI `json:"overlaid"`
	Profile    *profileResult  `json:"profile"`
	Steps      []stepResult    `json:"steps"`
	Warnings   []warningResult `json:"warnings"`
	Error      *errorResult    `json:"error,omitzero"`

	entry string // of the Dockerfile's place, of one that was kept
}

type stepResult struct {
	Name       string         `json:"name"`
	Range      protocol.Range `json:"range"`
	Status     string         `json:"status"`
	DurationMs int64          `json:"durationMs"`
	LastMs     *int64         `json:"lastMs,omitzero"` // how long it took when it last ran, in an earlier build
	ExitCode   *int           `json:"exitCode,omitzero"`
	Why        string         `json:"why,omitzero"` // it was not cached
}

type warningResult struct {
	Message string          `json:"message"`
	Code    string          `json:"code,omitzero"`
	URL     string          `json:"url,omitzero"`
	URI     workspace.URI   `json:"uri,omitzero"`
	Range   *protocol.Range `json:"range,omitzero"`
}

type errorResult struct {
	Message  string          `json:"message"`
	URI      workspace.URI   `json:"uri,omitzero"`
	Range    *protocol.Range `json:"range,omitzero"`
	ExitCode *int            `json:"exitCode,omitzero"`
	Log      string          `json:"log,omitzero"`
}

func (c converter) steps(steps []build.Step) []stepResult {
	out := make([]stepResult, len(steps))
	for i, s := range steps {
		out[i] = stepResult{Name: s.Name, Range: c.problemRange(dockerfile.Problem{Lines: s.Lines, Columns: s.Columns}), Status: string(s.Status), DurationMs: s.Duration.Milliseconds(), ExitCode: s.ExitCode, Why: s.Why}
	}
	return out
}

func (c converter) warnings(uri workspace.URI, problems []dockerfile.Problem) []warningResult {
	out := make([]warningResult, len(problems))
	for i, p := range problems {
		out[i] = warningResult{Message: p.Message, Code: p.Code, URL: p.URL, URI: uri, Range: ptr(c.problemRange(p))}
	}
	return out
}

func (c converter) targets(stages []dockerfile.Stage) []targetResult {
	out := make([]targetResult, len(stages))
	for i, s := range stages {
		out[i] = targetResult{Name: s.Name, Description: s.Description, Base: s.Base, Platform: s.Platform, Default: s.Default, Range: c.lineRange(s.Lines)}
	}
	return out
}
