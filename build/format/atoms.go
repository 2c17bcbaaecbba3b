package format

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// An atom is a part of an instruction that stays as it is, or becomes another text. Between two
// there are blanks, which are laid out anew.
type atom struct {
	dockerfile.Part
	glued  bool   // nothing is between it and the one before
	closes bool   // it is not indented
	kept   bool   // its lines stay as they are, and what stands before is indented as these
	text   string // what it becomes; empty: what it is
}

// atomsOf cuts an instruction in atoms, in the order of its text. It returns nil if there is
// something between them that is not known.
func atomsOf(st *dockerfile.Instruction, keepCase bool) []atom {
	list := []atom{keyword(st, st.Head(), keepCase)}
	if !st.Onbuild.Empty() { // the image has its trigger to the byte
		from := st.SkipBlank(st.Onbuild.End)
		return onlyBlanks(st, append(list, atom{Part: dockerfile.Part{Start: from, End: len(st.Text)}}))
	}
	for _, flag := range st.Flags {
		list = append(list, atom{Part: flag})
	}
	return onlyBlanks(st, append(list, arguments(st, keepCase)...))
}

// keyword is a word whose case does not count.
func keyword(st *dockerfile.Instruction, p dockerfile.Part, keepCase bool) atom {
	if keepCase {
		return atom{Part: p}
	}
	return atom{Part: p, text: strings.ToUpper(st.Slice(p))}
}

func arguments(st *dockerfile.Instruction, keepCase bool) []atom {
	switch st.Name() {
	case "FROM":
		list := words(st.Args)
		if len(list) == 3 && strings.EqualFold(st.Slice(st.Args[1]), "AS") {
			list[1] = keyword(st, st.Args[1], keepCase)
		}
		return list
	case "ARG", "EXPOSE":
		return words(st.Args)
	case "ENV", "LABEL":
		if len(st.Args) > 1 && !strings.Contains(st.Slice(st.Args[0]), "=") { // the old form: one value
			return []atom{{Part: st.Args[0]}, {Part: dockerfile.Part{Start: st.Args[1].Start, End: st.Rest.End}, kept: true}}
		}
		return words(st.Args)
	case "COPY", "ADD", "VOLUME":
		if list := array(st); list != nil {
			return list
		}
		return words(st.Args)
	case "HEALTHCHECK":
		if len(st.Args) == 0 || !isHealthType(st.Slice(st.Args[0])) {
			return whole(st)
		}
		kind := []atom{keyword(st, st.Args[0], keepCase)}
		if len(st.Args) == 1 {
			return kind
		}
		return append(kind, command(st.Command())...)
	case "RUN", "CMD", "ENTRYPOINT", "SHELL":
		return command(st)
	}
	return whole(st)
}

func isHealthType(word string) bool {
	return strings.EqualFold(word, "CMD") || strings.EqualFold(word, "NONE")
}

func words(args []dockerfile.Part) (list []atom) {
	for _, a := range args {
		list = append(list, atom{Part: a})
	}
	return list
}

// command is an array, or what a shell is given.
func command(st *dockerfile.Instruction) []atom {
	list := array(st)
	if list == nil {
		list = whole(st)
		for i := range list {
			list[i].kept = true
		}
	}
	return list
}

// whole are all arguments as they are.
func whole(st *dockerfile.Instruction) []atom {
	if st.Rest.Empty() {
		return nil
	}
	return []atom{{Part: st.Rest}}
}

// array are the arguments that are an array of JSON; nil if they are none.
func array(st *dockerfile.Instruction) []atom {
	elements, err := st.JSONArray()
	if err != nil {
		return nil
	}
	at := st.Rest.Start
	list := []atom{{Part: dockerfile.Part{Start: at, End: at + 1}}}
	for i, e := range elements {
		if i > 0 {
			comma := list[len(list)-1].End + strings.IndexByte(st.Text[list[len(list)-1].End:], ',')
			list = append(list, atom{Part: dockerfile.Part{Start: comma, End: comma + 1}, glued: true})
		}
		list = append(list, atom{Part: e.Part, glued: i == 0})
	}
	return append(list, atom{Part: dockerfile.Part{Start: st.Rest.End - 1, End: st.Rest.End}, glued: true, closes: true})
}

// onlyBlanks is nil if there is something else before, between or behind atoms.
func onlyBlanks(st *dockerfile.Instruction, list []atom) []atom {
	at := 0
	for _, a := range append(slices.Clone(list), atom{Part: dockerfile.Part{Start: len(st.Text), End: len(st.Text)}}) {
		if a.Start < at || strings.TrimSpace(st.Text[at:a.Start]) != "" {
			return nil
		}
		at = a.End
	}
	return list
}
