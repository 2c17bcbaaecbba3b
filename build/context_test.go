package build

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// in makes paths absolute from dir.
func in(dir string) func(string) (string, error) {
	return func(path string) (string, error) {
		if filepath.IsAbs(path) {
			return path, nil
		}
		if dir == "" {
			return "", fmt.Errorf("%s is relative", path)
		}
		return filepath.Join(dir, path), nil
	}
}

// What a context is, how it is shown, and what it is called.
func TestParseContext(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"sub", "github.com/here/it"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		value       string
		kind        ContextKind
		shown, name string
	}{
		{"sub", LocalContext, filepath.Join(dir, "sub"), "sub"},
		{"github.com/here/it", LocalContext, filepath.Join(dir, "github.com/here/it"), "it"},
		{"github.com/there/it", GitContext, "github.com/there/it", "it"},
		{"https://example.com/a/app.git#v1:sub", GitContext, "https://example.com/a/app.git#v1:sub", "app"},
		{"https://token@example.com/app.git", GitContext, "https://example.com/app.git", "app"},
		{"https://me:pass@example.com/app.git?branch=b&subdir=s", GitContext, "https://example.com/app.git?branch=b&subdir=s", "app"},
		{"git@example.com:a/app.git#main", GitContext, "git@example.com:a/app.git#main", "app"},
		{"ssh://git:pass@example.com/a/app", GitContext, "ssh://git@example.com/a/app", "app"},
		{"git://example.com/a/app", GitContext, "git://example.com/a/app", "app"},
		{"https://me:pass@example.com/x/My.App-1.2.tar.gz?sig=secret&e", HTTPContext, "https://example.com/x/My.App-1.2.tar.gz?sig=***&e", "My.App-1.2"},
		{"http://example.com/Dockerfile", HTTPContext, "http://example.com/Dockerfile", "Dockerfile"},
		{"http://example.com", HTTPContext, "http://example.com", ""},
	} {
		got, err := ParseContext(c.value, in(dir))
		if err != nil || got.Kind != c.kind || got.String() != c.shown || got.Name() != c.name {
			t.Errorf("%s: %v, kind %d, %q, %q; want kind %d, %q, %q", c.value, err, got.Kind, got.String(), got.Name(), c.kind, c.shown, c.name)
		}
	}
	for value, want := range map[string]string{
		"":                                  "empty",
		"gone":                              filepath.Join(dir, "gone") + " does not exist",
		"file":                              "is not a directory",
		"ftp://me:hunter2@host/x":           "ftp:// is not known",
		"https://me:hunter2@host/a.git?x=y": `unexpected query "x"`,
		"https://me:hunter2@host:port/":     "not a valid URL",
		"https://":                          "not a valid URL",
	} {
		if _, err := ParseContext(value, in(dir)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
	if _, err := ParseContext("sub", in("")); err == nil || !strings.Contains(err.Error(), "relative") {
		t.Error(err)
	}
}

// What of an address would let somebody in is hidden, as it is written and as it is meant.
func TestHiddenInContext(t *testing.T) {
	for _, c := range []struct {
		source string
		secret []string
		plain  string
	}{
		{"https://someone:p%40ssword@host/app.git#main", []string{"p%40ssword", "p@ssword", "someone:p%40ssword"}, "host main"},
		{"https://the-token@host/app.git", []string{"the-token"}, "host"},
		{"https://host/a.tar?X-Signature=abc%2Bdef", []string{"abc%2Bdef", "abc+def"}, "X-Signature"},
		{"https://host/app.git?branch=develop", nil, "develop"},
		{"git@host:app.git", nil, "git@host"},
		{"ssh://someone@host/app.git", nil, "someone@host"},
		{"ssh://someone:password@host/app.git", []string{"password"}, "someone@host"},
	} {
		m := Context{Kind: HTTPContext, Source: c.source}.hidden()
		for _, s := range c.secret {
			if got := m.HideText("x" + s + "y"); strings.Contains(got, s) {
				t.Errorf("%s: %q is shown: %q", c.source, s, got)
			}
		}
		if got := m.HideText(c.plain); got != c.plain {
			t.Errorf("%s: %q became %q", c.source, c.plain, got)
		}
	}
}

// An OCI layout is named by tag, by digest, or it is the only one.
func TestParseLayout(t *testing.T) {
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	manifest := func(c, tag string) string {
		return fmt.Sprintf(`{"digest":%q,"annotations":{"org.opencontainers.image.ref.name":%q}}`, digest(c), tag)
	}
	dir := t.TempDir()
	for name, index := range map[string]string{
		"one":   `{"manifests":[` + manifest("a", "v1") + `]}`,
		"two":   `{"manifests":[` + manifest("a", "v1") + "," + manifest("b", "latest") + `]}`,
		"wrong": `{`,
		"none":  "",
	} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if index != "" {
			if err := os.WriteFile(filepath.Join(dir, name, "index.json"), []byte(index), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct{ value, digest, wrong string }{
		{"one", digest("a"), ""},
		{"one:other", digest("a"), ""},
		{"two", digest("b"), ""},
		{"two:v1", digest("a"), ""},
		{"two:v1@" + digest("c"), digest("c"), ""},
		{"two:v2", "", "no tag \"v2\"; it has v1, latest"},
		{"wrong", "", "OCI layout"},
		{"none", "", "no index.json"},
		{"gone", "", "does not exist"},
	} {
		got, err := ParseNamedContext("oci-layout://"+c.value, in(dir))
		if got.Source != c.digest || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %q, %v; want %q, %q", c.value, got.Source, err, c.digest, c.wrong)
		}
	}
}

// Of stdin, archives are told from Dockerfiles by their content.
func TestReadContext(t *testing.T) {
	long := "FROM scratch\n# " + strings.Repeat("long ", 1000)
	if c, text, err := ReadContext(strings.NewReader(long)); err != nil || c.Kind != EmptyContext || string(text) != long {
		t.Errorf("%v, %d, %d bytes of %d", err, c.Kind, len(text), len(long))
	}
	for name, header := range map[string]string{"gzip": "\x1f\x8b\x08", "bzip2": "BZh9", "xz": "\xfd7zXZ\x00", "zstd": "\x28\xb5\x2f\xfd"} {
		if c, text, err := ReadContext(strings.NewReader(header + "rest")); err != nil || c.Kind != ArchiveContext || text != nil {
			t.Errorf("%s: %v, %d, %q", name, err, c.Kind, text)
		}
	}
	if _, _, err := ReadContext(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "stdin is empty") {
		t.Error(err)
	}
}

// TestSame holds that two spellings of one context are one.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x", "y"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("x", filepath.Join(dir, "l")); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"x", "x", true},
		{"x", "l", true},
		{"y", "l", false},
		{"docker-image://alpine", "docker-image://docker.io/library/alpine:latest", true},
		{"docker-image://alpine", "docker-image://alpine:3", false},
		{"docker-image://scratch", "docker-image://scratch:latest", false}, // BuildKit asks a registry for the latter
		{"docker-image://alpine", "x", false},
		{"https://example.com/a.git", "https://example.com/a.git#main", false},
		{"target:a", "target:a", true},
	} {
		a, err := ParseNamedContext(c.a, in(dir))
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseNamedContext(c.b, in(dir))
		if err != nil {
			t.Fatal(err)
		}
		if a.Same(b) != c.same || b.Same(a) != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, !c.same)
		}
	}
}
