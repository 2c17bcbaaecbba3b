package language

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// An Edit puts a text in the place of a span.
type Edit struct {
	Span
	Text string
}

// Apply is a text with edits made, of which none overlap, in any order.
func Apply(text string, edits []Edit) string {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return a.Start - b.Start })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.Start])
		b.WriteString(e.Text)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String()
}

var (
	// what a shell and BuildKit's own expansion both take for a variable's name
	variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// BuildKit's instructions/parse.go, validStageName. A name with capitals is valid where it is
	// given, but not in every FROM.
	stageName = lazyregexp.New(`^[a-z][a-z0-9_.-]*$`)
	// a word that needs no quotes
	heredocName = lazyregexp.New(`^[A-Za-z0-9_.-]+$`)
)

// meant are names that POSIX's shell or nearly every program reads (XBD 8.3), and bash's own.
var meant = []string{"PATH", "HOME", "IFS", "ENV", "BASH_ENV", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME", "TERM", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOSTNAME", "UID", "EUID", "PS1", "PS4", "CDPATH", "OPTARG", "OPTIND"}

// maxPlaces is how many places of a name are changed at once: each is compared with the others.
const maxPlaces = 10_000

// Renamable is the symbol at a byte and the place of its name there. The error is a sentence that
// says why that name cannot be changed; it is [ErrNoName] where there is none.
func (n *Names) Renamable(offset int) (*Symbol, Occurrence, error) {
	s, at := n.At(offset)
	if s == nil {
		return nil, at, ErrNoName
	}
	if len(s.Occurrences) > maxPlaces {
		return s, at, fmt.Errorf("%s stands in more than %d places", s.Name, maxPlaces)
	}
	switch s.Kind {
	case Heredoc:
		return s, at, namesFile(at.Instruction, s.Name)
	case Stage:
		return s, at, n.mayMean(s.Name)
	}
	if slices.Contains(meant, s.Name) {
		return s, at, fmt.Errorf("shells and programs give %s a meaning of its own, which another name would not have", s.Name)
	}
	if dockerfile.IsPredefined(s.Name) {
		return s, at, fmt.Errorf("BuildKit itself sets %s: under another name it would be empty", s.Name)
	}
	for _, o := range s.Occurrences {
		if _, ok := n.Definition(s, o); !ok && !n.fromScratch(o.scope) {
			return s, at, fmt.Errorf("line %d uses %s as the base image sets it, which a new name would not be", o.Instruction.First+1, s.Name)
		}
	}
	return s, at, n.mayRead(s)
}

// namesFile says that the word of a heredoc is the name of the file that a COPY or ADD makes.
func namesFile(st *dockerfile.Instruction, word string) error {
	all := st.Elements()
	if st.Name() == "RUN" || len(all) == 0 {
		return nil
	}
	if dest := all[len(all)-1].Value; len(all) > 2 || strings.HasSuffix(dest, "/") || path.Base(dest) == "." || path.Base(dest) == ".." {
		return fmt.Errorf("%s is the name of a file in the image: %s puts it into the directory %s", word, st.Name(), dest)
	}
	return nil
}

// readsStrings finds what has a string read as a script.
var readsStrings = lazyregexp.New(`\s-[a-z]*c\b|"-[a-z]*c"|\beval\b|\benvsubst\b`)

// mayRead says which instruction may read a variable in a way that is not followed: in a string
// that another shell reads, in arithmetic, or by its bare name.
func (n *Names) mayRead(s *Symbol) error {
	if !utf8.ValidString(s.Name) {
		return fmt.Errorf("the name %q is not UTF-8", s.Name)
	}
	mention := regexp.MustCompile(`(\\?)(\$\{?[#!]?|\$env:|%|printenv +|unset +|-v +|[([+*/ -])` + regexp.QuoteMeta(s.Name) + `\b`)
	seen := map[scope]bool{}
	for _, o := range s.Occurrences {
		seen[o.scope] = true
	}
	here, cmd := outside, false
	for _, st := range n.file.Instructions() {
		if beginsStage(st) {
			here++
		}
		cmd = cmd || st.Name() == "SHELL" && strings.Contains(st.Text, "cmd")
		if !st.Runs() || !n.sees(here, seen) {
			continue
		}
		for _, m := range mention.FindAllStringSubmatchIndex(st.Text, -1) {
			end := m[1]
			name := partOf(st, dockerfile.Part{Start: end - len(s.Name), End: end})
			prefix := st.Text[m[4]:m[5]]
			arithmetic := strings.Contains(st.Text[:end], "$((") && strings.Contains(st.Text[end:], "))")
			switch {
			case m[2] < m[3], slices.ContainsFunc(s.Occurrences, func(o Occurrence) bool { return o.Start == name.Start }):
			case prefix == "$" || prefix == "${":
				if !readsStrings.MatchString(st.Text) {
					continue // in single quotes
				}
				fallthrough
			case strings.HasPrefix(prefix, "$"), prefix == "%" && end < len(st.Text) && st.Text[end] == '%' && cmd, len(prefix) > 1, arithmetic:
				return fmt.Errorf("line %d may read %s in a way that is not followed: %s", st.First+1, s.Name, short(st.Written()))
			}
		}
	}
	return nil
}

// sees says whether a scope is one of some, or stands on one.
func (n *Names) sees(here scope, some map[scope]bool) bool {
	for more := true; more; here, more = n.base[here] {
		if some[here] {
			return true
		}
	}
	return false
}

