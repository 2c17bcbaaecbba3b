package hadolint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/practice"
)

func TestParse(t *testing.T) {
	f, err := Parse([]byte("ignored: [DL3008]\ntrustedRegistries: [a.example.com, '*']\nlabel-schema: {version: semver}\nstrict-labels: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := practice.Config{Set: practice.All}
	f.Apply(&cfg)
	want := practice.Config{Set: practice.All, TrustedRegistries: []string{"a.example.com", "*"}, LabelSchema: map[string]string{"version": "semver"}, StrictLabels: true,
		Ignored: []string{"DL3008"}, Hadolint: true}
	if !cfg.Equal(want) {
		t.Errorf("%+v", cfg)
	}
}

// The environment adds to lists, and stands in for the other values.
func TestEnvironment(t *testing.T) {
	f, err := Parse([]byte("ignored: [DL3008]\nfailure-threshold: info\noverride: {error: [DL3015]}\nlabel-schema: {a: text}\n"))
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"HADOLINT_IGNORE": "DL3009, DL3010", "HADOLINT_FAILURE_THRESHOLD": "Warning", "HADOLINT_OVERRIDE_STYLE": "DL3003",
		"HADOLINT_REQUIRE_LABELS": "b:semver", "HADOLINT_DISABLE_IGNORE_PRAGMA": "yes"}
	with, err := f.With(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	var cfg practice.Config
	with.Apply(&cfg)
	want := practice.Config{Hadolint: true, NoComments: true, Ignored: []string{"DL3008", "DL3009", "DL3010"}, LabelSchema: map[string]string{"a": "text", "b": "semver"},
		Severities: map[string]dockerfile.Severity{"DL3015": dockerfile.Error, "DL3003": dockerfile.Hint}}
	if !cfg.Equal(want) {
		t.Errorf("%+v", cfg)
	}
	if level, err := with.Threshold(dockerfile.Error); level != dockerfile.Warning || err != nil {
		t.Error(level, err)
	}
	if len(f.Ignored) != 1 || len(f.LabelSchema) != 1 {
		t.Errorf("the file has changed: %+v", f)
	}
	environment["HADOLINT_NOFAIL"] = "1"
	if with, _ := f.With(func(name string) string { return environment[name] }); with.FailureThreshold != "Warning" || !with.NoFail {
		t.Errorf("%+v", with)
	}
	environment["HADOLINT_FAILURE_THRESHOLD"] = "much"
	if _, err := f.With(func(name string) string { return environment[name] }); err == nil || !strings.Contains(err.Error(), "much") {
		t.Error(err)
	}
}

// The nearest file counts, but none above the top; without one the user's.
func TestFind(t *testing.T) {
	top := t.TempDir()
	write := func(text string, path ...string) string {
		name := filepath.Join(append([]string{top}, path...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	nobody := func(string) string { return "" }
	alone := t.TempDir()
	outer, inner := write("", ".hadolint.yaml"), write("", "a", "b", ".hadolint.yml")
	write("", "a", "b", "c", "d", "file")
	for _, c := range [][3]string{
		{"a/b/c/d", "", inner}, {"a/b", "", inner}, {"a", "", outer}, {"a/b/c/d", "a/b/c", ""}, {"a/b/c/d", "a/b", inner},
	} {
		limit := c[1]
		if limit != "" {
			limit = filepath.Join(top, limit)
		}
		if _, path, err := Find(filepath.Join(top, c[0]), limit, nobody, os.ReadFile); path != c[2] || (err == ErrNone) != (c[2] == "") {
			t.Errorf("%v: %s %v", c, path, err)
		}
	}
	write("ignored: 7\n", "a", ".hadolint.yaml")
	if _, path, err := Find(filepath.Join(top, "a"), "", nobody, os.ReadFile); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%s: %v", path, err)
	}
	home := func(name string) string {
		if name == "HOME" {
			return top
		}
		return ""
	}
	users := write("", ".config", "hadolint.yaml")
	if _, path, err := Find(alone, alone, home, os.ReadFile); path != users || err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if _, _, err := Find(alone, alone, nobody, os.ReadFile); err != ErrNone {
		t.Error(err)
	}
}

// A key that is misspelt is named; those about hadolint's output are known.
func TestUnknownKeys(t *testing.T) {
	f, err := Parse([]byte("ignore: [DL3006]\nno-color: true\nformat: json\nignored: [DL3007]\nlabels: {}\n"))
	if err != nil || strings.Join(f.Unknown, " ") != "ignore labels" || len(f.Ignored) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"strict-labels: maybe\n":              "line 1",
		"a: [\n":                              "line",
		strings.Repeat("# x\n", MaxBytes/4+1): "longer",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if _, err := Parse(nil); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("trustedRegistries: [a]\nlabel-schema:\n  a: text\n"))
	f.Add([]byte("a: &a [*a]\nb: !!binary x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := Parse(data); err == nil {
			file.Apply(&practice.Config{})
		}
	})
}
