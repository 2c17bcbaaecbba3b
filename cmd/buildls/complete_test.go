package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func completionSite(t *testing.T) (dir string, env []string) {
	dir = workspace(t, "Dockerfile", "# base compiles\nFROM scratch AS base\nFROM base AS test\nFROM scratch\n", "api.Dockerfile", "FROM scratch AS api\n",
		"Dockerfile.dev", "", "Containerfile", "", "main.go", "", ".hidden/x", "", "sub/Dockerfile", "FROM scratch AS below\n", "sub/x/y", "", "none/main.go", "",
		"none/Dockerfile/x", "", "config/buildx/instances/far", `{"Name":"far","Driver":"docker-container","Nodes":[{"Name":"a"}]}`)
	return dir, []string{"DOCKER_CONFIG=" + dir + "/config"}
}

func TestCompletion(t *testing.T) {
	dir, env := completionSite(t)
	for _, c := range []struct {
		words string // the last one is not finished: "." stands for one that is not begun
		want  string // the first word of each line
	}{
		{"b", "build builds :4"},
		{"--l", "--log-file :4"},
		{"build --t", "--tag --target :4"},
		{"build --tag a --ta", "--tag --target :4"},
		{"build --target .", "base test :36"},
		{"build -target .", "base test :36"},
		{"build --target=t", "test :36"},
		{"build sub --target .", "below :36"},
		{"build -f api.Dockerfile --target .", "api :36"},
		{"build -f nowhere --target .", ":36"},
		{"build https://127.0.0.1:1/x.git --target .", ":36"},
		{"build --no-cache-filter test,b", "test,base :36"},
		{"build --engine .", "auto docker embedded builder:default builder:far :36"},
		{"doctor --engine builder:f", "builder:far :36"},
		{"build --builder .", "default far :36"},
		{"build -f .", "Containerfile Dockerfile Dockerfile.dev api.Dockerfile config/ none/ sub/ :36"},
		{"build -f sub/", "sub/Dockerfile sub/x/ :36"},
		{"build --file m", ":0"},
		{"check none/", ":0"},
		{"check Dockerfile a", "api.Dockerfile :36"},
		{"build .", ":16"},
		{"check --context .", ":16"},
		{"build --iidfile .", ":0"},
		{"build --tag .", ":4"},
		{"check --format s", "sarif :36"},
		{"completion f", "fish :4"},
		{"help ch", "check :36"},
		{"builds .", ":36"},
		{"nonsense .", ":0"},
	} {
		words := strings.Fields(c.words)
		if last := &words[len(words)-1]; *last == "." {
			*last = ""
		}
		cmd := program(t, env, append([]string{"__complete"}, words...)...)
		cmd.Dir = dir
		out, err := cmd.Output()
		var got []string
		for line := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if !strings.HasPrefix(word, "unix://") { // this machine's
				got = append(got, word)
			}
		}
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.words, got, err, c.want)
		}
	}
}

// A Dockerfile that nobody writes does not hold up the shell.
func TestCompletionIsInTime(t *testing.T) {
	stuck := complete(func([]string, string) []string { select {} })
	if names, _ := stuck(nil, nil, ""); names != nil {
		t.Errorf("%q", names)
	}
	if names, _ := complete(oneOf("a\x1b[31m", "a\tabout"))(nil, nil, ""); len(names) != 1 {
		t.Errorf("%q", names)
	}
}

func TestCompletionScripts(t *testing.T) {
	for shell, want := range map[string]string{"bash": "complete -o default", "zsh": "#compdef buildls", "fish": "complete -c buildls", "powershell": "Register-ArgumentCompleter"} {
		if out, err := program(t, nil, "completion", shell).Output(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	if out, err := program(t, nil, "completion", "bsh").CombinedOutput(); err == nil || !strings.Contains(string(out), "(did you mean bash?)") {
		t.Errorf("%v\n%s", err, out)
	}
}

// fakeBashCompletion is what the script uses of the package bash-completion.
const fakeBashCompletion = `_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
`

func TestCompletionInBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil || wineRoot != "" {
		t.Skip("there is no bash")
	}
	dir, env := completionSite(t)
	cmd := program(t, env, "completion", "bash")
	self := filepath.Join(dir, "buildls")
	if err := os.Symlink(cmd.Path, self); err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Dir = bash, dir
	cmd.Args = []string{bash, "--norc", "-c", fakeBashCompletion + `source <(./buildls completion bash)
try() { COMP_WORDS=(./buildls "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMPREPLY=(); __start_buildls 2>/dev/null; echo "${COMPREPLY[@]%% *}"; }
try comp; try build . --target te; try check D`}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "completion\ntest\nDockerfile Dockerfile.dev\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
