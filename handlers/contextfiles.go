package handlers

import (
	"context"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace/survey"
)

// contextFiles are what a build of a Dockerfile would find in a directory of its context, as
// survey.List has them: buffers count, what is ignored does not. None are known of a context that is
// not a directory here.
func (s *Server) contextFiles(ctx context.Context, d document, dir, prefix string) []language.File {
	v := s.viewsOf(d.snapshot, d.doc, s.settings.now())[0] // as links and lenses
	if v.wrong != nil || v.Context.Dir == "" {
		return nil
	}
	return filesIn(ctx, v.Setup, dir, prefix, v.ignore.Text)
}

// filesIn lists a directory of a context.
func filesIn(ctx context.Context, how plan.Setup, dir, prefix string, ignore []byte) (list []language.File) {
	files, err := how.CountedFS()
	if err != nil {
		return nil
	}
	found, _ := survey.List(ctx, files, dir, prefix, maxItems+1, ignore) // what cannot be read has none
	for _, f := range found {
		list = append(list, language.File(f))
	}
	return list
}
