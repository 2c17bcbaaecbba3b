package survey

import (
	"bytes"
	"errors"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// FuzzIgnore reads arbitrary ignore files: what a line is blamed for is what BuildKit's
// matcher keeps out, and what is no pattern is an error that names its line.
func FuzzIgnore(f *testing.F) {
	for _, ignore := range []string{"*\n!src\n", "**/*.log\r\n*.md\r\n", "node_modules\n!node_modules/keep\n", "a/\n!/a/b\n a/b/*.go", "[a-c]?\\*\n", "[\n", "!\n", "\ufeffa\n#b\n", "a//../b\n", "**\n!**/c", "/\n.\n", "a\x00b\n\xff\n", "!!\n!!a\n", "bin\\\n!\\\n", "[z-a]\n", "x\n\ufeff#\n  # y\n", "\xff\xfea\x00"} {
		f.Add([]byte(ignore), "src/a/b.go")
		f.Add([]byte(ignore), "node_modules/keep/x.log")
	}
	f.Fuzz(func(t *testing.T, ignore []byte, name string) {
		name = strings.TrimPrefix(path.Clean("/"+name), "/")
		if len(ignore) > 10_000 || len(name) > 1000 || name == "" {
			return // time is not the matter here
		}
		start := time.Now()
		r, err := readRules(ignore)
		patterns, floorErr := ignorefile.ReadAll(bytes.NewReader(ignore))
		var whole *levels
		if floorErr == nil {
			_, floorErr = patternmatcher.New(patterns)
		}
		if floorErr == nil {
			whole, floorErr = newLevels(patterns)
		}
		var fault Fault
		if floorErr != nil && err == nil || err != nil && !errors.As(err, &fault) {
			t.Fatalf("read: %v, BuildKit: %v", err, floorErr)
		}
		if err != nil {
			if text, _, _ := bytes.Cut(ignore, []byte("\n")); fault.Line == 0 && fault.End > len(text) {
				t.Errorf("%+v", fault)
			}
			return
		}
		elements := strings.Split(name, "/")
		for i := range elements {
			part, isDir := strings.Join(elements[:i+1], "/"), i+1 < len(elements)
			if blamed, out := r.blame(part, isDir), whole.matches(part, isDir); (blamed >= 0) != out {
				t.Errorf("%q: rule %d is blamed, BuildKit keeps it out: %v", part, blamed, out)
			}
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
