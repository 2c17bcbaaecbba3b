package fix

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// mendShellForm writes a command as JSON: the words themselves if a shell would do no
// more than to split them, else the shell with the command.
func mendShellForm(m mending) []Fix {
	if m.Commented || m.Rest.Empty() {
		return nil
	}
	command := m.Slice(m.Rest)
	if strings.HasPrefix(command, "[") {
		return one(m.brokenJSON())
	}
	if f := m.execForm(); len(f.Edits) > 0 || m.src.Escape == '`' {
		f.Preferred = !m.changesOther()
		return one(f) // no /bin/sh on Windows
	}
	if strings.Contains(command, "<<") {
		return nil // a heredoc that has no body here: JSON would bury the mistake
	}
	f := m.replace("Write as JSON, run by /bin/sh", jsonArray("/bin/sh", "-c", command), m.Tokens(m.Rest))
	f.Preferred = false
	return one(f)
}

// changesOther says whether the JSON form of a CMD or ENTRYPOINT changes what the other one
// of its stage does: an ENTRYPOINT gets CMD as its arguments only in JSON form, and without
// the shell only if that is in JSON form.
func (m mending) changesOther() bool {
	other := map[string]string{"CMD": "ENTRYPOINT", "ENTRYPOINT": "CMD"}[m.Name()]
	found := false
	for _, st := range m.src.Instructions() {
		if st.Name() == "FROM" {
			if st.First > m.First {
				break
			}
			found = false
		}
		found = found || st.Name() == other && st.Onbuild.Empty()
	}
	return found
}

// execForm writes a plain command as a JSON array.
func (m mending) execForm() Fix {
	words, ok := shellWords(m.Slice(m.Rest))
	if !ok || m.Commented {
		return Fix{}
	}
	return m.replace("Write as JSON", jsonArray(words...), m.Tokens(m.Rest))
}

// brokenJSON writes as JSON what was meant as it.
func (m mending) brokenJSON() Fix {
	text, _, ok := nearlyJSON(m.Slice(m.Rest))
	if !ok {
		return Fix{}
	}
	return m.replace("Write as JSON", text, m.Tokens(m.Rest))
}

// nearlyJSON mends an array of strings in single quotes or with a comma too much.
func nearlyJSON(text string) (mended string, list []string, ok bool) {
	if !strings.Contains(text, `"`) {
		text = strings.ReplaceAll(text, "'", `"`)
	}
	text = strings.NewReplacer("“", `"`, "”", `"`).Replace(text)
	if inner, ok := strings.CutSuffix(text, "]"); ok {
		text = strings.TrimRight(inner, ", \t") + "]"
	}
	err := json.Unmarshal([]byte(text), &list)
	return text, list, err == nil
}

// healthcheck puts CMD before a command. A short first word may be CMD misspelled.
func (m mending) healthcheck() Fix {
	if len(m.Args) == 0 || len(m.Slice(m.Args[0])) <= len("CMD") || strings.Contains(m.Slice(m.Rest), "<<") {
		return Fix{}
	}
	at := m.Token(dockerfile.Part{Start: m.Rest.Start, End: m.Rest.Start})
	return m.replace("Insert CMD", cased("CMD", m.Slice(m.Keyword))+" ", []dockerfile.Token{at})
}

// jsonArray is an array as people write it.
func jsonArray(words ...string) string {
	var list []string
	for _, w := range words {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if enc.Encode(w) == nil {
			list = append(list, strings.TrimSpace(b.String()))
		}
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// shellOnly are the words that only a shell understands at the start of a command.
var shellOnly = map[string]bool{}

func init() {
	for w := range strings.FieldsSeq(`. : ! { ( [ [[ alias break case cd command continue
		eval exec exit export for function getopts hash if local read readonly return set
		shift source time times trap type ulimit umask unalias unset until wait while`) {
		shellOnly[w] = true
	}
}

// shellWords splits a command as a shell does, if there is no more for a shell to do.
func shellWords(command string) ([]string, bool) {
	var words []string
	for rest := strings.TrimLeft(command, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		word, after, ok := shellWord(rest)
		if !ok {
			return nil, false
		}
		words, rest = append(words, word), after
	}
	ok := len(words) > 0 && !shellOnly[words[0]] && !strings.Contains(words[0], "=")
	return words, ok
}

// shellWord takes the first word off a command.
func shellWord(command string) (word, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == ' ' || c == '\t':
			return b.String(), command[i:], true
		case c == '\'' || c == '"':
			inside, _, closed := strings.Cut(command[i+1:], string(c))
			if !closed || c == '"' && strings.ContainsAny(inside, "$`\\!") {
				return "", "", false
			}
			b.WriteString(inside)
			i += len(inside) + 1
		case strings.IndexByte("$`|&;<>(){}[]*?~#!^\\\r\n\v\f", c) >= 0:
			return "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", true
}
