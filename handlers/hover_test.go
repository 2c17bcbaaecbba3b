package handlers_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// BenchmarkHover is what a hover costs on the COPYs of BuildKit's own Dockerfile, which has 49
// stages, in a folder of its own: when nothing was edited since, and after each edit, of what takes
// nothing from the context and of a COPY.
func BenchmarkHover(b *testing.B) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		b.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), "Dockerfile"))
	if err != nil {
		b.Fatal(err)
	}
	text, dir := string(data)+"\nFROM scratch AS Odd\n", b.TempDir() // of which something is said
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), data, 0o666); err != nil {
		b.Fatal(err)
	}
	e := lsptest.Dial(b, serveIn(b), lsptest.Options{Folders: []string{dir}})
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", text)
	e.Await("it is checked", func() bool { return len(e.Published(uri)) > 0 })
	var copies []map[string]any // their last spaces, where no word is
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "COPY ") && !strings.Contains(line, "--from") && !strings.Contains(line, "<<") {
			copies = append(copies, map[string]any{"line": i, "character": strings.LastIndexByte(line, ' ')})
		}
	}
	if len(copies) == 0 {
		b.Fatal("no COPY")
	}
	hover := func(i int) {
		var answer struct{ Contents struct{ Value string } }
		err := e.Call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": copies[i%len(copies)]}, &answer)
		if err != nil || !strings.Contains(answer.Contents.Value, "from the context") {
			b.Fatal(answer, err)
		}
	}
	b.Run("again", func(b *testing.B) {
		for i := range b.N {
			hover(i)
		}
	})
	edited := func(edit func(i int) string) func(*testing.B) {
		return func(b *testing.B) {
			for i := range b.N {
				b.StopTimer()
				e.Forget()
				e.Replace(uri, edit(i))
				e.AwaitPublished(uri)
				b.StartTimer()
				hover(i)
			}
		}
	}
	b.Run("edited", edited(func(i int) string { return text + strings.Repeat("#", i%7) + "\n" }))
	b.Run("source", edited(func(i int) string { return strings.Replace(text, "hack/with", fmt.Sprintf("hack/%d", i), 1) }))
}
