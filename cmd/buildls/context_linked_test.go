package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// linkedFiles are a bake file's targets that stand on each other: app needs lib and base,
// lib needs base; each has a Dockerfile and a context of its own.
func linkedFiles(t *testing.T, nonce string) []string {
	return []string{
		"docker-bake.hcl", `target "app" {
  context = "app"
  contexts = { base = "target:base", "lib" = "target:lib" }
  args = { WHO = "app" }
  tags = ["linked/app:1"]
}
target "lib" {
  context = "lib"
  target = "made"
  contexts = { base = "target:base" }
  args = { WHO = "lib" }
  secret = ["id=token,src=lib/token"]
}
target "base" {
  dockerfile = "Dockerfile.base"
  args = { WHO = "base" }
  secret = ["id=token,src=base-token"]
}
`,
		"Dockerfile.base", base(t) + "ARG WHO\nENV FROM_BASE=yes\nCOPY shared.txt /\nRUN --mount=type=secret,id=token echo " + nonce + " $WHO $(wc -c </run/secrets/token) >/base.txt\n",
		"shared.txt", "shared on disk\n", "base-token", "base's", ".dockerignore", "ignored.txt\n", "ignored.txt", "x",
		"lib/Dockerfile", "FROM base AS made\nARG WHO\nCOPY own.txt /lib/\nRUN --mount=type=secret,id=token echo $WHO $FROM_BASE $(wc -c </run/secrets/token) >/lib/made.txt\nFROM made\nRUN exit 9\n",
		"lib/own.txt", "own of lib\n", "lib/token", "this is lib's",
		"app/Dockerfile", "FROM base\nARG WHO\nCOPY --from=lib /lib /lib\nCOPY own.txt /\nRUN echo $WHO $FROM_BASE; cat /base.txt /shared.txt /lib/*.txt /own.txt; ls /\n",
		"app/own.txt", "own of app\n",
	}
}

// Contexts that are other targets are built along, on every engine: with their own
// Dockerfiles, contexts, arguments and secrets, from the buffers.
func TestLinkedTargets(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, linkedFiles(t, t.Name())...)
		if s.old {
			e := edit(t, s.env, dir)
			r := buildNow(t, e, map[string]any{"profile": "app"})
			if r.Status != "failed" || !contains(r.Error.Message, "too old for named contexts") || len(r.Steps) > 0 {
				t.Errorf("%+v", r)
			}
			e.Shutdown()
			return
		}
		e := edit(t, s.env, dir)
		e.Open("file://"+dir+"/shared.txt", "plaintext", "shared in a buffer\n")
		r := mustBuild(t, e, map[string]any{"profile": "app", "noCache": true})
		log := logOf(t, e, r)
		if !strings.Contains(log, "app yes\n"+t.Name()+" base 6\nshared in a buffer\nlib yes 13\nown of lib\nown of app\n") || strings.Contains(log, "ignored.txt") {
			t.Errorf("log %q", log)
		}
		if !overlays(r, "file://"+dir+"/shared.txt") || r.URI != "file://"+dir+"/app/Dockerfile" {
			t.Errorf("%+v", r)
		}
		for _, step := range r.Steps {
			if step.Range.Start.Line < 2 || step.Status == "canceled" {
				t.Errorf("%+v", step)
			}
		}
		if len(r.Steps) != 3 {
			t.Errorf("%d steps: %+v", len(r.Steps), r.Steps)
		}
		again := mustBuild(t, e, map[string]any{"profile": "app"})
		for _, step := range again.Steps {
			if step.Status != "cached" {
				t.Errorf("again: %+v", step)
			}
		}
		if s.store && (*again.ImageID != *r.ImageID || again.Tags[0] != "docker.io/linked/app:1") {
			t.Errorf("%+v, then %+v", r, again)
		}
		e.Open("file://"+dir+"/Dockerfile.base", "dockerfile", mustRead(t, dir+"/Dockerfile.base")+"RUN echo in the buffer >/base.txt\n")
		if log := logOf(t, e, mustBuild(t, e, map[string]any{"profile": "app"})); !strings.Contains(log, "app yes\nin the buffer\n") {
			t.Errorf("log %q", log)
		}
		e.Shutdown()
	})
}

