package handlers

import (
	"strings"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language/reference"
)

// kind is what the prose is written in.
func (p *prose) kind() protocol.MarkupKind {
	if p.markdown {
		return protocol.MarkupKindMarkdown
	}
	return protocol.MarkupKindPlainText
}

// entry says what BuildKit's reference says of a word: how it is written, what it does, since
// when it is known, where more stands.
func (p *prose) entry(e *reference.Entry) {
	if len(e.Syntax) > 0 {
		p.block(strings.Join(e.Syntax, "\n"))
	}
	if e.Text != "" {
		p.paragraph("%s", e.Text) // BuildKit's own Markdown
	}
	if e.Since != "" {
		p.paragraph("Since %s.", p.code("docker/dockerfile:"+e.Since))
	}
	if p.markdown && e.URL != "" {
		p.paragraph("[Reference](%s)", e.URL)
	}
}
