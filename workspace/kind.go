package workspace

// The one place that knows what counts as a Dockerfile, and which other files
// the server has something to say about.

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is what a document is to the server.
type Kind int

// The kinds of documents. The buffers of all of them stand in for files of the
// context; only those that are not Other are linted and answered for.
const (
	Other Kind = iota
	Dockerfile
	Ignore  // .dockerignore, Dockerfile.dockerignore
	Compose // compose.yaml and its like
	Bake    // docker-bake.hcl and its like
)

// String is the kind's name, for logs.
func (k Kind) String() string {
	return [...]string{"other", "Dockerfile", "ignore file", "compose file", "bake file"}[k]
}

// byLanguage are the language ids that decide alone. All editors say
// "dockerfile"; the others are what extensions add.
var byLanguage = map[string]Kind{
	"dockerfile":    Dockerfile,
	"containerfile": Dockerfile,
	"dockerignore":  Ignore,
	"dockercompose": Compose,
	"dockerbake":    Bake,
}

// byName are patterns of path.Match for lower-case names, tried in order.
var byName = []struct {
	pattern string
	kind    Kind
}{
	{"dockerfile", Dockerfile}, {"containerfile", Dockerfile},
	{"dockerfile.*", Dockerfile}, {"containerfile.*", Dockerfile},
	{"*.dockerfile", Dockerfile}, {"*.containerfile", Dockerfile},
	{"compose.yaml", Compose}, {"compose.*.yaml", Compose}, {"docker-compose*.yaml", Compose},
	{"compose.yml", Compose}, {"compose.*.yml", Compose}, {"docker-compose*.yml", Compose},
	{"docker-bake*.hcl", Bake}, {"docker-bake*.json", Bake},
}

// notDockerfiles are what the end of a name like "Dockerfile.md" says that it is, where a
// variant of a Dockerfile is called for what it is for: Dockerfile.dev, Dockerfile.alpine,
// Dockerfile.go. No builder is given one of these: another program reads it, or makes a
// Dockerfile of it, which has the name without the end. An editor may still say that one is a
// Dockerfile, but for a policy.
var notDockerfiles = []string{
	policyExt,
	"md", "markdown", "rst", "adoc", "html", "pdf", // about it
	"json", "yaml", "yml", "toml", "xml", "sarif", "log", // what tools take and say
	"orig", "rej", "bak", "old", "swp", "swo", "tmp", "diff", "patch", // what was it
	"asc", "sig", "sha256", "gz", "zip",
	"tmpl", "tpl", "template", "gotmpl", "j2", "jinja", "jinja2", "erb", "mustache", "hbs", "in", "m4", // what makes it
}

// policyExt is that of a policy about a Dockerfile, as docker/buildx looks for it beside one.
const policyExt = "rego"

// KindOf tells a document's kind by its name and language id, in any case.
func KindOf(uri URI, languageID string) Kind {
	name := strings.ToLower(baseName(uri))
	// First of all, because editors that map "Dockerfile.*" to the language
	// dockerfile do so for Dockerfile.dockerignore too.
	ext := strings.TrimPrefix(path.Ext(name), ".")
	switch ext {
	case "dockerignore":
		return Ignore
	case policyExt:
		return Other
	}
	if kind, ok := byLanguage[strings.ToLower(languageID)]; ok {
		return kind
	}
	for _, n := range byName {
		if ok, _ := path.Match(n.pattern, name); ok {
			if n.kind == Dockerfile && slices.Contains(notDockerfiles, ext) {
				return Other
			}
			return n.kind
		}
	}
	return Other
}

// baseName is the last element of what u names, file or not.
func baseName(u URI) string {
	if p, ok := u.Path(); ok {
		return path.Base(strings.ReplaceAll(p, `\`, "/"))
	}
	_, rest, _ := strings.Cut(string(u), ":")
	return path.Base(unescape(rest))
}

// DockerfileAt is the path of the Dockerfile that a path means, as docker/buildx finds it
// (build/opt.go, handleLowercaseDockerfile): where the file Dockerfile is meant and missing,
// one that is called dockerfile, by this very spelling. Other names mean themselves.
func (s *Snapshot) DockerfileAt(path string) string {
	const name, lower = "Dockerfile", "dockerfile"
	dir, base := filepath.Split(path)
	other := filepath.Join(dir, lower)
	if base != name || s.DocumentAt(path) != nil {
		return path
	}
	names := []string{}
	if s.DocumentAt(other) != nil {
		names = append(names, lower)
	}
	if _, err := os.Lstat(other); err == nil { // else the directory need not be read
		entries, _ := os.ReadDir(filepath.Clean(dir))
		for _, e := range entries {
			names = append(names, e.Name())
		}
	} else if _, err := os.Lstat(path); err == nil {
		return path
	}
	if slices.Contains(names, lower) && !slices.Contains(names, name) {
		return other
	}
	return path
}
