package fix

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
)

// TestMendWorkdir: after a fix the working directory is the one that the author wrote. One
// that is a guess is not preferred ("?" before it).
func TestMendWorkdir(t *testing.T) {
	images := dockerfile.Images{
		"docker.io/library/srv:latest":     []byte(`{"os":"linux","config":{"WorkingDir":"/srv"}}`),
		"docker.io/library/bare:latest":    []byte(`{"os":"linux"}`),
		"docker.io/library/windows:latest": []byte(`{"os":"windows","config":{"WorkingDir":"C:\\x"}}`),
	}
	for _, c := range []struct{ before, after string }{
		{`FROM scratch|["/srv/"]`, `?/srv/`},
		{`FROM scratch|['/srv/',]`, `?/srv/`},
		{`FROM scratch|[ "/a b" ]`, `?/a b`},
		{`FROM scratch|["/a", "b"]`, ``},
		{`FROM scratch|["srv"]`, ``},
		{`FROM scratch|[]`, ``},
		{`FROM scratch|[/srv]`, ``},
		{`FROM scratch|["/a\"b"]`, ``},
		{`FROM scratch|"[\"/x\"]"`, ``},
		{"FROM scratch|[ \\\n# why\n\"/x\"]", ``},
		{`FROM scratch|~`, ``},
		{`FROM scratch|~/app`, ``},
		{`FROM scratch|"~/app"`, ``},
		{`FROM scratch|'$HOME/..'`, ``},
		{`FROM scratch|\$HOME/app`, ``},
		{`FROM scratch|$HOME`, ``},
		{`FROM scratch|$$HOME`, ``},
		{`FROM scratch|%USERPROFILE%`, ``},
		{`FROM scratch|C:\app`, ``},
		{`FROM scratch|C:/app`, ``},
		{`FROM scratch|c:app`, ``},
		{"# escape=`\nFROM scratch|C:\\app", ``},
		{"# escape=`\nFROM scratch|app", ``},
		{`FROM scratch|a\b`, ``},
		{`FROM scratch|srv`, `/srv`},
		{`FROM scratch|./srv`, `/srv`},
		{`FROM scratch|..`, `/`},
		{`FROM scratch|app/`, `/app`},
		{`FROM scratch|"app/"`, `?"/app/"`},
		{`FROM scratch|"."`, `"/"`},
		{`FROM scratch|a`, `/a`},
		{"ARG X=app\nFROM scratch\nARG X|$X", `?/$X`},
		{"ARG X=~\nFROM scratch\nARG X|$X", ``},
		{"FROM scratch AS a\nFROM a|x", `/x`},
		{"FROM unknown AS a\nFROM a|x", `?/x`},
		{`FROM unknown|srv`, `?/srv`},
		{"ARG IMAGE=srv\nFROM $IMAGE|srv", `?/srv`},
		{`FROM srv|app`, `/srv/app`},
		{"FROM srv AS a\nFROM a|./app", `/srv/app`},
		{`FROM srv|"."`, `"/srv/"`},
		{"FROM srv\nENV X=app|$X", ``},
		{`FROM bare|app`, `/app`},
		{`FROM windows|app`, `?/app`},
	} {
		head, path, _ := strings.Cut(c.before, "|")
		f := lint.File{Dockerfile: dockerfile.Parse([]byte(head + "\nWORKDIR " + path + "\n")), Images: images}
		after := ""
		problems := lint.Check(context.Background(), f)
		i := slices.IndexFunc(problems, func(p dockerfile.Problem) bool { return p.Code == "WorkdirRelativePath" })
		if i < 0 {
			t.Errorf("%s: %+v", f.Dockerfile, problems)
			continue
		}
		if fix := For(problems[i], f.Dockerfile, Known{Images: f.Images})[0]; !strings.HasPrefix(fix.Title, "Ignore") {
			_, after, _ = strings.Cut(strings.TrimSpace(apply(f.Dockerfile.String(), fix.Edits)), "\nWORKDIR ")
			if !fix.Preferred {
				after = "?" + after
			}
		}
		if after != c.after {
			t.Errorf("%s\ngot  %s\nwant %s", c.before, after, c.after)
		}
	}
}
