package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a step of a build did to files is told in a terminal by another process than the one that
// built, and a command runs in them.
func TestFilesAndShellInTerminal(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		s, _ = remembering(t, s)
		dir := workspace(t, "app.txt", "eleven byte", "bad.Dockerfile", base(t)+"RUN echo oh && exit 7\n", "Dockerfile", base(t)+`WORKDIR /made
COPY app.txt /made/
ENV COLOR=green
RUN echo `+t.TempDir()+` >/ran && echo longer >>app.txt && printf 'a\0b' >/bin.dat
`)
		r, said, code := resultIn(t, s.env, dir)
		if code != 0 {
			t.Fatalf("%+v\n%s", r, said)
		}
		number := func(text string) string { return string(rune('1' + stepNamed(t, r, text))) }
		run := number("RUN echo")
		if out := terminal(t, s.env, dir, "files", r.ID[:8], number("COPY app")); strings.Join(strings.Fields(out), " ") != "added 11 /made/app.txt" {
			t.Errorf("%q", out)
		}
		var changes []change
		if err := json.Unmarshal([]byte(terminal(t, s.env, dir, "files", "--json", r.ID, run, "/made")), &changes); err != nil || len(changes) != 1 || (changes[0] != change{"/made/app.txt", "changed", 18}) {
			t.Errorf("%+v, %v", changes, err)
		}
		if out := terminal(t, s.env, dir, "files", r.ID, run, "/made/app.txt"); out != "eleven bytelonger\n" {
			t.Errorf("%q", out)
		}
		var f file
		if err := json.Unmarshal([]byte(terminal(t, s.env, dir, "files", "--json", r.ID, run, "bin.dat")), &f); err != nil || (f != file{Bytes: 3, Binary: true}) {
			t.Errorf("%+v, %v", f, err)
		}
		out, said, code := outputOf(t, s.env, "shell", r.ID, run, "--", "sh", "-c", "echo $COLOR; cat app.txt; echo loud >&2; exit 5")
		switch {
		case s.old && code == exitLost && strings.Contains(said, "too old"):
		case code != 5 || out != "green\neleven bytelonger\n" || said != "loud\n":
			t.Errorf("%d %q %q", code, out, said)
		}

		bad, _, _ := resultIn(t, s.env, "-f", dir+"/bad.Dockerfile", dir)
		failed := string(rune('1' + stepNamed(t, bad, "RUN echo oh")))
		for says, args := range map[string][]string{
			"it failed, and what it wrote is not kept": {"files", bad.ID, failed},
			"changes no files":                         {"files", r.ID, "1"},
			"has 4 steps, counted from 1":              {"files", r.ID, "9"},
			"is not there after this step":             {"files", r.ID, run, "/gone"},
			"/bin.dat is no text: it has 3 bytes":      {"files", r.ID, run, "/bin.dat"},
			`no build "zzz" is remembered`:             {"files", "zzz", "1"},
		} {
			if out, said, code := outputOf(t, s.env, args...); code != 1 || out != "" || !strings.Contains(said, says) {
				t.Errorf("%q: %d %q %q", args, code, out, said)
			}
		}
		if _, said, code := outputOf(t, s.env, "shell", bad.ID, failed, "--", "true"); code != exitLost || !strings.Contains(said, "it failed, and what it wrote is not kept") {
			t.Errorf("%d %q", code, said)
		}
	})
}

// Secrets are hidden in the files of a build of another process, too, and nothing of their values is
// kept. One that cannot be read again keeps all that may have it from being shown.
func TestFilesWithSecrets(t *testing.T) {
	s, kept := remembering(t, embeddedSite(t))
	dir := workspace(t, "token", "not-to-be-seen", "Dockerfile", base(t)+"RUN --mount=type=secret,id=token echo "+t.TempDir()+" $(cat /run/secrets/token) >/leak\n")
	r, said, code := resultIn(t, s.env, "--secret", "id=token,src="+dir+"/token", dir)
	if code != 0 {
		t.Fatalf("%+v\n%s", r, said)
	}
	files, err := os.ReadDir(kept)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	data, err := os.ReadFile(filepath.Join(kept, files[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	packed := bytes.Index(data, []byte("\x1f\x8b")) // as gzip begins
	if packed < 0 {
		t.Fatalf("%q", data)
	}
	unpacker, err := gzip.NewReader(bytes.NewReader(data[packed:]))
	if err != nil {
		t.Fatal(err)
	}
	unpacker.Multistream(false)
	definition, err := io.ReadAll(unpacker)
	if err != nil || !strings.Contains(string(definition), dir+"/token") {
		t.Errorf("%v: %s", err, definition)
	}
	if all := string(data) + string(definition); strings.Contains(all, "not-to-be-seen") {
		t.Errorf("%q", all)
	}
	step := string(rune('1' + stepNamed(t, r, "RUN")))
	if out := terminal(t, s.env, dir, "files", r.ID, step, "/leak"); strings.Contains(out, "not-to-be-seen") || !strings.Contains(out, "***") {
		t.Errorf("%q", out)
	}
	if err := os.Remove(filepath.Join(dir, "token")); err != nil {
		t.Fatal(err)
	}
	if out, said, code := outputOf(t, s.env, "files", r.ID, step, "/leak"); code != 1 || out != "" || !strings.Contains(said, "token") {
		t.Errorf("%d %q %q", code, out, said)
	}
}

// A definition with the login of a URL is not kept, so that its files cannot be shown.
func TestFilesWithLogin(t *testing.T) {
	s, _ := remembering(t, embeddedSite(t))
	dir := workspace(t, "Dockerfile", base(t)+"RUN echo https://me:hunter22@127.0.0.1/ "+t.TempDir()+" >/x\n")
	r, said, code := resultIn(t, s.env, dir)
	if code != 0 {
		t.Fatalf("%+v\n%s", r, said)
	}
	if out, said, code := outputOf(t, s.env, "files", r.ID, string(rune('1'+stepNamed(t, r, "RUN")))); code != 1 || out != "" || !strings.Contains(said, "login in a URL") {
		t.Errorf("%d %q %q", code, out, said)
	}
}