func overlays(r result, uri string) bool { return slices.Contains(r.Overlaid, uri) }

// What stands on other targets is the same image as with `docker buildx bake`, and each
// builds nothing again that the other has built. A step that ran twice would show: it
// writes what is different each time.
func TestLinkedAsBake(t *testing.T) {
	containerd := dockerSite(enginetest.ContainerdDocker(t), "28")
	containerd.name = "containerd"
	for _, s := range []site{dockerSite(enginetest.Docker(t, "28"), "28"), containerd} {
		t.Run(s.name, func(t *testing.T) {
			dir := workspace(t, linkedFiles(t, "$(cat /proc/uptime)")...)
			e := edit(t, s.env, dir)
			argument := map[string]any{"profile": "app", "attest": []string{"type=provenance,disabled=true"}}
			if s.name != "containerd" {
				delete(argument, "attest")
			}
			inEditor := func() made {
				r := mustBuild(t, e, argument)
				m := made{steps: len(r.Steps), digest: deref(r.Digest), config: deref(r.ImageID)}
				for _, step := range r.Steps {
					if step.Status != "cached" {
						m.ran = append(m.ran, step.Name)
					}
				}
				m.digest, m.config = cmp.Or(m.digest, m.config), cmp.Or(m.config, m.digest)
				return m
			}
			bake := func() made {
				metadata := filepath.Join(t.TempDir(), "metadata")
				cmd := exec.Command(filepath.Join(enginetest.Dir(t), "docker-28", "cli", "docker"), "buildx", "bake", "--progress", "rawjson", "--metadata-file", metadata, "--provenance=false", "app")
				cmd.Dir, cmd.Env = dir, append(os.Environ(), s.docker.Env()...)
				return madeBy(t, cmd, metadata)
			}
			for _, c := range []struct {
				what   string
				first  func() made
				second func() made
			}{{"bake after the editor", inEditor, bake}, {"the editor after bake", bake, inEditor}} {
				first, second := c.first(), c.second()
				if len(first.ran) == 0 || second.steps == 0 || len(second.ran) > 0 || first.digest == "" || first.digest != second.digest || first.config != second.config {
					t.Errorf("%s: the first made %+v, the second %+v", c.what, first, second)
				}
				e.Open("file://"+dir+"/shared.txt", "plaintext", c.what)
				if err := os.WriteFile(dir+"/shared.txt", []byte(c.what), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			e.Shutdown()
		})
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// An error in another target's Dockerfile is said with the target, the file and the line,
// and marked there; one in the same Dockerfile has its range.
func TestLinkedFailure(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		syntax := ""
		if s.old {
			syntax = "# syntax=" + frontendImage(t) + "\n"
		}
		bake := "target \"app\" {\n  contexts = { other = \"target:other\" }\n}\ntarget \"other\" {\n  context = \"other\"\n}\n" +
			"target \"two\" {\n  target = \"two\"\n  contexts = { below = \"target:one\" }\n}\ntarget \"one\" { target = \"one\" }\n"
		dir := workspace(t, "docker-bake.hcl", bake, "other/Dockerfile", syntax+base(t)+"RUN echo in other; exit 7\n",
			"Dockerfile", syntax+strings.Replace(base(t), "\n", " AS one\n", 1)+"RUN echo in one && exit 8\nFROM below AS two\nRUN echo two\nFROM other\nRUN echo here\n")
		first := len(strings.Split(syntax, "\n")) - 1
		uri, other := "file://"+dir+"/Dockerfile", "file://"+dir+"/other/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", mustRead(t, dir+"/Dockerfile"))
		e.Open(other, "dockerfile", mustRead(t, dir+"/other/Dockerfile"))

		r := buildNow(t, e, map[string]any{"profile": "app"})
		where := fmt.Sprintf("target other: other/Dockerfile:%d: RUN failed with exit code 7", first+2)
		if r.Status != "failed" || !contains(r.Error.Message, where, "in other") || r.Error.URI != other || r.Error.Range == nil || r.Error.Range.Start.Line != first+1 || r.Error.ExitCode == nil || *r.Error.ExitCode != 7 {
			t.Errorf("in another file: %s %+v", r.Status, r.Error)
		}
		e.Await("the error where it is", func() bool {
			d := failuresIn(e, other)
			return len(d) == 1 && d[0].Range.Start.Line == first+1 && strings.Contains(d[0].Message, "exit code 7")
		})
		if d := failuresIn(e, uri); len(d) > 0 {
			t.Errorf("diagnostics where it is not: %+v", d)
		}

		r = buildNow(t, e, map[string]any{"profile": "two"})
		if r.Status != "failed" || !contains(r.Error.Message, "target one: RUN failed with exit code 8") || r.Error.URI != uri || r.Error.Range == nil || r.Error.Range.Start.Line != first+1 {
			t.Errorf("in the same file: %s %+v", r.Status, r.Error)
		}
		e.Await("the error in the same file", func() bool {
			d := failuresIn(e, uri)
			return len(d) == 1 && d[0].Range.Start.Line == first+1
		})

		e.Replace(other, syntax+base(t)+"RUN echo mended\n")
		mustBuild(t, e, map[string]any{"profile": "app"})
		e.Await("nothing wrong any more", func() bool { return len(failuresIn(e, other)) == 0 })
		e.Replace(other, syntax+base(t)+"RNU echo\n")
		if r := buildNow(t, e, map[string]any{"profile": "app"}); !contains(messageOf(r), "target other: other/Dockerfile:", "RNU") {
			t.Errorf("a syntax error: %+v", r.Error)
		}
		e.Shutdown()
	})
}

// failuresIn are what builds found in a document.
func failuresIn(e *lsptest.Editor, uri string) (list []lsptest.Diagnostic) {
	for _, d := range e.Diagnostics(uri) {
		if d.Code == "build" {
			list = append(list, d)
		}
	}
	return list
}

func messageOf(r result) string {
	if r.Error == nil {
		return ""
	}
	return r.Error.Message
}

// A target's several platforms are those of what stands on it; one that it lacks is refused.
func TestLinkedPlatforms(t *testing.T) {
	s := buildkitdSite(enginetest.Buildkitd(t))
	multi := strings.Replace(base(t), "/base", "/multi", 1)
	dir := workspace(t, "docker-bake.hcl", `target "app" {
  contexts = { below = "target:below" }
  platforms = ["linux/amd64", "linux/arm64"]
}
target "below" {
  dockerfile = "Dockerfile.below"
  platforms = ["linux/arm64", "linux/amd64"]
}
`, "Dockerfile.below", multi+"ARG TARGETARCH\nENV ARCH=$TARGETARCH\nCOPY file /$TARGETARCH\n", "file", "x",
		"Dockerfile", "FROM below\nARG TARGETARCH\nCOPY --from=below /$TARGETARCH /of-$ARCH\n")
	out := t.TempDir()
	e := edit(t, s.env, dir)
	r := mustBuild(t, e, map[string]any{"profile": "app", "outputs": []any{map[string]any{"type": "local", "dest": out}}})
	for _, arch := range []string{"amd64", "arm64"} {
		if _, err := os.Stat(out + "/linux_" + arch + "/of-" + arch); err != nil {
			t.Error(err)
		}
	}
	if len(r.Steps) != 2 {
		t.Errorf("%+v", r.Steps)
	}
	if r := buildNow(t, e, map[string]any{"profile": "app", "platforms": []string{"linux/riscv64"}}); !contains(messageOf(r), "target:below", "linux/amd64, linux/arm64", "not for linux/riscv64") {
		t.Errorf("%+v", r.Error)
	}
	e.Shutdown()
}

// A context may be another service, or, where the author says so, any profile; what needs
// itself and what nobody describes is refused by name, and a file grants nothing.
func TestLinkedNames(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "compose.yaml", "services:\n  web:\n    build:\n      dockerfile: Dockerfile.web\n      additional_contexts: {api: \"service:api\"}\n"+
		"  api:\n    build:\n      dockerfile_inline: |\n        "+base(t)+"        RUN echo api >/api.txt\n"+
		"  alone:\n    build:\n      dockerfile: Dockerfile.web\n      additional_contexts: {api: \"service:db\"}\n  db: {image: x}\n",
		"Dockerfile.web", "FROM api\nRUN cat /api.txt\n", "Dockerfile.mine", base(t)+"RUN echo mine >/api.txt\n", "Dockerfile.host", base(t)+"RUN --network=host echo host >/api.txt\n",
		"sub/docker-bake.hcl", `target "a" { contexts = { x = "target:b" } }
target "b" { contexts = { x = "target:c" } }
target "c" { contexts = { x = "target:a" } }
target "self" { contexts = { x = "target:self" } }
target "greedy" {
  context = ".."
  dockerfile = "Dockerfile.host"
  network = "host"
}
target "api" {
  context = ".."
  dockerfile = "Dockerfile.web"
  contexts = { api = "target:greedy" }
}
`, "sub/Dockerfile", "FROM x\n")
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{
		"profiles": map[string]any{"mine": map[string]any{"uri": "Dockerfile.mine"}, "nothing": map[string]any{}, "allowing": map[string]any{"uri": "Dockerfile.host", "network": "host", "allow": []string{"network.host"}}}}})
	says := func(argument map[string]any, want string) {
		t.Helper()
		argument["noCache"] = true
		if log := logOf(t, e, mustBuild(t, e, argument)); !strings.Contains(log, want) {
			t.Errorf("%v: %q is not in %q", argument, want, log)
		}
	}
	web := "file://" + dir + "/Dockerfile.web"
	says(map[string]any{"profile": "web"}, "api\n")
	says(map[string]any{"uri": web, "context": ".", "contexts": map[string]string{"api": "target:mine"}}, "mine\n")
	says(map[string]any{"profile": "web", "contexts": map[string]string{"api": "target:mine"}}, "mine\n")
	says(map[string]any{"profile": "sub/docker-bake.hcl:api", "allow": []string{"network.host"}}, "host\n")
	for _, c := range []struct {
		argument map[string]any
		want     []string
	}{
		{map[string]any{"profile": "a"}, []string{"a needs b needs c needs a"}},
		{map[string]any{"profile": "self"}, []string{"self needs self"}},
		{map[string]any{"profile": "alone"}, []string{"db", "compose.yaml does not describe"}},
		{map[string]any{"profile": "sub/docker-bake.hcl:api"}, []string{"greedy", "network.host", "allow"}},
		{map[string]any{"uri": web, "context": ".", "contexts": map[string]string{"api": "target:nope"}}, []string{`no profile "nope"`, "mine"}},
		{map[string]any{"uri": web, "context": ".", "contexts": map[string]string{"api": "target:nothing"}}, []string{"nothing", "no Dockerfile"}},
		{map[string]any{"uri": web, "context": ".", "contexts": map[string]string{"api": "target:allowing"}}, []string{"allowing", "network.host", "allow"}},
		{map[string]any{"uri": web, "context": ".", "contexts": map[string]string{"api": "target:"}}, []string{"write it as target:NAME"}},
	} {
		err := e.Execute("buildls.build", c.argument, nil)
		if lsptest.Code(err) != -32602 || !contains(err.Error(), c.want...) {
			t.Errorf("%v: %v", c.argument, err)
		}
	}
	says(map[string]any{"uri": web, "context": ".", "contexts": map[string]string{"api": "target:allowing"}, "allow": []string{"network.host"}}, "host\n")
	e.Shutdown()
}

