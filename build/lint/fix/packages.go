package fix

import (
	"strings"

	"github.com/buildls/buildls/build/shell"
)

// adder adds a flag with which a package manager does not ask. Without it a build fails where there
// is something to ask, so the image is the same with it.
func adder(flag string) mender {
	return func(m mending) []Fix {
		c, ok := m.call()
		if !ok {
			return nil
		}
		behind := c.word
		if flag == "-n" || c.word.Text == "module" || c.word.Text == "group" { // of the whole program
			behind = c.Words[0]
		}
		return []Fix{{Title: "Add " + flag, Preferred: true, Safe: true, Edits: []Edit{m.insertAfter(behind, flag)}}}
	}
}

func mendRecommends(m mending) []Fix {
	c, ok := m.call()
	if !ok {
		return nil
	}
	flag := "--no-install-recommends"
	if c.Name == "aptitude" {
		flag = "--without-recommends"
	}
	f := Fix{Title: "Add " + flag, Preferred: true, Edits: []Edit{m.insertAfter(c.word, flag)}}
	if w, ok := c.Flag("--install-recommends"); ok {
		f.Title, f.Edits = "Write "+flag, []Edit{m.write(w, flag)}
	}
	return one(f)
}

// aptCommands are what apt's commands are to apt-get and apt-cache. Their images are the same:
// those of Debian and Ubuntu have both delete the packages that they fetched.
var aptCommands = map[string]string{"search": "apt-cache", "show": "apt-cache", "showsrc": "apt-cache", "depends": "apt-cache", "rdepends": "apt-cache", "policy": "apt-cache"}

func init() {
	for _, name := range strings.Fields("install update remove purge autoremove autopurge reinstall satisfy build-dep source download changelog clean autoclean upgrade full-upgrade") {
		aptCommands[name] = "apt-get"
	}
}

func mendApt(m mending) []Fix {
	c, ok := m.call()
	if !ok || c.Name != "apt" {
		return nil
	}
	operands := c.Operands("-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a", "--host-architecture")
	if len(operands) == 0 || aptCommands[operands[0].Text] == "" || !strings.HasSuffix(c.word.Text, "apt") {
		return nil
	}
	to := aptCommands[operands[0].Text]
	f := Fix{Title: "Write " + to, Preferred: true, Safe: true, Edits: []Edit{m.write(c.word, strings.TrimSuffix(c.word.Text, "apt")+to)}}
	if operands[0].Text == "upgrade" { // which may install new packages, as apt-get's does not
		f.Edits = append(f.Edits, m.insertAfter(operands[0], "--with-new-pkgs"))
	}
	return one(f)
}

// mendUseradd keeps useradd from writing logs that are as long as the user's number is high.
func mendUseradd(m mending) []Fix {
	c, ok := m.call()
	if !ok {
		return nil
	}
	return []Fix{{Title: "Add -l", Preferred: true, Edits: []Edit{m.insertAfter(c.Words[0], "-l")}}}
}

// mendWget changes what wget prints. That of BusyBox cannot print less, but nothing.
func mendWget(m mending) []Fix {
	c, ok := m.call()
	if !ok {
		return nil
	}
	if m.src.hasBusyBox(m.Instruction) {
		return []Fix{{Title: "Add -q", Edits: []Edit{m.insertAfter(c.word, "-q")}}}
	}
	return []Fix{{Title: "Add --progress=dot:giga", Preferred: true, Safe: m.src.hasGNU(m.Instruction), Edits: []Edit{m.insertAfter(c.word, "--progress=dot:giga")}}}
}

// mendSudo takes sudo away where the step runs as root.
func mendSudo(m mending) []Fix {
	c, ok := m.call()
	if !ok || c.Name != "sudo" || c.Through != "" || m.isElement(c.word) || !isRoot(m.src.stateAt(m.Instruction).user) {
		return nil
	}
	for _, w := range c.Words[1:] {
		switch w.Text {
		case "-E", "-n", "-H", "-S", "--preserve-env", "--non-interactive", "--set-home":
			continue
		}
		if strings.HasPrefix(w.Text, "-") || shellOnly[w.Text] {
			return nil
		}
		from, to := c.word.Token(m.Instruction), w.Token(m.Instruction)
		if from.First != to.First {
			return nil // a comment may be between them
		}
		return []Fix{{Title: "Remove sudo", Preferred: true, Edits: []Edit{{from.First, from.Start, to.First, to.Start, ""}}}}
	}
	return nil
}

// hasWord says whether a command has a word.
func hasWord(c shell.Command, text string) bool {
	for _, w := range c.Words {
		if w.Text == text {
			return true
		}
	}
	return false
}
