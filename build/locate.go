package build

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"
)

// A locator finds the lines that an error is about. A newer BuildKit says them with many errors. For
// the others, the vertex that failed, the text of the error and the Dockerfile itself tell.
type locator struct {
	err   error
	text  string
	state *buildState
	file  *dockerfile.File
}

func (l locator) lines() *dockerfile.Lines {
	for _, find := range []func() (dockerfile.Lines, bool){l.fromSources, l.fromVertex, l.fromLineNumber, l.fromParser, l.fromImage, l.fromTarget, l.fromLint} {
		if lines, ok := find(); ok {
			return &lines
		}
	}
	return nil
}

// fromSources reads the source ranges in the error's details (buildkitd 0.8 and
// newer, not every Docker engine).
func (l locator) fromSources() (dockerfile.Lines, bool) {
	for _, s := range errdefs.Sources(l.err) {
		if s.Info == nil || !bytes.Equal(s.Info.Data, l.file.Text()) {
			continue
		}
		if lines, ok := dockerfile.SpanOf(s.Ranges); ok {
			return lines, true
		}
	}
	return dockerfile.Lines{}, false
}

// fromLint finds the first line that breaks a rule, if `# check=error=true` made the build fail.
func (l locator) fromLint() (first dockerfile.Lines, ok bool) {
	m := lintText.FindStringSubmatch(l.text)
	if m == nil {
		return dockerfile.Lines{}, false
	}
	for _, w := range l.state.problems() {
		if slices.Contains(strings.Split(m[1], ", "), w.Code) && (!ok || w.Lines.First < first.First) {
			first, ok = w.Lines, true
		}
	}
	return first, ok
}

// vertex is the vertex that failed; nil if none did.
func (l locator) vertex() *vertex {
	var ve *errdefs.VertexError
	if errors.As(l.err, &ve) {
		if v := l.state.vertices[digest.Digest(ve.Digest)]; v != nil {
			return v
		}
	}
	return l.state.failed()
}

func (l locator) fromVertex() (dockerfile.Lines, bool) {
	v := l.vertex()
	if v == nil {
		return dockerfile.Lines{}, false
	}
	i := l.state.step(v.Digest)
	if i < 0 {
		return dockerfile.Lines{}, false
	}
	return l.state.lines[i].Lines, true
}

// fromLineNumber reads "dockerfile parse error line 3": old engines say no more.
func (l locator) fromLineNumber() (dockerfile.Lines, bool) {
	m := parseLineText.FindStringSubmatch(l.err.Error())
	if m == nil {
		return dockerfile.Lines{}, false
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 {
		return dockerfile.Lines{}, false
	}
	return dockerfile.Lines{First: n - 1, Last: n - 1}, true
}

// wellFormed says whether BuildKit's own front end, of the version that is linked here,
// finds nothing to refuse in the Dockerfile, whatever its images are.
func (l locator) wellFormed() bool {
	_, err := l.file.Refused(context.Background())
	return err == nil || lintText.MatchString(err.Error())
}

// newerSyntax is the instruction around a line that an older front end could not parse
// (a heredoc, to Docker 20.10) and that is well formed; nil if there is none.
func (l locator) newerSyntax() *dockerfile.Lines {
	at, ok := l.fromLineNumber()
	if !ok || !l.wellFormed() {
		return nil
	}
	lines := l.file.At(at.First).Lines()
	return &lines
}

// fromParser converts the Dockerfile here, with BuildKit's own code, and takes the location of the
// error, if this fails as well.
func (l locator) fromParser() (dockerfile.Lines, bool) {
	at, _ := l.file.Refused(context.Background())
	if at == nil {
		return dockerfile.Lines{}, false
	}
	return *at, true
}

// fromImage finds the instruction that names the image that could not be had.
func (l locator) fromImage() (dockerfile.Lines, bool) {
	if !l.wellFormed() {
		return dockerfile.Lines{}, false
	}
	haystack := l.err.Error()
	if v := l.state.failed(); v != nil {
		haystack += "\n" + v.Name
	}
	for _, st := range l.file.Instructions() {
		for _, image := range st.ImageNames() {
			if names(haystack, st.Unquoted(image)) {
				return st.Lines(), true
			}
		}
	}
	return dockerfile.Lines{}, false
}

// names says whether text speaks of an image, by its full name.
func names(text, image string) bool {
	if image == "" || strings.EqualFold(image, "scratch") {
		return false
	}
	named, err := reference.ParseNormalizedNamed(image)
	return err == nil && strings.Contains(text, reference.TagNameOnly(named).String())
}

// fromTarget puts a target that is not there on the last FROM, and what is wrong
// with an empty file on its first line.
func (l locator) fromTarget() (dockerfile.Lines, bool) {
	if strings.Contains(l.text, "the Dockerfile cannot be empty") || strings.Contains(l.text, "file with no instructions") {
		return dockerfile.Lines{}, true
	}
	if !noTargetText.MatchString(l.text) {
		return dockerfile.Lines{}, false
	}
	stages, err := l.file.Stages()
	if err != nil || len(stages) == 0 {
		return dockerfile.Lines{}, true
	}
	return stages[len(stages)-1].Lines, true
}
