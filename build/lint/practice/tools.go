package practice

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

var pointless = map[string]string{
	"ssh": "a build has no keys for it but by --mount=type=ssh", "vim": "nobody can type in a build", "nano": "nobody can type in a build",
	"shutdown": "a container has no system to end", "service": "what it starts ends with the step", "ps": "only this step runs", "top": "nobody watches a build",
	"free": "it tells of the machine that builds", "kill": "only this step runs", "mount": "a build may not mount; RUN --mount may", "ifconfig": "a build has no network of its own",
}

func pointlessTools(t *text) {
	for _, c := range t.commands() {
		if why := pointless[c.Name]; why != "" && c.Through == "" {
			t.say(c.Words[0].Place, "%s is of no use in a build: %s", c.Name, why)
		}
	}
}

func changesDirectory(t *text) {
	for _, c := range t.commands() {
		if c.Name == "cd" && len(c.Words) > 1 {
			t.say(c.Words[0].Place, "where a command runs is easier to see, and stays so, by WORKDIR")
		}
	}
}

func usesSudo(t *text) {
	for _, c := range t.commands() {
		if c.Name == "sudo" {
			t.say(c.Words[0].Place, "sudo may ask, and hides who runs what: use USER")
		}
	}
}

// sparseLogs is about a user's number that makes /var/log/lastlog as long as that is high.
func sparseLogs(t *text) {
	commands := t.commands()
	for i := range commands {
		c := &commands[i]
		if c.Name != "useradd" || c.Has("-l", "--no-log-init") {
			continue
		}
		flag, _ := c.Flag("-u", "--uid")
		if id, ok := c.Value("-u", "--uid"); ok && len(id) > 5 && !strings.Contains(id, "$") {
			t.say(flag.Place, "for a user with so high a number useradd makes logs of many gigabytes: add -l")
		}
	}
}

func showsProgress(t *text) {
	commands := t.commands()
	for i := range commands {
		c := &commands[i]
		if c.Name == "wget" && len(c.Words) > 1 && !c.Has("--progress", "-q", "--quiet", "-nv", "--no-verbose", "-o", "--output-file", "-a", "--append-output", "-b", "--version", "--help", "--spider") {
			t.say(c.Words[0].Place, "wget fills the log of the build with its progress: add --progress=dot:giga, or -nv")
		}
	}
}

// twoFetchers is about a stage with both wget and curl.
func twoFetchers(s *stage, out *say) {
	first := ""
	for _, st := range s.steps {
		if st.name != "RUN" {
			continue
		}
		for _, c := range st.Commands {
			switch {
			case c.Name != "wget" && c.Name != "curl":
			case first == "":
				first = c.Name
			case first != c.Name:
				out.at(st, c.Words[0].Place, "one of wget and curl is enough, and the other need not be installed")
				return
			}
		}
	}
}

// replacesShell is about a link in the place of /bin/sh.
func replacesShell(t *text) {
	commands := t.commands()
	for i := range commands {
		c := &commands[i]
		if o := c.Operands(); c.Name == "ln" && len(o) > 1 && o[len(o)-1].Text == "/bin/sh" {
			t.say(c.Words[0].Place, "this changes the shell of all that runs in the image: SHELL says which one the build has")
		}
	}
}

// hiddenFailure is about a pipe, of which only the last command can fail.
func hiddenFailure(t *text) {
	if t.name != "RUN" || len(t.Pipes) == 0 || t.pipefail {
		return
	}
	at := slices.MinFunc(t.Pipes, func(a, b shell.Place) int { return a.Start - b.Start })
	text := t.Text
	if at.Doc >= 0 {
		text = t.Body(t.Heredocs[at.Doc]).Text
	}
	if strings.Contains(text[:min(at.Start, len(text))], "pipefail") {
		return
	}
	t.say(at, "if what is before the | fails, the build goes on: set -o pipefail, in a shell that knows it")
}

// consecutive is about RUNs of one command each, which could be one layer.
func consecutive(s *stage, out *say) {
	var last *step
	for _, st := range s.steps {
		if st.name != "RUN" || !single(st) {
			last = nil
			continue
		}
		if last != nil && sameFlags(last, st) {
			out.part(st, st.Keyword, "this and the RUN before could be one, which makes one layer less")
		}
		last = st
	}
}

// single says whether a RUN is one command.
func single(st *step) bool {
	if len(st.Heredocs) > 0 {
		return false
	}
	n := 0
	for _, c := range st.Commands {
		if c.Through == "" {
			n++
		}
	}
	return n == 1
}

func sameFlags(a, b *step) bool {
	return slices.EqualFunc(a.Flags, b.Flags, func(x, y dockerfile.Part) bool { return a.Slice(x) == b.Slice(y) })
}

// plainHealth is about a HEALTHCHECK for which a shell is started each time.
func plainHealth(t *text) {
	if t.name != "HEALTHCHECK" || len(t.Args) < 2 || !strings.EqualFold(t.Slice(t.Args[0]), "CMD") {
		return
	}
	if _, err := t.Command().JSONArray(); err != nil && !strings.ContainsAny(t.Slice(t.Command().Rest), "|&;<>$`*") {
		t.part(t.Command().Rest, "a shell is started for each check: write the command as a JSON array")
	}
}

// ownVariables is about an ENV that uses what it sets itself, which is still the old value.
func ownVariables(t *text) {
	if t.name != "ENV" {
		return
	}
	before := map[string]bool{}
	for _, a := range t.Assignments() {
		for _, r := range t.References(a.Value, t.File.Escape, true) {
			if name := t.Slice(r.Name); before[name] {
				t.part(r.Part, "$%s is what it was before this ENV, not what the ENV sets: write two", name)
			}
		}
		before[t.Unquoted(a.Name)] = true
	}
}
