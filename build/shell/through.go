package shell

import "strings"

// through are the commands that run another one, which their words name.
var through = map[string]struct {
	valued  string // the short flags with a value, and " --long" ones
	skipped int    // words before the command
	env     bool   // NAME=value before the command
}{
	"sudo":      {valued: "ughpCrtTUDR --user --group --host --prompt", env: true},
	"doas":      {valued: "uC"},
	"env":       {valued: "uCS --unset --chdir", env: true},
	"command":   {},
	"builtin":   {},
	"exec":      {valued: "a"},
	"time":      {valued: "fo --format --output"},
	"nice":      {valued: "n --adjustment"},
	"ionice":    {valued: "cnp"},
	"nohup":     {},
	"setsid":    {},
	"eatmydata": {},
	"fakeroot":  {},
	"xargs":     {valued: "nPILdsEa --max-args --max-procs --replace --delimiter --arg-file --max-lines"},
	"timeout":   {valued: "ks --kill-after --signal", skipped: 1},
	"gosu":      {skipped: 1},
	"su-exec":   {skipped: 1},
	"chroot":    {skipped: 1},
	"busybox":   {},
}

// runs is the command that this one runs, if that is clear.
func (c Command) runs() (Command, bool) {
	how, ok := through[c.Name]
	if !ok {
		return Command{}, false
	}
	short, long, _ := strings.Cut(how.valued, " ")
	out := Command{Env: c.Env}
	skip := how.skipped
	for i := 1; i < len(c.Words); i++ {
		w := c.Words[i]
		name, value, assigns := strings.Cut(w.Text, "=")
		switch {
		case w.Text == "--":
		case strings.HasPrefix(w.Text, "--"):
			if !assigns && long != "" && hasWord(long, w.Text) {
				i++
			}
		case len(w.Text) > 1 && w.Text[0] == '-':
			if c.Name == "command" && w.Text != "-p" { // command -v
				return Command{}, false
			}
			if strings.IndexByte(short, w.Text[len(w.Text)-1]) >= 0 {
				i++
			}
		case how.env && assigns && isName(name):
			env := map[string]string{name: value}
			for k, v := range out.Env {
				env[k] = v
			}
			out.Env = env
		case skip > 0:
			skip--
		default:
			out.Words = c.Words[i:]
			return out, true
		}
	}
	return Command{}, false
}

func hasWord(list, word string) bool { return strings.Contains(" "+list+" ", " "+word+" ") }

func isName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
