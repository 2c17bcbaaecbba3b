package plan

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// Problems are what is wrong with a compose or bake file, where the place is known:
// what makes it unreadable, and what a build of one of its profiles would be refused for.
func (ps *Projects) Problems(snapshot *workspace.Snapshot, doc *workspace.Document) (list []dockerfile.Problem) {
	if doc.Path == "" {
		return nil
	}
	read := ps.read(snapshot, filepath.Dir(doc.Path)).project
	var found []*project.Problem
	for _, p := range read.Problems {
		found = append(found, inDocument(doc, read, p))
	}
	for _, p := range read.Profiles {
		if p.Fault == nil && p.Kind == kindOf(doc) {
			found = append(found, ps.attributeProblems(snapshot, p)...)
		}
	}
	for _, p := range found {
		if !doc.IsAt(p.File) || p.Line < 0 {
			continue
		}
		if problem := projectProblem(doc, p); !slices.Contains(list, problem) {
			list = append(list, problem) // several targets may inherit it
		}
	}
	return list
}

// inDocument is a problem as it is told in a document. What has no line stands on the first
// one; so does what stands in another file, if it keeps all of this one from being read.
func inDocument(doc *workspace.Document, read *project.Project, p *project.Problem) *project.Problem {
	kind := kindOf(doc)
	unread := p.Kind == kind && p.Severity == project.Wrong && !slices.ContainsFunc(read.Profiles, func(o *project.Profile) bool { return o.Kind == kind })
	switch here := doc.IsAt(p.File); {
	case here && p.Line < 0:
		return &project.Problem{File: p.File, Kind: p.Kind, Severity: p.Severity, Message: p.Message}
	case !here && unread && p.File == "":
		return &project.Problem{File: doc.Path, Kind: p.Kind, Message: p.Message}
	case !here && unread:
		return &project.Problem{File: doc.Path, Kind: p.Kind, Message: p.Error()}
	}
	return p
}

// kindOf is that of the profiles that are described in a document.
func kindOf(doc *workspace.Document) project.Kind {
	if ext := filepath.Ext(doc.Path); ext == ".yaml" || ext == ".yml" {
		return project.Service
	}
	return project.Target
}

func projectProblem(doc *workspace.Document, p *project.Problem) dockerfile.Problem {
	out := dockerfile.Problem{
		Code:     map[project.Kind]string{project.Service: "compose", project.Target: "bake"}[p.Kind],
		Message:  p.Message,
		Severity: map[project.Severity]dockerfile.Severity{project.Wrong: dockerfile.Error, project.Ignored: dockerfile.Warning, project.Note: dockerfile.Information}[p.Severity],
		Lines:    dockerfile.Lines{First: p.Line, Last: p.Line},
	}
	if p.End > p.Start {
		out.Lines, out.Columns = linesOf(doc.Text, p.Start, p.End)
	}
	return out
}

// attributeProblems are what a build of a profile would be refused for, as far as this can
// be told without a build: nothing is read, and no agent is asked.
func (ps *Projects) attributeProblems(snapshot *workspace.Snapshot, p *project.Profile) (list []*project.Problem) {
	b := &p.Build
	mark := func(at project.Span, ok bool, err error) {
		if err != nil && ok {
			list = append(list, &project.Problem{File: at.File, Kind: p.Kind, Start: at.Start, End: at.End, Message: err.Error()})
		}
	}
	wrong := func(attr, element string, err error) {
		if err != nil { // else nobody needs to know where it is
			at, ok := p.Where(attr, element)
			mark(at, ok, err)
		}
	}
	for attr, check := range elementChecks {
		for _, element := range check.of(b) {
			wrong(attr, element, ps.elements.check(attr, element))
		}
	}
	for i, o := range b.Outputs {
		at, ok := p.WhereOutput(i)
		mark(at, ok, errorOf(build.CheckOutput)(build.Output{Type: o.Type, Dest: o.Dest, Attrs: o.Attrs}))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Contexts)) {
		_, err := build.ContextName(name)
		if err == nil {
			_, err = build.ParseNamedContext(b.Contexts[name], pathsIn(""))
		}
		wrong("contexts", name, err)
	}
	for _, s := range b.Secrets {
		if s.Src != "" {
			wrong("secret", s.ID, there("secret "+s.ID, s.Src))
		}
	}
	for _, s := range b.SSH {
		for _, path := range s.Paths {
			wrong("ssh", s.ID, there("ssh "+s.ID, path))
		}
	}
	for _, host := range b.AddHosts {
		name, _, _ := strings.Cut(host, "=")
		wrong("extra-hosts", name, errorOf(build.CheckHost)(host))
	}
	for _, e := range p.Entitlements {
		wrong("entitlements", e, build.CheckEntitlement(e))
		if at, ok := p.Where("entitlements", e); ok && build.CheckEntitlement(e) == nil {
			list = append(list, &project.Problem{File: at.File, Kind: p.Kind, Start: at.Start, End: at.End, Severity: project.Note, Message: fmt.Sprintf("a file cannot grant %s; a build needs \"allow\": [%q]", e, e)})
		}
	}
	attr, err := ps.missingDockerfile(snapshot, p)
	wrong(attr, "", err)
	return list
}

