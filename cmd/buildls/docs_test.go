package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/buildls/buildls/build/lazyregexp"
)

// docs are the documents that are written by hand, from the top of the repository.
func docs(t *testing.T) (list []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", ".github/*.md", "cmd/buildls/*.md", "cmd/buildls/help/*.md", "editors/*.md", "editors/*/*.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			rel, _ := filepath.Rel("../..", path)
			list = append(list, filepath.ToSlash(rel))
		}
	}
	if len(list) < 10 {
		t.Fatalf("there are %v", list)
	}
	return list
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// home is how a document that is shown elsewhere links to the repository.
const home = "https://github.com/buildls/buildls"

var (
	codeBlock = lazyregexp.New("(?ms)^ *```.*?^ *```$")
	docLink   = lazyregexp.New(`\]\(([^)\s]+)\)`)
	namedHelp = lazyregexp.New("`buildls help ([a-z-]+)`")
	heading   = lazyregexp.New(`(?m)^#+ (.*)$`)
)

// TestDocLinks: links between the documents lead somewhere, and each topic that is named exists.
func TestDocLinks(t *testing.T) {
	for _, name := range docs(t) {
		text := codeBlock.ReplaceAllString(readDoc(t, name), "")
		for _, m := range docLink.FindAllStringSubmatch(text, -1) {
			if file, anchor, ours := linkedFile(name, m[1]); ours && !leads(t, file, anchor) {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
			}
		}
		for _, m := range namedHelp.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(topicNames, m[1]) {
				t.Errorf("%s: there is no topic %s", name, m[1])
			}
		}
	}
}

// linkedFile is the file of the repository that a link in a document leads to.
func linkedFile(from, link string) (file, anchor string, ours bool) {
	link, anchor, _ = strings.Cut(link, "#")
	switch rest, ours := strings.CutPrefix(link, home); {
	case ours && (rest == "" || strings.HasPrefix(rest, "/blob/main/")):
		file = strings.TrimPrefix(rest, "/blob/main/")
		if file == "" {
			file = "README.md"
		}
		return file, anchor, true
	case strings.Contains(link, ":"):
		return "", "", false
	case link == "":
		return from, anchor, true
	}
	return filepath.Join(filepath.Dir(from), link), anchor, true
}

// leads says whether there is such a file, with a heading that makes the anchor.
func leads(t *testing.T, file, anchor string) bool {
	t.Helper()
	if _, err := os.Stat(filepath.Join("../..", file)); err != nil || anchor == "" {
		return err == nil
	}
	headings := heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(readDoc(t, file), ""), -1)
	return slices.ContainsFunc(headings, func(m []string) bool { return anchorOf(m[1]) == anchor })
}

// anchorOf is the anchor that GitHub gives a heading.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// TestDocSizes: documents are short, and so are their lines.
func TestDocSizes(t *testing.T) {
	for name, limit := range map[string]int{"README.md": 9 << 10, "CONTRIBUTING.md": 10 << 10} {
		if n := len(readDoc(t, name)); n > limit {
			t.Errorf("%s has %d bytes, and %d are the limit: what is for some readers alone is a topic of its own", name, n, limit)
		}
	}
	for _, name := range docs(t) {
		if strings.HasPrefix(name, "editors/") {
			continue
		}
		for i, line := range strings.Split(codeBlock.ReplaceAllStringFunc(readDoc(t, name), blank), "\n") {
			if n := utf8.RuneCountInString(line); n > 100 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s:%d has %d characters", name, i+1, n)
			}
		}
	}
}

// blank is a text's lines without what is in them.
func blank(text string) string { return strings.Repeat("\n", strings.Count(text, "\n")) }

var (
	namedTest = lazyregexp.New("`((?:Test|Fuzz|Benchmark)[A-Z]\\w+)`")
	namedFile = lazyregexp.New("`([a-z]+(?:/[\\w.-]+)+)`")
)

// TestDocNames: the tests and files that the documents for engineers name exist.
func TestDocNames(t *testing.T) {
	sources := sourcesOf(t)
	for _, name := range []string{"CONTRIBUTING.md", ".github/SECURITY.md", "cmd/buildls/BENCHMARKS.md"} {
		text := readDoc(t, name)
		for _, m := range namedTest.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(sources, "\nfunc "+m[1]+"(") {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
		for _, m := range namedFile.FindAllStringSubmatch(text, -1) {
			first, _, _ := strings.Cut(m[1], "/")
			if st, err := os.Stat(filepath.Join("../..", first)); err != nil || !st.IsDir() || first == "out" || first == "bin" {
				continue // a method of the protocol, what a build makes
			}
			if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
}

// sourcesOf are all tests' files in one.
func sourcesOf(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, top := range []string{"build", "cmd", "handlers", "lsp", "workspace"} {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, "_test.go") {
				var data []byte
				data, err = os.ReadFile(path)
				all.WriteByte('\n')
				all.Write(data)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
