package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
)

// signatureTriggers begin an argument, or the next one.
var signatureTriggers = []string{" ", "=", ",", "[", "\""}

// signatureHelp is the forms of what is being written at a place.
func (s *Server) signatureHelp(_ context.Context, d document, p *positionParams) (any, error) {
	help := namesOf(d.doc).Signature(d.offset(p.Position))
	if help == nil {
		return &protocol.SignatureHelp{Signatures: []protocol.SignatureInformation{}}, nil
	}
	out := &protocol.SignatureHelp{ActiveSignature: ptr(uint32(help.Active))}
	for i, form := range help.Signatures {
		info := protocol.SignatureInformation{Label: form.Label}
		for _, p := range form.Params {
			info.Parameters = append(info.Parameters, protocol.ParameterInformation{Label: protocol.String(form.Label[p.Start:p.End])})
		}
		if form.Active >= 0 {
			info.ActiveParameter = protocol.NewNullable(uint32(form.Active))
			if i == help.Active {
				out.ActiveParameter = info.ActiveParameter
			}
		}
		if e := language.Documentation(form.Doc); e != nil && e.Text != "" {
			info.Documentation = &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: e.Text}
		}
		out.Signatures = append(out.Signatures, info)
	}
	return out, nil
}