// checkedElements are what is wrong with elements of attributes. That depends on nothing else, and
// of hundreds of services mostly one was edited.
type checkedElements struct {
	mu    sync.Mutex
	known map[attributeElement]error
}

type attributeElement struct{ attr, element string }

// maxElements bounds how many are remembered.
const maxElements = 10_000

func (c *checkedElements) check(attr, element string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := attributeElement{attr, element}
	err, ok := c.known[key]
	if !ok {
		if c.known == nil || len(c.known) == maxElements {
			c.known = map[attributeElement]error{}
		}
		err = elementChecks[attr].check(element)
		c.known[key] = err
	}
	return err
}

// elementChecks are the attributes of which each element is checked alone.
var elementChecks = map[string]struct {
	of    func(*project.Build) []string
	check func(string) error
}{
	"platforms":  {func(b *project.Build) []string { return b.Platforms }, func(s string) error { _, err := build.CheckPlatforms(s); return err }},
	"tags":       {func(b *project.Build) []string { return b.Tags }, errorOf(build.CheckTag)},
	"ulimits":    {func(b *project.Build) []string { return b.Ulimits }, errorOf(build.CheckUlimit)},
	"cache-from": {func(b *project.Build) []string { return b.CacheFrom }, func(s string) error { _, err := parseCache(s, "", false); return err }},
	"cache-to":   {func(b *project.Build) []string { return b.CacheTo }, func(s string) error { _, err := parseCache(s, "", true); return err }},
	"attest": {func(b *project.Build) []string { return b.Attest }, func(s string) error {
		_, err := (&Options{Build: project.Build{Attest: []string{s}}}).attests()
		return err
	}},
	"network":  {func(b *project.Build) []string { return said(b.Network) }, errorOf(build.CheckNetwork)},
	"shm-size": {func(b *project.Build) []string { return said(b.ShmSize) }, errorOf(build.CheckSize)},
}

func errorOf[S, T any](check func(S) (T, error)) func(S) error {
	return func(s S) error { _, err := check(s); return err }
}

func said(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// there says that a file is missing.
func there(what, path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// missingDockerfile says which attribute names a Dockerfile or a context that is not there.
func (ps *Projects) missingDockerfile(snapshot *workspace.Snapshot, p *project.Profile) (attr string, err error) {
	if given := p.Build.Context; given != "" {
		wrong := func() error { _, err := build.ParseContext(given, pathsIn("")); return err }
		if err := ps.contexts.of(given, wrong); err != nil {
			return "context", err
		}
	}
	if p.Dockerfile == "" || snapshot.DocumentAt(p.Dockerfile) != nil {
		return "", nil
	}
	path := snapshot.DockerfileAt(p.Dockerfile)
	if snapshot.DocumentAt(path) != nil {
		return "", nil
	}
	attr = "dockerfile"
	if _, ok := p.Where(attr, ""); !ok {
		attr = "context"
	}
	return attr, there("no Dockerfile", path)
}
