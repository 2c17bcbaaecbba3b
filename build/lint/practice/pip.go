package practice

import (
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/shell"
)

var (
	pipName    = lazyregexp.New(`^pip[0-9.]*$`)
	pythonName = lazyregexp.New(`^(python|pypy)[0-9.]*$`)
	pipValued  = []string{"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target", "--platform", "--python-version", "--implementation", "--abi",
		"--root", "--prefix", "-b", "--build", "--src", "--upgrade-strategy", "--install-option", "--global-option", "--config-settings", "-C", "--no-binary", "--only-binary",
		"--progress-bar", "--root-user-action", "--report", "--group", "--python", "--log", "--proxy", "--retries", "--timeout", "--exists-action", "--trusted-host", "--cert",
		"--client-cert", "--cache-dir", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--use-feature", "--use-deprecated", "--keyring-provider",
		"--pip-args", "--suffix", "--preinstall", "-d", "--build-option", "--index", "-p", "--resume-retries"}
)

// pip are the installations by pip, in whatever way it is called.
func (t *text) pip() (list []call) {
	commands := t.commands()
	for i := range commands {
		c := commands[i]
		switch {
		case pipName.MatchString(c.Name) || c.Name == "pipx":
		case pythonName.MatchString(c.Name) || c.Name == "uv":
			if c = module(c); len(c.Words) == 0 {
				continue
			}
		default:
			continue
		}
		if operands := c.Operands(pipValued...); len(operands) > 0 && operands[0].Text == "install" {
			list = append(list, call{&c, operands[0], operands[1:], i})
		}
	}
	return list
}

// module is the call of pip that a Python's -m, or uv, makes; without words if it is none.
func module(c shell.Command) shell.Command {
	for i, w := range c.Words {
		if w.Text == "pip" && i > 0 && (c.Name == "uv" || c.Words[i-1].Text == "-m") {
			c.Words = c.Words[i:]
			return c
		}
	}
	return shell.Command{}
}

func pipUnpinned(t *text) {
	for _, c := range t.pip() {
		if c.Has("-r", "--requirement", "-c", "--constraint", "--no-index") {
			continue
		}
		for _, w := range c.operands {
			if !pinnedPython(w.Text) && !w.Bare() {
				t.say(w.Place, "the version of %s is the newest of the day: pin it with %s", w.Text, pinOfPython(w.Text))
			}
		}
	}
}

func pinOfPython(name string) string {
	if strings.HasPrefix(name, "git+") {
		return "@COMMIT behind its address"
	}
	return name + "==VERSION"
}

func pinnedPython(name string) bool {
	if strings.HasPrefix(name, "git+") {
		address, _, _ := strings.Cut(name, "#")
		return strings.Contains(address[strings.LastIndexByte(address, '/')+1:], "@")
	}
	for _, end := range []string{".whl", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip", ".egg", ".tar"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.ContainsAny(name, "=<>~/") || strings.Contains(name, "!=") || name == "." || name == ".." || strings.HasPrefix(name, ".[")
}

const pipNoCache = "PIP_NO_CACHE_DIR"

func pipCaches(t *text) {
	for i, c := range t.pip() {
		switch {
		case i > 0 && t.found != nil && t.found[len(t.found)-1].rule == t.rule: // once in a RUN
		case c.Name == "pipx" || c.Name == "uv" || c.Has("--no-cache-dir") || t.keeps(".cache/pip", "/root/.cache/pip"):
		case isOn(c.Env[pipNoCache]) || exported(t.Commands[:c.at], pipNoCache):
		case removes(t.Commands[c.at:], "/root/.cache/pip", "~/.cache/pip", "$HOME/.cache/pip", "${HOME}/.cache/pip") || purged(t.Commands[c.at:]):
		default:
			t.say(c.sub.Place, "what pip has fetched stays in the image: add --no-cache-dir, or mount a cache at /root/.cache/pip")
		}
	}
}

// purged says whether one of the commands is pip cache purge.
func purged(commands []shell.Command) bool {
	for i := range commands {
		if o := commands[i].Operands(); pipName.MatchString(commands[i].Name) && len(o) > 1 && o[0].Text == "cache" && o[1].Text == "purge" {
			return true
		}
	}
	return false
}

func isOn(value string) bool {
	switch strings.ToLower(value) {
	case "1", "on", "yes", "true":
		return true
	}
	return false
}

// exported says whether a variable is on by one of some commands.
func exported(commands []shell.Command, name string) bool {
	for _, c := range commands {
		for _, w := range c.Words[1:] {
			if n, value, ok := strings.Cut(w.Text, "="); c.Name == "export" && ok && n == name && isOn(value) {
				return true
			}
		}
	}
	return false
}

// pipQuiet is what an ENV says of whether pip shall keep nothing; nil if it says nothing of it.
func (t *text) pipQuiet() (quiet *bool) {
	if t.name != "ENV" || !strings.Contains(t.Text, pipNoCache) {
		return nil
	}
	for _, a := range t.Assignments() {
		if t.Unquoted(a.Name) == pipNoCache {
			on := isOn(t.Unquoted(a.Value))
			quiet = &on
		}
	}
	return quiet
}

// pipTold says whether pip keeps nothing at a step, or what it keeps does not matter.
func pipTold(st *step) bool { return st.before.pipQuiet || lost(st) }
