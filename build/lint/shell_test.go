package lint

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/practice"
)

// TestShellMistakes tells what a shell cannot read only where it is known which shell that is.
func TestShellMistakes(t *testing.T) {
	const image = "docker.io/library/a:1"
	text := "FROM a:1\nRUN echo it's\nCMD echo \"a\n"
	for _, c := range []struct {
		what string
		file File
		want string
	}{
		{"some image", File{Rules: practice.Config{Set: practice.Recommended}}, "0 1"},
		{"all rules", File{Rules: practice.Config{Set: practice.All}}, "0 1"},
		{"BuildKit's rules", File{Rules: practice.Config{Set: practice.BuildKit}}, ""},
		{"no rules", File{}, ""},
		{"ignored", File{Rules: practice.Config{Set: practice.All, Ignored: []string{"shell"}}}, ""},
		{"for Windows", File{Rules: practice.Config{Set: practice.All}, Platform: "windows/amd64"}, ""},
		{"an image of Windows", File{Rules: practice.Config{Set: practice.All}, Images: dockerfile.Images{image: []byte(`{"os":"windows"}`)}}, ""},
		{"an image with PowerShell", File{Rules: practice.Config{Set: practice.All}, Images: dockerfile.Images{image: []byte(`{"os":"linux","config":{"Shell":["pwsh","-c"]}}`)}}, ""},
		{"an image with bash", File{Rules: practice.Config{Set: practice.All}, Images: dockerfile.Images{image: []byte(`{"os":"linux","config":{"Shell":["bash","-c"]}}`)}}, "0 1"},
	} {
		c.file.Dockerfile = dockerfile.Parse([]byte(text))
		var severities []string
		for _, p := range Check(t.Context(), c.file) {
			if p.Code == practice.Shell {
				severities = append(severities, string('0'+rune(p.Severity)))
			}
		}
		if got := strings.Join(severities, " "); got != c.want {
			t.Errorf("%s: %q, not %q", c.what, got, c.want)
		}
	}
}

// TestCounting holds which problems of another program count.
func TestCounting(t *testing.T) {
	f := File{Dockerfile: dockerfile.Parse([]byte("FROM a\nRUN b\n# hadolint ignore=SC1\nRUN c\n"))}
	at := func(line int) dockerfile.Lines { return dockerfile.Lines{First: line, Last: line} }
	problems := []dockerfile.Problem{
		{Code: "SC1", Severity: dockerfile.Warning, Lines: at(1)}, {Code: "SC2", Severity: dockerfile.Hint, Lines: at(1)},
		{Code: "SC1", Severity: dockerfile.Warning, Lines: at(3)}, {Code: "SC3", Severity: dockerfile.Warning, Lines: at(3)},
	}
	for set, want := range map[practice.Set]string{practice.All: "SC1 SC2 SC3", practice.Recommended: "SC1 SC3", practice.BuildKit: "", "": ""} {
		f.Rules = practice.Config{Set: set}
		var codes []string
		for _, p := range Counting(problems, f) {
			codes = append(codes, p.Code)
		}
		if got := strings.Join(codes, " "); got != want {
			t.Errorf("%s: %q, not %q", set, got, want)
		}
	}
	f.Rules = practice.Config{Set: practice.All, Ignored: []string{"SC1"}, Severities: map[string]dockerfile.Severity{"SC2": dockerfile.Error}, NoComments: true}
	if got := Counting(problems, f); len(got) != 2 || got[0].Severity != dockerfile.Error || got[1].Code != "SC3" {
		t.Errorf("%+v", got)
	}
}
