package language

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language/reference"
)

// A Signature is a form of an instruction or a flag.
type Signature struct {
	Label  string
	Params []Span // of Label, in bytes
	Active int    // which of Params is being written; -1 for none
	Doc    string // for Documentation
}

// A Help is the forms of what is being written, and which of them it has.
type Help struct {
	Signatures []Signature
	Active     int
}

// forms are those of each instruction, their parameters between spaces. "…" ends what may be
// repeated; a form that begins with [ behind the flags is JSON.
var forms = map[string][]string{
	"ADD":         {"[flags] source… dest", `[flags] ["source"… "dest"]`},
	"ARG":         {"name", "name=default"},
	"CMD":         {`["executable" "parameter"…]`, `["parameter"…]`, "command parameter…"},
	"COPY":        {"[flags] source… dest", `[flags] ["source"… "dest"]`},
	"ENTRYPOINT":  {`["executable" "parameter"…]`, "command parameter…"},
	"ENV":         {"key=value…", "key value"},
	"EXPOSE":      {"port[/protocol]…"},
	"FROM":        {"[flags] image AS name"},
	"HEALTHCHECK": {"[flags] CMD command…", "NONE"},
	"LABEL":       {"key=value…", "key value"},
	"MAINTAINER":  {"name"},
	"ONBUILD":     {"instruction"},
	"RUN":         {"[flags] command parameter…", `[flags] ["command" "parameter"…]`},
	"SHELL":       {`["shell" "parameter"…]`},
	"STOPSIGNAL":  {"signal"},
	"USER":        {"user[:group]"},
	"VOLUME":      {"/volume…", `["/volume"…]`},
	"WORKDIR":     {"/the/directory"},
}

// Signature is what may be written at a byte of the text; nil outside of instructions.
func (n *Names) Signature(offset int) *Help {
	f := n.file
	line := f.LineOf(offset)
	column := offset - f.Offset(line, 0)
	if f.IsComment(line) {
		return n.directiveSignature(line, offset)
	}
	st := typedAt(f, line)
	for _, d := range st.Heredocs {
		if d.First <= line && line <= d.Last {
			return nil
		}
	}
	at := st.TextAt(line, column)
	if !st.Onbuild.Empty() && st.Onbuild.End < at && at <= st.Keyword.End {
		return &Help{Signatures: []Signature{newSignature("ONBUILD", forms["ONBUILD"][0])}}
	}
	if st.Text == "" || at <= st.Keyword.End || forms[st.Name()] == nil {
		return nil
	}
	for _, flag := range st.Flags {
		if key, value, ok := st.Cut(flag, "="); ok && value.Start <= at && at <= value.End {
			if help := flagSignature(st.Name(), st.Slice(key), st.Slice(value), at-value.Start); help != nil {
				return help
			}
		}
	}
	help := &Help{}
	typed := typedWords(st, at)
	for i, form := range forms[st.Name()] {
		s := newSignature(st.Name(), form)
		s.Active = s.activeAt(st, form, at, typed)
		help.Signatures = append(help.Signatures, s)
		json := strings.Contains(form, `["`)
		if json == typed.json && typed.json || i == 0 || typed.matches(form) {
			if json == typed.json {
				help.Active = i
			}
		}
	}
	return help
}

// words are what is typed of an instruction before a place.
type words struct {
	json  bool
	count int // of arguments before the one at the place
	last  bool
	first string
}

func typedWords(st *dockerfile.Instruction, at int) words {
	w := words{json: strings.HasPrefix(st.Slice(st.Rest), "[")}
	if w.json {
		for _, b := range st.Text[st.Rest.Start:max(at, st.Rest.Start)] {
			if b == ',' {
				w.count++
			}
		}
		w.last = !strings.Contains(st.Text[min(at, st.Rest.End):st.Rest.End], ",")
		return w
	}
	for _, a := range st.Args {
		if a.End < at {
			w.count++
		}
	}
	if len(st.Args) > 0 {
		w.first = st.Slice(st.Args[0])
	}
	w.last = len(st.Args) == 0 || at >= st.Args[len(st.Args)-1].Start
	return w
}