// mayMean says which place may name a stage by variables, which nobody can rename.
func (n *Names) mayMean(stage string) error {
	f := n.file
	for _, st := range f.Instructions() {
		for _, name := range st.ImageNames() {
			var pattern strings.Builder
			at, plain := name.Start, false
			for _, r := range st.References(name, f.Escape, true) {
				if r.Start >= at {
					plain = plain || r.Start > at
					pattern.WriteString(regexp.QuoteMeta(st.Text[at:r.Start]) + ".*")
					at = r.End
				}
			}
			if at == name.Start {
				continue // no variable
			}
			if !plain && at == name.End {
				if n.mayBe(st, st.Slice(name), stage) {
					return fmt.Errorf("line %d may mean the stage %s by %s, which does not change with the name", st.First+1, stage, st.Slice(name))
				}
				continue // nothing else: mostly an image
			}
			pattern.WriteString(regexp.QuoteMeta(st.Text[at:name.End]))
			if ok, _ := regexp.MatchString("(?i)^"+pattern.String()+"$", stage); ok {
				return fmt.Errorf("line %d may mean the stage %s by %s, which does not change with the name", st.First+1, stage, st.Slice(name))
			}
		}
	}
	return nil
}

// mayBe says whether a variable that is a whole name has the name of a stage by a default.
func (n *Names) mayBe(st *dockerfile.Instruction, word, stage string) bool {
	if strings.Contains(strings.ToLower(word), strings.ToLower(stage)) && strings.Contains(word, ":") {
		return true // ${X:-stage}
	}
	for _, m := range st.Mentions() {
		for _, s := range n.Symbols {
			if s.Kind != Variable || s.Name != m.Name {
				continue
			}
			if slices.ContainsFunc(s.Writes(), func(o Occurrence) bool { return strings.EqualFold(strings.Trim(s.valueAt(o), `"'`), stage) }) {
				return true
			}
		}
	}
	return false
}

// ErrNoName says that there is no name to change.
var ErrNoName = errors.New("here is no name of a stage, a variable or a heredoc")

// Rename is what gives the symbol at a byte another name. The error is a sentence that says why
// that cannot be, or would not be the same Dockerfile.
func (n *Names) Rename(offset int, name string) ([]Edit, error) {
	s, _, err := n.Renamable(offset)
	if err != nil {
		return nil, err
	}
	if err := s.accepts(name); err != nil {
		return nil, err
	}
	if s.Kind == Stage {
		if err := n.mayMean(name); err != nil {
			return nil, err
		}
	}
	var edits []Edit
	for _, o := range s.Occurrences {
		edits = append(edits, Edit{o.Span, name})
	}
	now := NamesOf(dockerfile.Parse([]byte(Apply(n.file.String(), edits))))
	if at, ok := differs(n.Symbols, now.Symbols, s, len(name)); !ok {
		return nil, fmt.Errorf("%s would not be the same Dockerfile: line %d would mean something else by %s", name, lineOf(n.file, at)+1, name)
	}
	return edits, nil
}

// accepts says why a name is none for the symbol.
func (s *Symbol) accepts(name string) error {
	switch {
	case s.Kind == Variable && !variableName.MatchString(name):
		return fmt.Errorf("%q is no name of a variable: letters, digits and _, no digit first", name)
	case s.Kind == Variable && dockerfile.IsPredefined(name):
		return fmt.Errorf("BuildKit itself sets %s", name)
	case s.Kind == Variable && slices.Contains(meant, name):
		return fmt.Errorf("shells and programs give %s a meaning of its own", name)
	case s.Kind == Stage && !stageName.MatchString(name):
		return fmt.Errorf("%q is no name of a stage: small letters, digits, dots, - and _, a letter first", name)
	case s.Kind == Stage && (strings.EqualFold(name, "scratch") || strings.EqualFold(name, "context")):
		return fmt.Errorf("%s already means something else to BuildKit: no stage can have that name", name)
	case s.Kind == Heredoc && !heredocName.MatchString(name):
		return fmt.Errorf("%q is no word for a heredoc: letters, digits, dots, - and _", name)
	}
	return nil
}

// differs compares what the names of two texts stand for, of which the second has another name for
// one symbol. The byte is the first place of the first text that means something else.
func differs(before, after []*Symbol, renamed *Symbol, length int) (at int, same bool) {
	moved := func(start int) int { // where a byte of the first text stands in the second
		to := start
		for _, o := range renamed.Occurrences {
			if o.Start < start {
				to += length - (o.End - o.Start)
			}
		}
		return to
	}
	found := map[int]*Symbol{} // by the start of each place
	count := 0
	for _, s := range after {
		for _, o := range s.Occurrences {
			found[o.Start] = s
			count++
		}
	}
	for _, s := range before {
		as := found[moved(s.Occurrences[0].Start)]
		for _, o := range s.Occurrences {
			if to := found[moved(o.Start)]; to == nil || to != as {
				return o.Start, false
			}
			count--
		}
		if len(as.Occurrences) != len(s.Occurrences) {
			return renamed.Occurrences[0].Start, false
		}
	}
	return renamed.Occurrences[0].Start, count == 0
}

func lineOf(f *dockerfile.File, offset int) int {
	return strings.Count(f.String()[:offset], "\n")
}

// fromScratch says whether what a scope stands on has no variables that the text does not show.
func (n *Names) fromScratch(at scope) bool {
	if at == global {
		return true
	}
	for next, ok := at, true; ok; next, ok = n.base[next] {
		at = next
	}
	number := scope(-1)
	for _, st := range n.file.Instructions() {
		if !beginsStage(st) {
			continue
		}
		if number++; number == at {
			return len(st.Args) > 0 && st.Slice(st.Args[0]) == "scratch"
		}
	}
	return false
}
