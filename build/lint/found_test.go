package lint

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint/linttest"
)

// TestFoundConverter is TestConverter on the Dockerfiles that authors wrote: those that the
// modules and packages on this machine came with, in files and in their documentation.
func TestFoundConverter(t *testing.T) {
	sheets := found(t)
	if len(sheets) < 30 {
		t.Skipf("only %d Dockerfiles lie in the module cache: run `go mod download` for more", len(sheets))
	}
	n := 0
	for _, s := range enginetest.Sample(sheets) {
		n += asConverter(t, s)
	}
	t.Logf("%d Dockerfiles, %d with a mistake", len(sheets), n)
}

var (
	dockerfileName = regexp.MustCompile(`(?i)^(?:docker|container)file(?:\..+)?$|\.(?:docker|container)file$`)
	fenced         = regexp.MustCompile("(?is)```(?:docker|dockerfile)[^\n]*\n(.*?)```")
)

// found looks for Dockerfiles for a while; each text counts once.
func found(t *testing.T) (sheets []linttest.Sheet) {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	deadline, seen := time.Now().Add(20*time.Second), map[string]bool{}
	add := func(name, text string) {
		if fromLine.MatchString(text) && !seen[text] {
			seen[text] = true
			sheets = append(sheets, linttest.Sheet{Name: name, Dockerfile: text})
		}
	}
	for _, root := range []string{strings.TrimSpace(string(cache)), "../../editors/vscode/node_modules"} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			markdown := filepath.Ext(path) == ".md"
			switch {
			case time.Now().After(deadline):
				return fs.SkipAll
			case err != nil || !markdown && !dockerfileName.MatchString(filepath.Base(path)) || !d.Type().IsRegular():
				return nil // what cannot be read is passed over
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			if !markdown {
				add(path, string(text))
			}
			for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
				add(path, m[1])
			}
			return nil
		})
	}
	return sheets
}
