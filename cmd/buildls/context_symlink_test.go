package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A linkedProject is one folder that has two names.
func linkedProject(t *testing.T) (dir string) {
	dir = workspace(t, "real/app/Dockerfile", "ARG IMG=none\nFROM $IMG\nCOPY secret /s\nCOPY ok /ok\n", "real/app/secret", "", "real/app/ok", "",
		"real/compose.yaml", "services: {s: {build: {context: app, args: {IMG: scratch}}}}\n", "real/app/.dockerignore", "", "real/docker-bake.hcl", "target \"x\" {\n  nonsense = 1\n}\n")
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bothWays runs a test with the folder open by one name, and its files by the other.
func bothWays(t *testing.T, test func(t *testing.T, folder, files string)) {
	for _, names := range [][2]string{{"link", "real"}, {"real", "link"}} {
		t.Run(names[0], func(t *testing.T) {
			t.Parallel()
			dir := linkedProject(t)
			test(t, filepath.Join(dir, names[0]), filepath.Join(dir, names[1]))
		})
	}
}

// A folder that is open by another name than its files holds them all the same: profiles,
// patterns, ignore files and problems are theirs, in the spelling of the client.
func TestFolderBehindALink(t *testing.T) {
	bothWays(t, func(t *testing.T, folder, files string) {
		e := newEditor(t, program(t, nil), lsptest.Options{Folders: []string{folder},
			Settings: map[string]any{"build": map[string]any{"app/other.*": map[string]any{"context": "app"}}}})
		dockerfile, ignore, bake := "file://"+files+"/app/Dockerfile", "file://"+files+"/app/.dockerignore", "file://"+files+"/docker-bake.hcl"
		text, err := os.ReadFile(filepath.Join(files, "app/Dockerfile"))
		if err != nil {
			t.Fatal(err)
		}
		e.Open(dockerfile, "dockerfile", string(text))
		e.Open(ignore, "ignore", "secret\n")
		e.Open(bake, "hcl", "target \"x\" {\n  nonsense = 1\n}\n")
		var profiles []struct{ Name, URI, Source string }
		if err := e.Execute("buildls.profiles", map[string]any{"uri": dockerfile}, &profiles); err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, p := range profiles {
			if strings.Contains(p.Name, "s") && strings.Contains(p.Source, "compose") {
				count++
				if p.Name != "s" || p.URI != dockerfile {
					t.Errorf("a profile: %+v", p)
				}
			}
		}
		if count != 1 {
			t.Errorf("profiles: %+v", profiles)
		}
		var context struct {
			Context  string
			Files    int
			Excluded []struct{ URI, Pattern string }
		}
		for _, uri := range []string{dockerfile, "file://" + folder + "/app/Dockerfile"} {
			if err := e.Execute("buildls.context", map[string]any{"uri": uri}, &context); err != nil {
				t.Fatal(err)
			}
			if context.Context != filepath.Join(folder, "app") || len(context.Excluded) != 1 || context.Excluded[0].URI != ignore {
				t.Errorf("the context of %s: %+v", uri, context)
			}
		}
		e.Open("file://"+files+"/app/other.Dockerfile", "dockerfile", "FROM scratch\nCOPY ok /\n")
		if err := e.Execute("buildls.context", nil, &context); err != nil || context.Context != filepath.Join(folder, "app") {
			t.Errorf("by a pattern of the setting build: %+v, %v", context, err)
		}
		e.Await("the bake file's problem", func() bool {
			return slices.ContainsFunc(e.Diagnostics(bake), func(d lsptest.Diagnostic) bool { return strings.Contains(d.Message, "nonsense") })
		})
	})
}

// A build of a folder that has two names is one build: with its profile, its buffers and its
// settings, under one tag and in one history.
func TestBuildBehindALink(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		bothWays(t, func(t *testing.T, folder, files string) {
			e := newEditor(t, program(t, append(slices.Clone(s.env), "XDG_STATE_HOME="+filepath.Dir(folder))), lsptest.Options{Folders: []string{folder}})
			dockerfile := "file://" + files + "/app/Dockerfile"
			// The names in the image differ: an old engine mixes up the errors of two builds that are
			// the same, and run at once.
			text := "ARG IMG=none\nFROM $IMG\nCOPY ok /" + filepath.Base(folder) + "\n"
			e.Open(dockerfile, "dockerfile", text+"COPY secret /s-"+filepath.Base(folder)+"\n")
			e.Open("file://"+files+"/app/.dockerignore", "ignore", "secret\n")
			type result struct {
				URI, Status, Context string
				Tags, Overlaid       []string
				Profile              *struct{ Name string }
				Error                *struct {
					Message, URI string
					Range        *lsptest.Range
				}
			}
			build := func(uri string) (r result) {
				if err := e.Execute("buildls.build", map[string]any{"uri": uri, "wait": true}, &r); err != nil {
					t.Fatal(err)
				}
				return r
			}
			r := build(dockerfile)
			if r.Status != "failed" || r.Profile == nil || r.Profile.Name != "s" || r.Error.URI != dockerfile || r.Error.Range == nil || r.Error.Range.Start.Line != 3 || !strings.Contains(r.Error.Message, "secret") {
				t.Errorf("with what .dockerignore keeps out: %+v, %+v", r, r.Error)
			}
			e.Replace(dockerfile, text)
			a, b := build(dockerfile), build("file://"+folder+"/app/Dockerfile")
			if a.Status != "succeeded" || b.Status != "succeeded" || !slices.Equal(a.Tags, b.Tags) || a.Context != b.Context || b.URI != dockerfile || !slices.Contains(b.Overlaid, dockerfile) {
				t.Errorf("by two names: %+v, %+v", a, b)
			}
			e.Shutdown()

			var kept []json.RawMessage
			other := newEditor(t, program(t, append(slices.Clone(s.env), "XDG_STATE_HOME="+filepath.Dir(folder))), lsptest.Options{Folders: []string{folder}})
			if err := other.Execute("buildls.builds", nil, &kept); err != nil || len(kept) != 3 {
				t.Errorf("the history holds %d builds, %v", len(kept), err)
			}
		})
	})
}