// matches says whether a form is the one that is typed, of those that only the words tell apart.
func (w words) matches(form string) bool {
	switch form {
	case "name=default":
		return strings.Contains(w.first, "=")
	case "key value":
		return w.first != "" && !strings.Contains(w.first, "=")
	case "NONE":
		return strings.EqualFold(w.first, "NONE")
	case "command parameter…":
		return w.first != ""
	}
	return false
}

func newSignature(name, form string) Signature {
	s := Signature{Label: name + " " + form, Doc: name}
	at := len(name) + 1
	for _, word := range strings.Split(form, " ") {
		s.Params = append(s.Params, Span{at, at + len(word)})
		at += len(word) + 1
	}
	return s
}

// activeAt is the parameter of a form that stands at a place.
func (s Signature) activeAt(st *dockerfile.Instruction, form string, at int, w words) int {
	first := 0
	if strings.HasPrefix(form, "[flags]") {
		if first = 1; at < st.Rest.Start || strings.HasPrefix(st.Slice(st.Rest), "-") && at <= st.Rest.End {
			return 0
		}
	}
	last := len(s.Params) - 1
	if repeated := slices.IndexFunc(s.Params, func(p Span) bool { return strings.Contains(s.Label[p.Start:p.End], "…") }); repeated >= 0 && repeated < last {
		if w.last && w.count > 0 { // source… dest
			return last
		}
		return repeated
	}
	return min(first+w.count, last)
}

// flagSignature is the form of a flag: a mount's keys, or how it is written.
func flagSignature(instruction, flag, value string, at int) *Help {
	e := Documentation(instruction + " " + flag)
	if e == nil {
		return nil
	}
	s := Signature{Label: flag + "=", Doc: instruction + " " + flag}
	var params []string
	switch {
	case flag == "--mount":
		kind := "bind"
		for _, f := range strings.Split(value, ",") {
			if v, ok := strings.CutPrefix(f, "type="); ok {
				kind = v
			}
		}
		m := reference.Find(reference.MountTypes, kind)
		if m == nil {
			return nil
		}
		params = append(params, "type="+m.Name)
		for _, k := range m.Values {
			params = append(params, k.Name)
		}
		s.Doc = "mount " + m.Name
	case len(e.Values) > 0:
		for _, v := range e.Values {
			params = append(params, v.Name)
		}
	default:
		params = []string{strings.Trim(flagPlaces(flag), "<>")}
	}
	sep := "|"
	if flag == "--mount" {
		sep = ","
	}
	for i, p := range params {
		if i > 0 {
			s.Label += sep
		}
		s.Params = append(s.Params, Span{len(s.Label), len(s.Label) + len(p)})
		s.Label += p
	}
	typed := value[strings.LastIndexByte(value[:min(at, len(value))], ',')+1:]
	typed, _, _ = strings.Cut(typed, ",")
	key, _, _ := strings.Cut(typed, "=")
	s.Active = -1
	for i, p := range params {
		name, _, _ := strings.Cut(p, "=")
		if strings.EqualFold(name, key) || len(params) == 1 {
			s.Active = i
		}
	}
	return &Help{Signatures: []Signature{s}}
}

// flagPlaces is what the value of a flag is called.
func flagPlaces(flag string) string {
	switch flag {
	case "--chown":
		return "<user:group>"
	case "--chmod":
		return "<mode>"
	case "--from":
		return "<image|stage|context>"
	case "--checksum":
		return "<sha256:hash>"
	case "--platform":
		return "<platform>"
	case "--retries":
		return "<number>"
	case "--interval", "--timeout", "--start-period", "--start-interval":
		return "<duration>"
	}
	return "<value>"
}

// directiveSignature is the form of a parser directive whose value is being written.
func (n *Names) directiveSignature(line, offset int) *Help {
	text, column := n.file.Content(line)
	name, _, ok := strings.Cut(strings.TrimLeft(text, "# \t"), "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || line > len(directives(n.file)) || offset <= n.file.Offset(line, column)+strings.IndexByte(text, '=') {
		return nil
	}
	value := map[string]string{"escape": "`|\\", "syntax": "docker/dockerfile:1", "check": "skip=rule,…;error=true"}[name]
	if value == "" {
		return nil
	}
	s := Signature{Label: name + "=" + value, Params: []Span{{len(name) + 1, len(name) + 1 + len(value)}}, Doc: "directive " + name}
	return &Help{Signatures: []Signature{s}}
}