// A build that is canceled while a target that it stands on is built ends at once, and so
// does that; what that one prints of its secret is hidden.
func TestLinkedCanceled(t *testing.T) {
	for _, s := range []site{buildkitdSite(enginetest.Buildkitd(t)), dockerSite(enginetest.Docker(t, "28"), "28")} {
		t.Run(s.name, func(t *testing.T) {
			sleep := newSleep()
			dir := workspace(t, "docker-bake.hcl", "target \"app\" { contexts = { below = \"target:below\" } }\ntarget \"below\" {\n  context = \"below\"\n  secret = [\"id=token,src=below/token\"]\n}\n",
				"Dockerfile", "FROM below\nCOPY --from=below / /all/\nRUN echo here\n", "below/Dockerfile", base(t)+"RUN --mount=type=secret,id=token cat /run/secrets/token; "+sleep+"\n", "below/token", "hunter2-of-below")
			e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}})
			var started struct{ ID string }
			if err := e.Execute("buildls.build", map[string]any{"profile": "app", "noCache": true}, &started); err != nil {
				t.Fatal(err)
			}
			awaitSleep(t, sleep)
			if err := e.Execute("buildls.cancel", map[string]any{"id": started.ID}, nil); err != nil {
				t.Fatal(err)
			}
			e.Await("the end", func() bool {
				var list []result
				return e.Execute("buildls.builds", nil, &list) == nil && len(list) > 0 && list[0].Status == "canceled"
			})
			awaitNoSleep(t, sleep)
			var log struct{ Text string }
			if err := e.Execute("buildls.log", map[string]any{"id": started.ID}, &log); err != nil || !strings.Contains(log.Text, "***") {
				t.Errorf("%v: %q", err, log.Text)
			}
			for _, m := range e.All("") {
				if strings.Contains(string(m.Params), "hunter2") {
					t.Errorf("a secret: %s", m.Params)
				}
			}
			e.Shutdown()
		})
	}
}

