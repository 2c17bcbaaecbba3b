package handlers

import (
	"context"
	"fmt"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

type hoverParams struct {
	DocumentParams
	Position protocol.Position `json:"position"`
}

// A hover is what is said of a place. Each part of the server adds what it knows, one
// after another.
type hover struct {
	snapshot *workspace.Snapshot
	doc      *workspace.Document
	offset   int // of the place, in bytes of the text
	line     int // that holds it, as in dockerfile.Lines
	prose    prose
	lines    *dockerfile.Lines // what the hover is about, the first that a part names; nil: a word
	looks    int               // how often the context was looked at again
	span     *[2]int           // bytes of the text, from and to, that it is about alone; nothing is added to that
}

// about says which lines a part speaks of.
func (h *hover) about(l dockerfile.Lines) {
	if h.lines == nil {
		h.lines = &l
	}
}

// hoverParts add to a hover what they know of its place, if anything, by the document's
// kind, in the order in which they are shown. They run concurrently with everything else,
// and return soon after the context is canceled.
var hoverParts = map[workspace.Kind][]func(*Server, context.Context, *hover){
	workspace.Dockerfile: {(*Server).hoverVariable, (*Server).hoverWord, (*Server).hoverStep, (*Server).hoverContext, (*Server).hoverInstruction},
	workspace.Ignore:     {(*Server).hoverIgnore},
}

func (s *Server) hover(ctx context.Context, d document, p *hoverParams) (any, error) {
	offset := d.text.OffsetOf(fromPosition(p.Position), d.encoding)
	h := &hover{snapshot: d.snapshot, doc: d.doc, offset: offset, line: d.text.RowAt(offset), prose: prose{markdown: s.features.markdown}}
	for _, part := range hoverParts[d.doc.Kind()] {
		if h.span == nil {
			part(s, ctx, h)
		}
	}
	if h.prose.empty() {
		return nil, nil
	}
	return d.hover(h), nil
}

func (c converter) hover(h *hover) *protocol.Hover {
	kind := protocol.MarkupKindPlainText
	if h.prose.markdown {
		kind = protocol.MarkupKindMarkdown
	}
	out := &protocol.Hover{Contents: &protocol.MarkupContent{Kind: kind, Value: h.prose.String()}}
	if h.span != nil {
		out.Range = ptr(c.byteRange(h.span[0], h.span[1]))
	} else if h.lines != nil {
		out.Range = ptr(c.lineRange(*h.lines))
	}
	return out
}

// A prose is text for people: paragraphs and lists, in Markdown where the client shows it.
type prose struct {
	markdown bool
	b        strings.Builder
	inList   bool
}

func (p *prose) empty() bool { return p.b.Len() == 0 }

func (p *prose) String() string { return p.b.String() }

// paragraph adds a paragraph. What is not ours must come through text, code or link.
func (p *prose) paragraph(format string, args ...any) {
	if !p.empty() {
		p.b.WriteString("\n\n")
	}
	p.inList = false
	fmt.Fprintf(&p.b, format, args...)
}

// item adds an item of a list.
func (p *prose) item(format string, args ...any) {
	switch {
	case p.empty():
	case p.inList || !p.markdown:
		p.b.WriteString("\n")
	default:
		p.b.WriteString("\n\n")
	}
	p.inList = true
	fmt.Fprintf(&p.b, "- "+format, args...)
}

// text is text as it is: nothing in it is Markdown.
func (p *prose) text(s string) string {
	if !p.markdown {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is a name or a piece of code.
func (p *prose) code(s string) string {
	if !p.markdown {
		return s
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

// block is text of several lines, as it is.
func (p *prose) block(s string) {
	if !p.markdown {
		p.paragraph("%s", s)
		return
	}
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	p.paragraph("%stext\n%s\n%s", fence, s, fence)
}

// link leads to a 0-based line of a file.
func (p *prose) link(title string, to workspace.URI, line int) string {
	if !p.markdown {
		return title
	}
	target := strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(string(to))
	return fmt.Sprintf("[%s](%s#L%d)", p.text(title), target, line+1)
}
