package shellcheck

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/lint/pragma"
	"github.com/buildls/buildls/build/shell"
)

// A script is one of a file's, and what ShellCheck is given of it: some lines that it has to know,
// and then the text, byte for byte where it stands there.
type script struct {
	shell.Script
	in     *dockerfile.Instruction
	given  string
	before int // bytes of it that are no part of the text
}

// A scope is what the instructions above say.
type scope struct {
	dialect shell.Dialect
	unknown bool     // which shell it is, or whether it is one
	errexit bool     // it ends where a command fails
	vars    []string // that are set; it is copied before it grows
}

// maxText is how long a script may be: ShellCheck takes a second for 32 KiB.
const maxText = 32 << 10

// scriptsOf are the scripts of a file, in its order, of shells that ShellCheck knows.
func scriptsOf(f *dockerfile.File) (list []script) {
	if _, _, foreign := f.ForeignFrontend(); foreign || dockerfile.Readable(f.Text()) != nil {
		return nil
	}
	now, stages := scope{unknown: true}, map[string]scope{}
	name, shells := "", pragma.ShellsOf(f)
	for _, st := range f.Instructions() {
		if st.Name() == "FROM" {
			stages[name] = now
			now, name = from(st, stages), nameOf(st)
		}
		if name := shells.Above(st.First); name != "" {
			now.dialect, now.unknown, now.errexit = shell.DialectOf([]string{name}), false, false
		}
		switch st.Name() {
		case "FROM":
		case "SHELL":
			now.shell(st)
		case "ENV", "ARG":
			now.set(namesIn(st))
		default:
			list = append(list, now.scripts(st)...)
		}
	}
	return list
}

// from is what is in force behind a FROM.
func from(st *dockerfile.Instruction, stages map[string]scope) scope {
	if len(st.Args) > 0 {
		if base, ok := stages[strings.ToLower(st.Unquoted(st.Args[0]))]; ok {
			return base
		}
	}
	s := scope{unknown: shell.MayBeWindows(st)}
	if len(st.Args) > 0 && busybox.MatchString(st.Unquoted(st.Args[0])) {
		s.dialect = shell.Ash
	}
	return s
}

// busybox are images whose sh is BusyBox', by their name or their tag.
var busybox = lazyregexp.New(`^([^@]*/)?(alpine|busybox)(:|@|$)|:[^/@]*(alpine|busybox)`)

func nameOf(st *dockerfile.Instruction) string {
	if name, ok := st.StageName(); ok {
		return strings.ToLower(st.Unquoted(name))
	}
	return ""
}

func (s *scope) shell(st *dockerfile.Instruction) {
	words := st.Values()
	s.dialect, s.unknown = shell.DialectOf(words), !shell.TakesScript(words)
	s.errexit = slices.ContainsFunc(words, stopsAtFailure.MatchString)
}

var stopsAtFailure = lazyregexp.New(`^-[a-z]*e[a-z]*$|^errexit$`)

// set adds variables, each once.
func (s *scope) set(names []string) {
	for _, name := range names {
		if !slices.Contains(s.vars, name) {
			s.vars = append(slices.Clip(s.vars), name)
		}
	}
}

// namesIn are the variables that an ENV or ARG sets.
func namesIn(st *dockerfile.Instruction) (names []string) {
	for i, a := range st.Args {
		key, _, pair := st.Cut(a, "=")
		if i > 0 && !pair && st.Name() == "ENV" { // ENV a b c
			break
		}
		if name := st.Unquoted(key); variable.MatchString(name) {
			names = append(names, name)
		}
	}
	return names
}

var variable = lazyregexp.New(`^[A-Za-z_]\w*$`)

// scripts are those of an instruction.
func (s *scope) scripts(st *dockerfile.Instruction) (list []script) {
	dialect := s.dialect
	if s.unknown {
		dialect = shell.Foreign
	}
	for _, text := range shell.Scripts(st, dialect) {
		known := directives[text.Dialect]
		if known == "" || text.Unsure || likeJSON(text) || len(text.Text) > maxText || !utf8.ValidString(text.Text) || strings.TrimSpace(text.Text) == "" {
			continue
		}
		list = append(list, s.script(st, text, known))
	}
	return list
}

// likeJSON says whether the author meant a JSON array: what a shell makes of it is no help.
func likeJSON(text shell.Script) bool {
	t := strings.TrimSpace(text.Text)
	return strings.HasPrefix(t, "[") && strings.HasSuffix(t, "]") && !strings.HasPrefix(t, "[ ") && !strings.HasPrefix(t, "[[ ")
}

// directives tell ShellCheck which shell it is. Of sh we know no more than that dash is it on most
// images. To ShellCheck, BusyBox' is dash: TestBusyBox tries what it has beyond.
var directives = map[shell.Dialect]string{
	shell.POSIX: "shell=dash",
	shell.Ash:   "shell=dash disable=SC3001,SC3003,SC3010,SC3014,SC3018,SC3020,SC3036,SC3037,SC3039,SC3040,SC3045,SC3046,SC3057,SC3060",
	shell.Bash:  "shell=bash",
}

// proxies are variables that every RUN may have.
var proxies = []string{"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"}

func (s *scope) script(st *dockerfile.Instruction, text shell.Script, directives string) script {
	var b strings.Builder
	fmt.Fprintf(&b, "# shellcheck %s\n", directives)
	body, errexit := text.Text, s.errexit
	if rest, ok := strings.CutPrefix(body, "#!"); ok { // it may stand in the first line alone
		first, _, _ := strings.Cut(rest, "\n")
		errexit = slices.ContainsFunc(strings.Fields(first), stopsAtFailure.MatchString)
		body = "# " + rest
	}
	for line := range strings.Lines(body) { // what counts for the whole script stands before its commands
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			break
		} else if directive.MatchString(line) {
			b.WriteString(line + "\n")
		}
	}
	if errexit {
		b.WriteString("set -e\n")
	}
	if names := s.used(st, body); len(names) > 0 {
		fmt.Fprintf(&b, "export %s\n", strings.Join(names, " "))
	}
	return script{Script: text, in: st, given: b.String() + body, before: b.Len()}
}

var directive = lazyregexp.New(`^#\s*shellcheck\s+disable=`)

// used are the variables in scope whose names are in a text.
func (s *scope) used(st *dockerfile.Instruction, text string) (names []string) {
	var secrets []string
	for _, f := range st.Fields() {
		if name := st.Unquoted(f.Value); st.KeyOf(f) == "env" && variable.MatchString(name) {
			secrets = append(secrets, name)
		}
	}
	for _, list := range [][]string{s.vars, proxies, secrets} {
		for _, name := range list {
			if strings.Contains(text, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
