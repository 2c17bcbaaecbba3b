package fix

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// mendAdd writes COPY. Whether a file is an archive nobody knows before the build, so the author is
// asked.
func mendAdd(m mending) []Fix {
	for _, f := range m.Flags {
		name, _, _ := m.Cut(f, "=")
		switch m.Unquoted(name) {
		case "--chown", "--chmod", "--link", "--exclude":
		default:
			return nil // COPY has no such flag
		}
	}
	word := cased("COPY", m.Slice(m.Keyword))
	return one(m.replace("Write "+word, word, m.Tokens(m.Keyword)))
}

// mendFolder ends the name of a folder with a slash. Without it there is no build.
func mendFolder(m mending) []Fix {
	at := m.place()
	if at.Doc >= 0 {
		return nil
	}
	word := m.Slice(at.Part)
	if inner := strings.TrimSuffix(strings.TrimPrefix(word, `"`), `"`); m.here.End == 0 || strings.ContainsAny(inner, `"'\`) || inner != word && !m.isJSON() {
		return nil // COPY knows no quotes but in JSON
	}
	return []Fix{{Title: "End with /", Preferred: true, Safe: true, Edits: []Edit{m.extend(m.here, "/")}}}
}

// mendNowhere names the whole path, which the base image decides.
func mendNowhere(m mending) []Fix {
	dir, known := m.src.workdirAt(m.Instruction)
	at := m.place()
	if at.Doc >= 0 || at.Empty() {
		return nil
	}
	word := m.Slice(at.Part)
	if plain := strings.Trim(word, `"`); !known || !m.Onbuild.Empty() || !plainPath.MatchString(plain) || strings.HasPrefix(plain, "..") {
		return nil
	}
	root := strings.TrimSuffix(dir, "/") + "/"
	start := at.Start
	if word[0] == '"' {
		start++
	}
	cut := dockerfile.Part{Start: start, End: start}
	switch rest := m.Text[start:at.End]; {
	case strings.HasPrefix(rest, "./"):
		cut.End += len("./")
	case strings.Trim(rest, `"`) == ".":
		cut.End += len(".")
	}
	f := m.replace("Begin the path with "+root, root, []dockerfile.Token{m.Token(cut)})
	f.Safe = true
	return one(f)
}

// mendHealth writes the command of a HEALTHCHECK as JSON.
func mendHealth(m mending) []Fix {
	c := m
	c.Instruction = m.Command()
	if m.Commented || c.Rest.Empty() || m.src.Escape == '`' {
		return nil
	}
	command := c.Slice(c.Rest)
	if f := c.execForm(); len(f.Edits) > 0 {
		return one(f)
	}
	if strings.Contains(command, "<<") || strings.HasPrefix(command, "[") {
		return nil
	}
	program := "/bin/sh"
	if words := m.src.stateAt(m.Instruction).shell; len(words) == 2 && words[1] == "-c" {
		program = words[0]
	} else if words != nil {
		return nil
	}
	f := m.replace("Write as JSON, run by "+program, jsonArray(program, "-c", command), c.Tokens(c.Rest))
	f.Preferred = false
	return one(f)
}

// mendOwnVariable begins another ENV with the variable that uses one of this ENV.
func mendOwnVariable(m mending) []Fix {
	at := m.place().Start
	end := 0 // of the assignment before
	for _, a := range m.Assignments() {
		if a.Value.Start <= at && at < a.Value.End {
			if end == 0 {
				return nil
			}
			gap := m.Gap(dockerfile.Part{Start: m.Keyword.Start, End: end}, a.Name)
			if gap.Last-gap.First > 1 { // a comment may be there
				return nil
			}
			head := m.Slice(m.Keyword)
			if !m.Onbuild.Empty() {
				head = m.Slice(m.Onbuild) + " " + head
			}
			return one(m.replace("Begin another ENV here", m.src.LineBreak()+m.indent()+head+" ", []dockerfile.Token{gap}))
		}
		end = max(a.Name.End, a.Value.End)
	}
	return nil
}

// indent is the white space before the instruction.
func (m mending) indent() string {
	text, column := m.src.Content(m.First)
	_, from := m.src.Trimmed(m.First)
	return text[:from-column]
}

// mendRootAtEnd ends a stage with the user that was before root.
func mendRootAtEnd(m mending) []Fix {
	user, list := "", m.src.stateAt(m.Instruction).stage
	for s := list; s != nil; s = s.base {
		for _, st := range s.steps {
			if st.Name() == "USER" && st.First < m.First && st.Onbuild.Empty() && len(st.Args) == 1 && !isRoot(st.Unquoted(st.Args[0])) {
				user = st.Slice(st.Args[0])
			}
		}
		if user != "" {
			break
		}
	}
	if user == "" || !m.Onbuild.Empty() || len(list.steps) == 0 {
		return nil
	}
	text := cased("USER", m.Slice(m.Keyword)) + " " + user
	e, ok := m.src.insertBelow(list.steps[len(list.steps)-1], text)
	if !ok {
		return nil
	}
	return []Fix{{Title: "End the stage with USER " + user, Preferred: true, Edits: []Edit{e}}}
}

// insertBelow inserts a line below an instruction; false if that goes on to the end of the text.
func (s *source) insertBelow(st *dockerfile.Instruction, text string) (Edit, bool) {
	line := st.End()
	if n := len(st.Heredocs); st.Open() || n > 0 && !st.Heredocs[n-1].Terminated {
		return Edit{}, false
	}
	end := len(s.Line(line))
	return Edit{line, end, line, end, s.LineBreak() + text}, true
}
