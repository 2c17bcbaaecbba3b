package fix

import (
	"path"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/shell"
)

// cleaner keeps what a package manager fetches out of the layer: in caches at some folders, else by
// a command at the end of the RUN.
func cleaner(command string, dirs ...string) mender {
	return func(m mending) []Fix {
		return append(m.mount(false, dirs...), m.appended(command)...)
	}
}

func mendDNF(m mending) []Fix {
	c, ok := m.call()
	if !ok {
		return nil
	}
	switch c.Name {
	case "microdnf":
		return cleaner("microdnf clean all", "/var/cache/yum", "/var/cache/dnf")(m)
	case "dnf5":
		return cleaner("dnf5 clean all", "/var/cache/libdnf5")(m)
	}
	return cleaner("dnf clean all", "/var/cache/dnf", "/var/cache/libdnf5")(m)
}

// mendYarn knows where the cache is of root.
func mendYarn(m mending) []Fix {
	const command = "yarn cache clean"
	if isRoot(m.src.stateAt(m.Instruction).user) {
		return cleaner(command, "/usr/local/share/.cache/yarn")(m)
	}
	return m.appended(command)
}

// mendAptLists keeps the lists out of the layer, unless a RUN that comes later needs them there.
func mendAptLists(m mending) []Fix {
	c, ok := m.call()
	if !ok || m.src.needsLists(m.Instruction) {
		return nil
	}
	list := m.mount(true, "/var/cache/apt", "/var/lib/apt/lists")
	if c.word.Text == "update" {
		list = append(list, m.appended("rm -rf /var/lib/apt/lists/*")...)
	}
	return list
}

// needsLists says whether a RUN below an instruction installs packages with the lists of one above.
func (s *source) needsLists(st *dockerfile.Instruction) bool {
	if s.lists == nil {
		s.lists = new(-1)
		for _, o := range s.Instructions() {
			if o.Name() == "RUN" && takesLists(s.reading(o)) {
				*s.lists = o.First
			}
		}
	}
	return st.First < *s.lists
}

// takesLists says whether a RUN installs packages before it has brought lists of them.
func takesLists(r *shell.Reading) bool {
	for _, c := range r.Commands {
		if c.Name != "apt-get" && c.Name != "apt" && c.Name != "aptitude" {
			continue
		}
		for _, w := range c.Words {
			switch w.Text {
			case "update":
				return false
			case "install", "build-dep", "upgrade", "dist-upgrade", "full-upgrade", "satisfy", "source", "download":
				return true
			}
		}
	}
	return false
}

// mendApkCache prefers what apk itself has for it.
func mendApkCache(m mending) []Fix {
	c, ok := m.call()
	if !ok {
		return nil
	}
	return append([]Fix{{Title: "Add --no-cache", Preferred: true, Edits: []Edit{m.insertAfter(c.word, "--no-cache")}}},
		second(m.mount(true, "/var/cache/apk"))...)
}

// mendPipCache prefers what pip itself has for it. In whose home the cache is, is known of root.
func mendPipCache(m mending) []Fix {
	f := Fix{Title: "Add --no-cache-dir", Preferred: true}
	for _, c := range m.src.reading(m.Instruction).Commands { // the problem is told once
		if isPip(c) && !c.Has("--no-cache-dir") {
			i := slices.IndexFunc(c.Words, func(w shell.Word) bool { return w.Text == "install" })
			f.Edits = append(f.Edits, m.insertAfter(c.Words[i], "--no-cache-dir"))
		}
	}
	list := one(f)
	if isRoot(m.src.stateAt(m.Instruction).user) {
		list = append(list, second(m.mount(false, "/root/.cache/pip"))...)
	}
	return list
}

var (
	pipName    = lazyregexp.New(`^pip[0-9.]*$`)
	pythonName = lazyregexp.New(`^(python|pypy)[0-9.]*$`)
)

