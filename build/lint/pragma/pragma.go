// Package pragma reads the comments of a Dockerfile by which its author ignores rules:
//
//	# buildls ignore=RULE[,RULE] reason
//	# hadolint ignore=RULE[,RULE]
//	# hadolint stage ignore=RULE[,RULE]
//	# hadolint global ignore=RULE[,RULE]
//	# hadolint shell=NAME
//
// Each form may begin with either word. The package does not know which rules there are.
package pragma

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// Unused is the code of problems about comments that ignore nothing.
const Unused = "UnusedIgnore"

// A Comment is one of those comments.
type Comment struct {
	Line     int // 0-based
	Hadolint bool
	Scope    string // "", "stage" or "global"
	Rules    []Rule
	List     dockerfile.Token // all rules, for more to be added
	Counts   dockerfile.Lines // a problem is ignored that begins on one of these
	Unknown  bool             // it begins as one of buildls' own, and is none; List is all of it
	Shell    string           // the name of the program, of a comment that names one and ignores nothing
}

// A Rule is the name of a rule, and where it stands.
type Rule struct {
	Name  string
	Token dockerfile.Token
}

// Blanks may stand around "=" and behind a comma, as hadolint's grammar has it.
var (
	form = lazyregexp.New(`^#\s*(buildls|hadolint)\s+(?:(global|stage)\s+)?(ignore|shell)\s*=\s*(\S.*)$`)
	like = lazyregexp.New(`^#\s*buildls\s+(?:ignore|global|stage|shell|format)\b`)
	lays = lazyregexp.New(`^#\s*buildls format (?:off|on)\s*$`) // see build/format
	list = lazyregexp.New(`^\w+(?:\s*,\s*\w+)*`)
	name = lazyregexp.New(`\w+`)
)

// Read finds the comments of a file, in its order. It never fails: what is no such comment is none.
//
// A comment counts for the instruction behind it. One between the lines of an instruction counts
// for the next of these. One that says "stage" counts to the stage's end, and before the first
// FROM for the first stage; one that says "global", for the file.
func Read(file *dockerfile.File) (comments []Comment) {
	if !bytes.Contains(file.Text(), []byte("buildls")) && !bytes.Contains(file.Text(), []byte("hadolint")) {
		return nil
	}
	line := 0
	for _, st := range file.Instructions() {
		for ; line < st.First; line++ {
			comments = add(comments, file, line, st.End())
		}
		words := st.End() // the last line before the heredocs
		if len(st.Heredocs) > 0 {
			words = st.Heredocs[0].First - 1
		}
		for ; line <= words; line++ {
			comments = add(comments, file, line, following(file, line, words))
		}
		line = st.End() + 1
	}
	for ; line < file.Count(); line++ {
		comments = add(comments, file, line, line)
	}
	return comments
}

// following is the line of an instruction behind a comment in it.
func following(file *dockerfile.File, line, last int) int {
	for line++; line < last && (file.IsComment(line) || file.IsBlank(line)); line++ {
	}
	return line
}

// add adds the comment of a line, if it is one. It counts up to the line last, unless it says
// otherwise.
func add(comments []Comment, file *dockerfile.File, line, last int) []Comment {
	if !file.IsComment(line) {
		return comments
	}
	text, column := file.Trimmed(line)
	at := form.FindStringSubmatchIndex(text)
	unknown := func() []Comment {
		if like.MatchString(text) && !lays.MatchString(text) {
			all := dockerfile.Token{First: line, Start: column, Last: line, End: column + len(strings.TrimRight(text, " \t\r"))}
			comments = append(comments, Comment{Line: line, Unknown: true, List: all})
		}
		return comments
	}
	if at == nil {
		return unknown()
	}
	group := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return text[at[2*i]:at[2*i+1]]
	}
	c := Comment{Line: line, Hadolint: group(1) == "hadolint", Scope: group(2), Counts: dockerfile.Lines{First: line, Last: last}}
	value, from := group(4), column+at[8]
	token := func(start, end int) dockerfile.Token {
		return dockerfile.Token{First: line, Start: from + start, Last: line, End: from + end}
	}
	if group(3) == "shell" {
		c.Shell = path.Base(strings.Fields(value)[0])
		return append(comments, c)
	}
	all := list.FindStringIndex(value)
	if all == nil {
		return unknown()
	}
	c.List = token(all[0], all[1])
	for _, r := range name.FindAllStringIndex(value[:all[1]], -1) {
		c.Rules = append(c.Rules, Rule{value[r[0]:r[1]], token(r[0], r[1])})
	}
	switch c.Scope {
	case "global":
		c.Counts = dockerfile.Lines{First: 0, Last: file.Rows()}
	case "stage":
		c.Counts = stageAt(file, last)
	}
	return append(comments, c)
}

// Shells are the comments of a file that name a shell, in its order.
type Shells []Comment

// ShellsOf are those of a file.
func ShellsOf(file *dockerfile.File) Shells {
	return slices.DeleteFunc(Read(file), func(c Comment) bool { return c.Shell == "" })
}

// Above takes the comments that stand above a line, 0-based. It returns the name of the shell that
// counts from there to the next SHELL or FROM, "" if none of them says so.
func (s *Shells) Above(line int) (name string) {
	for len(*s) > 0 && (*s)[0].Line < line {
		name, *s = (*s)[0].Shell, (*s)[1:]
	}
	return name
}

// stageAt are the lines of the stage that a line is in; before the first FROM those of the first
// stage, with all before it.
func stageAt(file *dockerfile.File, line int) dockerfile.Lines {
	stage := dockerfile.Lines{First: 0, Last: file.Rows()}
	stages := 0
	for _, st := range file.Instructions() {
		if st.Name() != "FROM" || !st.Onbuild.Empty() {
			continue
		}
		if stages++; stages == 1 {
			continue
		}
		if st.First > line {
			stage.Last = st.First - 1
			break
		}
		stage.First = st.First
	}
	return stage
}

// Ignore leaves out the problems that comments ignore. A problem has the names of its code and of
// its aliases. unused are the rules of comments of buildls' own that ignored nothing.
func Ignore(problems []dockerfile.Problem, comments []Comment, aliases func(code string) []string) (left []dockerfile.Problem, unused []Rule) {
	used := map[dockerfile.Token]bool{}
	for _, p := range problems {
		ignored := false
		for _, c := range comments {
			if p.Lines.First < c.Counts.First || p.Lines.First > c.Counts.Last {
				continue
			}
			for _, r := range c.Rules {
				if r.names(p.Code, aliases) {
					ignored, used[r.Token] = true, true
				}
			}
		}
		if !ignored {
			left = append(left, p)
		}
	}
	for _, c := range comments {
		for _, r := range c.Rules {
			if !c.Hadolint && !used[r.Token] {
				unused = append(unused, r)
			}
		}
	}
	return left, unused
}

func (r Rule) names(code string, aliases func(code string) []string) bool {
	return r.Name == code || slices.Contains(aliases(code), r.Name)
}
