// Package shell reads the shell text in a Dockerfile: which parts of an instruction a shell reads,
// which shell that is, and which commands it would run, each word with its place.
//
// It runs nothing, and does not know what is good or bad.
package shell

import (
	"path"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Dialect is what a shell understands.
type Dialect int

const (
	POSIX Dialect = iota // sh, whoever is called so, and dash
	Ash                  // BusyBox' shell
	Bash                 // and ksh
	Zsh
	Foreign // what is no such shell: PowerShell, cmd, Python
)

// DialectOf is what a shell understands that is started by some words, as SHELL and #! have them.
func DialectOf(words []string) Dialect {
	for len(words) > 0 {
		name := strings.ToLower(path.Base(strings.ReplaceAll(words[0], `\`, "/")))
		words = words[1:]
		switch strings.TrimSuffix(name, ".exe") {
		case "sh", "dash":
			return POSIX
		case "ash":
			return Ash
		case "bash", "ksh", "mksh":
			return Bash
		case "zsh":
			return Zsh
		case "env", "-s", "busybox": // env -S
			continue
		}
		return Foreign
	}
	return Foreign
}

// A Place is a part of an instruction: of its text, or of the body of one of its heredocs.
type Place struct {
	Doc int // the heredoc's number; -1 for the text
	dockerfile.Part
}

// Token is where a place stands in the file.
func (p Place) Token(st *dockerfile.Instruction) dockerfile.Token {
	if p.Doc >= 0 && p.Doc < len(st.Heredocs) {
		st = st.Body(st.Heredocs[p.Doc])
	}
	end := min(p.End, len(st.Text))
	return st.Token(dockerfile.Part{Start: min(p.Start, end), End: end})
}

// A Script is a part of an instruction that a shell reads.
type Script struct {
	Place
	Dialect
	Text   string // what the shell reads: without quotes around it, and with the heredocs behind it
	moved  []int  // of each byte of Text its byte in the instruction; nil if these follow each other
	Unsure bool   // it is not certain that the shell reads this very text
}

// At is where some bytes of the script's text stand.
func (s *Script) At(start, end int) Place {
	last := s.End
	at := func(i int) int {
		if s.moved != nil {
			return s.moved[min(max(i, 0), len(s.moved)-1)]
		}
		return min(s.Start+i, last)
	}
	from := at(start)
	if end <= start {
		return Place{s.Doc, dockerfile.Part{Start: from, End: from}}
	}
	return Place{s.Doc, dockerfile.Part{Start: from, End: max(from, min(at(end-1)+1, last))}}
}

// Scripts are what a shell reads of an instruction where some shell is in force: the words of a
// RUN, CMD, ENTRYPOINT or HEALTHCHECK, of an ONBUILD's trigger too, or a heredoc that stands alone
// and so is RUN's script (BuildKit's dispatchRun). What another program reads is none.
func Scripts(st *dockerfile.Instruction, in Dialect) []Script {
	if !st.Runs() || st.Name() == "SHELL" || len(st.Text) > 2*maxScript && len(st.Heredocs) == 0 {
		return nil
	}
	if none := st.Name() == "HEALTHCHECK" && !isCheck(st); none {
		return nil
	}
	if list, err := st.Command().JSONArray(); err == nil {
		return ofArray(st, list)
	}
	if st.Script() != nil {
		return ofBody(st, 0, in, false)
	}
	if docs := st.Heredocs; len(docs) == 1 {
		doc := docs[0].Word
		words := strings.Fields(st.Slice(st.Rest))
		switch {
		case len(words) != 2:
		case doc.End == st.Rest.End:
			return ofBody(st, 0, DialectOf(words[:1]), docs[0].Expand) // bash <<EOF
		case doc.Start == st.Rest.Start:
			return ofBody(st, 0, DialectOf(words[1:]), docs[0].Expand) // <<EOF bash
		}
	}
	if in == Foreign {
		return nil
	}
	rest := st.Command().Rest
	s := Script{Place: Place{-1, rest}, Dialect: in, Text: strings.Clone(st.Slice(rest))}
	for _, d := range st.Heredocs {
		s.Unsure = s.Unsure || !d.Terminated || d.Chomp
		s.Text += "\n" + string(st.File.Slice(d.First, d.Last))
		if d.Terminated {
			s.Text += d.Name
		}
	}
	return []Script{s}
}

// isCheck says whether a HEALTHCHECK has a command.
func isCheck(st *dockerfile.Instruction) bool {
	return len(st.Args) > 1 && strings.EqualFold(st.Slice(st.Args[0]), "CMD")
}

// ofBody is the body of a heredoc; its first line may name the shell. expands says whether another
// shell may put in variables before.
func ofBody(st *dockerfile.Instruction, doc int, in Dialect, expands bool) []Script {
	d := st.Heredocs[doc]
	if d.First > d.Last || st.File.Offset(d.Last, 0)-st.File.Offset(d.First, 0) > maxScript {
		return nil
	}
	text := st.Body(d).Text
	if first, _, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "#!") {
		in = DialectOf(strings.Fields(first[2:]))
	}
	if in == Foreign {
		return nil
	}
	unsure := !d.Terminated || d.Chomp && strings.Contains(text, "<<") || expands && strings.ContainsAny(text, "$`\\")
	return []Script{{Place: Place{doc, dockerfile.Part{End: len(text)}}, Dialect: in, Text: text, Unsure: unsure}}
}

// ofArray is the script of a command in JSON that starts a shell: ["sh", "-c", "script"].
func ofArray(st *dockerfile.Instruction, list []dockerfile.Element) []Script {
	if len(list) < 3 {
		return nil
	}
	in := DialectOf([]string{list[0].Value})
	for i, e := range list[1 : len(list)-1] {
		if !strings.HasPrefix(e.Value, "-") || in == Foreign {
			return nil
		}
		if isCommandFlag(e.Value) {
			e = list[i+2]
			raw := strings.Clone(st.Slice(dockerfile.Part{Start: e.Start, End: e.End}))
			s := quoted(Place{-1, e.Part}, in, raw)
			s.Unsure = s.Text != e.Value
			return []Script{s}
		}
	}
	return nil
}

// MayBeWindows says whether a FROM may be of an image whose shell is one of Windows. What a variable
// stands for is looked for in the whole file.
func MayBeWindows(from *dockerfile.Instruction) bool {
	if len(from.Args) == 0 || from.File.Escape != '\\' {
		return true
	}
	text := from.Text
	if strings.Contains(text, "$") {
		text = from.File.String()
	}
	return namesWindows(text)
}

// namesWindows says whether a text has a word of the names of Windows' images.
func namesWindows(text string) bool {
	for i := range len(text) {
		switch text[i] | 0x20 { // in lower case
		case 'w', 'n', 's':
			for _, name := range []string{"windows", "nanoserver", "servercore"} {
				if len(text)-i >= len(name) && strings.EqualFold(text[i:i+len(name)], name) {
					return true
				}
			}
		}
	}
	return false
}

// TakesScript says whether the words of a SHELL end with the flag behind which a script stands.
func TakesScript(words []string) bool {
	return len(words) > 0 && isCommandFlag(words[len(words)-1])
}

// isCommandFlag says whether a flag of a shell is the one behind which a script stands.
func isCommandFlag(flag string) bool {
	return len(flag) > 1 && flag[0] == '-' && flag[1] != '-' && strings.HasSuffix(flag, "c")
}

// quoted is a script in quotes. What an escape stands for is told of its first byte.
func quoted(at Place, in Dialect, raw string) Script {
	s := Script{Place: at, Dialect: in}
	s.Start, s.End = at.Start+1, at.End-1
	inner := raw[1 : len(raw)-1]
	if raw[0] == '\'' || !strings.Contains(inner, `\`) {
		s.Text = inner
		return s
	}
	var text strings.Builder
	for i := 0; i < len(inner); i++ {
		c, from := inner[i], i
		if c == '\\' && i+1 < len(inner) {
			if i++; strings.IndexByte("nt", inner[i]) >= 0 {
				c = map[byte]byte{'n': '\n', 't': '\t'}[inner[i]]
			} else {
				c = inner[i]
			}
		}
		text.WriteByte(c)
		s.moved = append(s.moved, s.Start+from)
	}
	s.Text = text.String()
	return s
}