// isPip says whether a command is an installation by pip.
func isPip(c shell.Command) bool {
	return hasWord(c, "install") && (pipName.MatchString(c.Name) || pythonName.MatchString(c.Name) && hasWord(c, "-m") && hasWord(c, "pip"))
}

// second are fixes that are not the likeliest.
func second(list []Fix) []Fix {
	for i := range list {
		list[i].Preferred = false
	}
	return list
}

// mount gives a RUN caches at those of some folders where it has none. Of a manager that takes no
// turns with itself, only one build at a time has the caches.
func (m mending) mount(locked bool, dirs ...string) []Fix {
	have := m.mounted()
	var flags strings.Builder
	for _, dir := range dirs {
		below := func(target string) bool { return target == dir || strings.HasPrefix(dir, target+"/") }
		if slices.ContainsFunc(have, below) {
			continue
		}
		flags.WriteString("--mount=type=cache,target=" + dir)
		if locked {
			flags.WriteString(",sharing=locked")
		}
		flags.WriteString(" ")
	}
	if flags.Len() == 0 || m.Name() != "RUN" {
		return nil
	}
	line, column := m.Position(m.SkipBlank(m.Keyword.End))
	return []Fix{{Title: "Mount a cache at " + dirs[len(dirs)-1], Preferred: true, Edits: []Edit{{line, column, line, column, flags.String()}}}}
}

// mounted are the targets of the mounts of a RUN.
func (m mending) mounted() (list []string) {
	for _, f := range m.Fields() {
		if key := m.KeyOf(f); key == "target" || key == "dst" || key == "destination" {
			list = append(list, path.Clean(m.Unquoted(f.Value)))
		}
	}
	return list
}

// appended puts a command at the end of a RUN, which it does not keep from failing.
func (m mending) appended(command string) []Fix {
	scripts := shell.Scripts(m.Instruction, m.src.dialectAt(m.Instruction))
	if _, err := m.JSONArray(); err == nil || len(scripts) != 1 {
		return nil
	}
	f := Fix{Title: "End with " + command, Preferred: false}
	if s := scripts[0]; s.Doc >= 0 {
		e, ok := m.appendedLine(s, command)
		if !ok {
			return nil
		}
		f.Edits = []Edit{e}
	} else {
		end := m.Token(m.Rest)
		f.Edits = []Edit{{end.Last, end.End, end.Last, end.End, m.joint(end.Last) + command}}
	}
	if _, after, ok := m.around(f); !ok || len(after) != 1 || len(shell.Read(after[0], m.src.dialectAt(m.Instruction)).Commands) != len(m.src.reading(m.Instruction).Commands)+1 {
		return nil // a comment swallows it, or a here-document
	}
	return []Fix{f}
}

// joint is what joins a command to the one before it, as the lines before have it.
func (m mending) joint(last int) string {
	text, _ := m.src.Content(last)
	trimmed := strings.TrimLeft(text, " \t")
	if last == m.First {
		return " && "
	}
	indent := text[:len(text)-len(trimmed)]
	next := " " + string(m.src.Escape) + m.src.LineBreak() + indent
	if strings.HasPrefix(trimmed, "&&") {
		return next + "&& "
	}
	return " &&" + next
}

// appendedLine puts a command at the end of a heredoc that stops at the first failure: of another
// one it would hide the last.
func (m mending) appendedLine(s shell.Script, command string) (Edit, bool) {
	d := m.Heredocs[s.Doc]
	if !d.Terminated || !stops(s.Text) {
		return Edit{}, false
	}
	last := d.Last
	for last > d.First && strings.TrimSpace(m.src.Line(last)) == "" {
		last--
	}
	line := m.src.Line(last)
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	return m.src.insertLine(d.Last+1, indent+command), true
}

// stops says whether a script ends at the first command that fails.
func stops(text string) bool {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) > 1 && (words[0] == "set" || strings.HasPrefix(words[0], "#!")) && strings.HasPrefix(words[1], "-") && strings.Contains(words[1], "e") {
			return true
		}
	}
	return false
}
