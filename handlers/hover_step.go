package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// builtAt is the newest build of a document of which steps are known, and the first line
// that the instruction at a line had in the text that was built; ok is false for one that
// was edited or is new. What the build was made with is told of no other text.
func (s *Server) builtAt(ctx context.Context, h *hover) (f *followed, place build.Place, line int, ok bool) {
	if f = s.marks.newest(h.doc.URI); f == nil {
		return nil, place, 0, false
	}
	now := h.doc.Text.Bytes()
	if !bytes.Equal(now, f.baseline.Dockerfile) {
		now = s.mended(ctx, h.snapshot, h.doc)
	}
	for _, p := range f.baseline.Compare(ctx, now) {
		if p.Lines.First <= h.at.Line && h.at.Line <= p.Lines.Last && len(p.Built) > 0 && !p.Rebuild {
			return f, p, p.Built[0], true
		}
	}
	return f, place, 0, false
}

// newest is the newest build of a file of which steps are known; nil if there is none.
func (m *marks) newest(uri workspace.URI) *followed {
	m.mu.Lock()
	defer m.mu.Unlock()
	if file := m.files[uri.Key()]; file != nil {
		return file.steps
	}
	return nil
}

// hoverStep says of an instruction what became of it in the last build.
func (s *Server) hoverStep(ctx context.Context, h *hover) {
	f, place, line, ok := s.builtAt(ctx, h)
	if !ok || f.outcome == nil {
		return
	}
	found := false
	for i, step := range f.steps {
		if step.Lines.First == line {
			found = true
			h.about(place.Lines)
			h.prose.step(step, f.outcome, i)
		}
	}
	from := slices.IndexFunc(f.steps, func(st build.Step) bool { return st.Lines.First == line && st.From() })
	switch {
	case from >= 0:
		h.prose.image(f.steps[from], s.images.all())
	case found:
		if e, err := f.baseline.EnvironmentAt(ctx, line); err == nil {
			h.prose.environment(e)
		}
	}
}

// lastOutput is how many lines of a step's output are shown.
const lastOutput = 10

// step says what became of a step.
func (p *prose) step(step build.Step, out *build.Outcome, i int) {
	became := string(step.Status)
	switch {
	case step.Status == build.Done:
		became = "took " + seconds(step.Duration)
	case step.Status == build.Failed && step.ExitCode != nil:
		became = fmt.Sprintf("failed with exit code %d after %s", *step.ExitCode, seconds(step.Duration))
	case step.Status == build.Failed:
		became = "failed after " + seconds(step.Duration)
	case step.Status == build.Canceled && !step.Started:
		became = "not reached"
	}
	p.paragraph("%s: %s", p.code(step.Name), became)
	if step.Why != "" {
		p.paragraph("Not cached: %s", p.text(step.Why))
	}
	if tail := out.Tail(i, lastOutput); tail != "" {
		p.block(tail)
	}
}

// image says what is known of the image of a FROM.
func (p *prose) image(from build.Step, known build.Images) {
	_, ref, _ := strings.Cut(from.Name, "] FROM ")
	name, digest, _ := strings.Cut(ref, "@")
	if digest != "" {
		p.item("digest: %s", p.code(digest))
	}
	var config ocispecs.Image
	if json.Unmarshal(known.Config(name), &config) != nil {
		return
	}
	p.item("platform: %s", p.code(strings.TrimSuffix(config.OS+"/"+config.Architecture+"/"+config.Variant, "/")))
	if config.Created != nil && config.Created.Unix() > 0 {
		days := int(time.Since(*config.Created).Hours() / 24)
		p.item("created: %s, %s ago", config.Created.Format(time.DateOnly), plural(days, "day", "days"))
	}
	p.item("layers: %d", len(config.RootFS.DiffIDs))
}

// environment says what is in force where an instruction stands.
func (p *prose) environment(e *build.Environment) {
	user := e.User
	if user == "" {
		user = "root"
	}
	p.item("directory: %s", p.code(e.Dir))
	p.item("user: %s", p.code(user))
	if len(e.Shell) > 0 {
		p.item("shell: %s", p.code(strings.Join(e.Shell, " ")))
	}
	const most = 20
	for i, pair := range e.Env {
		if i == most {
			p.item("and %d more variables", len(e.Env)-most)
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		p.item("%s", p.code(name+"="+shownValue(name, value)))
	}
}

// shownValue is a variable's value in one line, unless its name speaks of a secret.
func shownValue(name, value string) string {
	const longest = 200
	if build.SecretName(name) && value != "" {
		return "***"
	}
	value = strings.ReplaceAll(value, "\n", `\n`)
	if len(value) > longest {
		return strings.ToValidUTF8(value[:longest], "") + "…"
	}
	return value
}

var fromText = regexp.MustCompile(`(?i)^\s*FROM\s`)

var variableText = regexp.MustCompile(`\\.|\$(\w+)|\$\{(\w+)[^}]*\}`)

// hoverVariable says of a variable its value at that point, and where that comes from.
func (s *Server) hoverVariable(ctx context.Context, h *hover) {
	text, encoding := h.doc.Text, h.snapshot.Encoding()
	start := text.OffsetOf(workspace.Position{Line: h.at.Line}, encoding)
	column := text.OffsetOf(h.at, encoding) - start
	for _, m := range variableText.FindAllStringSubmatchIndex(text.Line(h.at.Line), -1) {
		name := submatch(text.Line(h.at.Line), m)
		if name == "" || column < m[0] || m[1] <= column {
			continue
		}
		f, place, line, ok := s.builtAt(ctx, h)
		if !ok || fromText.MatchString(text.Line(place.Lines.First)) {
			return // of what was not built nothing is known; a FROM sees other variables
		}
		e, err := f.baseline.EnvironmentAt(ctx, line)
		if err != nil {
			return // before the first FROM, for example
		}
		h.span = &[2]int{start + m[0], start + m[1]}
		h.prose.variable(name, e, f.baseline, line)
		return
	}
}

// submatch is the name in a match of variableText, empty if it is none.
func submatch(line string, m []int) string {
	for _, i := range []int{2, 4} {
		if m[i] >= 0 {
			return line[m[i]:m[i+1]]
		}
	}
	return ""
}

func (p *prose) variable(name string, e *build.Environment, b *build.Baseline, line int) {
	value, ok := e.Lookup(name)
	if !ok {
		p.paragraph("%s is not set here by the Dockerfile, a build argument or the base image", p.code(name))
		return
	}
	p.paragraph("%s", p.code(name+"="+shownValue(name, value)))
	if origin, err := b.OriginOf(name, line); err == nil && origin != "" {
		p.paragraph("from %s", p.text(origin))
	}
}
