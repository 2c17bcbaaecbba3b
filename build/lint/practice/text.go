package practice

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// A text is an instruction as rules see it that look at one alone.
type text struct {
	*dockerfile.Instruction
	*shell.Reading
	name     string
	pipefail bool     // by SHELL
	mounted  []string // see mounts; nil before it is asked for
	cfg      *Config
	rule     *Rule
	found    []finding
}

// say says something of a place.
func (t *text) say(at shell.Place, format string, args ...any) {
	t.found = append(t.found, finding{t.rule, at, fmt.Sprintf(format, args...)})
}

// part says something of a part of the text.
func (t *text) part(at dockerfile.Part, format string, args ...any) {
	t.say(shell.Place{Doc: -1, Part: at}, format, args...)
}

// commands are those of a RUN.
func (t *text) commands() []shell.Command {
	if t.name != "RUN" {
		return nil
	}
	return t.Commands
}

// words are the arguments of an instruction, if that is its name.
func (t *text) words(name string) []dockerfile.Element {
	if t.name != name {
		return nil
	}
	return t.Elements()
}

// raw is a word of the text as it is written, without quotes around it.
func (t *text) raw(e dockerfile.Element) string {
	return strings.Trim(t.Slice(e.Part), `"'`)
}

// keeps says whether a RUN has a directory that is no part of its layer: a mount for a cache, or
// one in memory, at it or above it. Of one that does not begin with / it is not known in whose home
// it is.
func (t *text) keeps(dirs ...string) bool {
	if t.mounted == nil {
		t.mounted = t.mounts()
	}
	for _, target := range t.mounted {
		for _, dir := range dirs {
			somewhere := !strings.HasPrefix(dir, "/") && strings.Contains(target+"/", "/"+dir+"/")
			if target == dir || target != "/" && strings.HasPrefix(dir, target+"/") || somewhere {
				return true
			}
		}
	}
	return false
}

// mounts are the targets of the mounts for caches, and of those in memory.
func (t *text) mounts() []string {
	kinds, targets := map[dockerfile.Part]string{}, map[dockerfile.Part]string{}
	for _, f := range t.Fields() {
		switch t.KeyOf(f) {
		case "type":
			kinds[f.Flag] = strings.ToLower(t.Unquoted(f.Value))
		case "target", "dst", "destination":
			targets[f.Flag] = path.Clean(t.Unquoted(f.Value))
		}
	}
	list := []string{}
	for flag, target := range targets {
		if kinds[flag] == "cache" || kinds[flag] == "tmpfs" {
			list = append(list, target)
		}
	}
	return list
}

// removes says whether one of the commands removes what is in a directory.
func removes(commands []shell.Command, dirs ...string) bool {
	for i := range commands {
		c := &commands[i]
		if c.Name != "rm" && (c.Name != "find" || !c.Has("-delete", "-exec")) {
			continue
		}
		for _, w := range c.Operands() {
			if slices.ContainsFunc(dirs, func(dir string) bool { return holds(w.Text, dir) }) {
				return true
			}
		}
	}
	return false
}

// holds says whether a path, or a pattern with a * at its end, is of a directory's content, or of
// one above it.
func holds(name, dir string) bool {
	target, pattern := strings.CutSuffix(name, "*")
	target = strings.TrimRight(target, "/")
	return len(target) > 1 && (target == dir || strings.HasPrefix(target, dir+"/") || strings.HasPrefix(dir, target+"/") || pattern && strings.HasPrefix(dir, target))
}

// A call is a command of a tool with commands of its own: apt-get install.
type call struct {
	*shell.Command
	sub      shell.Word   // install
	operands []shell.Word // behind it
	at       int          // among all commands
}

// calls are those of some tools.
func (t *text) calls(tools map[string]bool, valued ...string) (list []call) {
	commands := t.commands()
	for i := range commands {
		c := &commands[i]
		if !tools[c.Name] {
			continue
		}
		if operands := c.Operands(valued...); len(operands) > 0 {
			list = append(list, call{c, operands[0], operands[1:], i})
		}
	}
	return list
}

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}
