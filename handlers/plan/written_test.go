package plan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// A build neither removes nor overwrites what is no build's, and says so before it removes
// anything.
func TestWritten(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	const id = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	files := map[string]string{"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": "a", ".dockerignore": "", "iid": id, "open.json": "{}", "docker-bake.hcl": "", "empty": ""}
	for name, text := range files {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"to-dockerfile": "Dockerfile", "to-ignore": ".dockerignore", "to-iid": "iid"} {
		if err := os.Symlink(to, in(link)); err != nil {
			t.Skip(err)
		}
	}
	ws := workspace.New()
	for name, text := range map[string]string{"Dockerfile": "", "new": "unsaved", "open.json": "{}", "table": "x"} {
		if _, _, err := ws.Apply(workspace.Open{URI: workspace.FileURI(in(name)), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	seen := ws.Snapshot()
	for _, c := range []struct{ iid, metadata, outputs, says string }{
		{"iid", "metadata", "tar", ""},
		{"to-iid", "open.json", "", ""},
		{"empty", "", "", ""},
		{"/dev/null", "/dev/null", "/dev/null /dev/null", ""},
		{"Dockerfile", "", "", "Dockerfile is the Dockerfile that is built"},
		{"", "to-dockerfile", "", "is the Dockerfile that is built"},
		{"", "", "to-dockerfile", "the output tar: "},
		{".dockerignore", "", "", "an ignore file"},
		{"", "Dockerfile.dockerignore", "", "an ignore file"},
		{"", "", "to-ignore", "an ignore file"},
		{"iid", "a", "", "metadataFile: " + in("a") + " is there"},
		{"a", "", "", "not the id of an image, so no build wrote it"},
		{"open.json", "", "", "open in the editor"},
		{"new", "", "", "open in the editor"},
		{"", "", "table", "open in the editor"},
		{"docker-bake.hcl", "", "", "the file that says how to build"},
		{"iid", "iid", "", "iidFile and metadataFile are both to be"},
		{"to-iid", "iid", "", "iidFile and metadataFile are both to be"},
		{"", "tar", "tar", "metadataFile and the output tar are both to be"},
		{"", "", "tar other tar", "the output tar and the output tar are both to be"},
	} {
		full := func(name string) string {
			if name == "" || filepath.IsAbs(name) {
				return name
			}
			return in(name)
		}
		p := &Plan{Setup: Setup{Snapshot: seen, Doc: seen.DocumentAt(in("Dockerfile")), Profile: &Profile{Profile: &project.Profile{File: in("docker-bake.hcl")}}, Spec: build.Spec{IIDFile: full(c.iid), MetadataFile: full(c.metadata)}}}
		for name := range strings.FieldsSeq(c.outputs) {
			p.Outputs = append(p.Outputs, build.Output{Type: "tar", Dest: full(name)})
		}
		err := p.checkWritten()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && p.begin() == nil {
			t.Error("it begins all the same")
		}
	}
	for name, text := range files {
		if data, err := os.ReadFile(in(name)); err != nil || !slices.Equal(data, []byte(text)) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}