// What is wrong with a target that a build stands on is said with its name.
func TestLinkedMistakes(t *testing.T) {
	s := embeddedSite(t)
	bake := ""
	for name, attributes := range map[string]string{
		"remote": `context = "https://127.0.0.1:1/x.git"`, "nosecret": `secret = ["id=x,src=gone"]`, "notarget": `target = "nope"`, "nodir": `context = "nodir"`,
		"empty": `dockerfile = "Dockerfile.empty"`, "missing": `dockerfile = "Dockerfile.missing"`,
	} {
		bake += "target \"" + name + "\" {\n  " + attributes + "\n}\ntarget \"on-" + name + "\" {\n  contexts = { below = \"target:" + name + "\" }\n}\n"
	}
	dir := workspace(t, "docker-bake.hcl", bake, "Dockerfile", "FROM below\n", "Dockerfile.empty", "FROM scratch\nENV A=b\n", "Dockerfile.missing", base(t)+"COPY nothing /\n")
	e := edit(t, s.env, dir)
	for name, want := range map[string][]string{"remote": {`"remote"`, "remote context", "docker-image://"}, "nosecret": {`"nosecret"`, "gone does not exist"},
		"notarget": {`"notarget"`, `unknown target "nope"`}, "nodir": {`"nodir"`, "no such file"}} {
		err := e.Execute("buildls.build", map[string]any{"profile": "on-" + name, "wait": true}, nil)
		if lsptest.Code(err) != -32602 || !contains(err.Error(), append(want, "below")...) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string][]string{"empty": {"target:empty", "no files"}, "missing": {"target missing: Dockerfile.missing:2: \"/nothing\" not found"}} {
		if r := buildNow(t, e, map[string]any{"profile": "on-" + name}); r.Status != "failed" || !contains(messageOf(r), want...) {
			t.Errorf("%s: %+v", name, r.Error)
		}
	}
	e.Shutdown()
}

// Two targets of one Dockerfile find the same mistakes in it, which are said once; the
// steps of both are steps of this Dockerfile.
func TestLinkedSameFile(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "docker-bake.hcl", "target \"one\" { target = \"one\" }\ntarget \"two\" {\n  target = \"two\"\n  contexts = { below = \"target:one\" }\n}\n",
		"Dockerfile", strings.Replace(base(t), "\n", " AS one\n", 1)+"ENV A b\nRUN echo one\nFROM below AS two\nRUN echo two\n")
	e := edit(t, s.env, dir)
	r := mustBuild(t, e, map[string]any{"profile": "two"})
	var lines []int
	for _, step := range r.Steps {
		lines = append(lines, step.Range.Start.Line)
	}
	if len(r.Warnings) == 0 || r.Warnings[0].Code != "LegacyKeyValueFormat" || slices.Contains(r.Warnings[1:], r.Warnings[0]) || !slices.Equal(lines, []int{0, 2, 4}) {
		t.Errorf("%+v, %+v", r.Warnings, r.Steps)
	}
	e.Shutdown()
}
