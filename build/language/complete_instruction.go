package language

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language/reference"
	"github.com/buildls/buildls/build/lazyregexp"
)

// snippets are the forms in which instructions are begun.
var snippets = []struct{ name, text string }{
	{"FROM", "FROM ${1:image}"},
	{"RUN", "RUN ${1:command}"},
	{"COPY", "COPY ${1:source} ${2:dest}"},
	{"WORKDIR", "WORKDIR ${1:/app}"},
	{"ENV", "ENV ${1:key}=${2:value}"},
	{"ARG", "ARG ${1:name}"},
	{"ARG", "ARG ${1:name}=${2:default}"},
	{"ENTRYPOINT", `ENTRYPOINT ["${1:executable}"]`},
	{"CMD", `CMD ["${1:executable}"]`},
	{"EXPOSE", "EXPOSE ${1:port}"},
	{"USER", "USER ${1:user}"},
	{"LABEL", `LABEL ${1:key}="${2:value}"`},
	{"ADD", "ADD ${1:source} ${2:dest}"},
	{"HEALTHCHECK", "HEALTHCHECK --interval=${1:30s} --timeout=${2:30s} --start-period=${3:5s} --retries=${4:3} CMD ${5:command}"},
	{"HEALTHCHECK", "HEALTHCHECK NONE"},
	{"RUN", "RUN <<EOF\n$0\nEOF"},
	{"VOLUME", `VOLUME ["${1:/data}"]`},
	{"SHELL", `SHELL ["${1:/bin/bash}", "-o", "pipefail", "-c"]`},
	{"STOPSIGNAL", "STOPSIGNAL ${1:SIGTERM}"},
	{"ONBUILD", "ONBUILD ${1:instruction}"},
	{"MAINTAINER", "MAINTAINER ${1:name}"},
}

var placeholder = lazyregexp.New(`\$\{\d+[:|]([^}|,]*)[^}]*\}|\$0`)

// shown is a snippet as its label: with what its places hold.
func shown(snippet string) string {
	return strings.Join(strings.Fields(placeholder.ReplaceAllString(snippet, "$1")), " ")
}

// instruction completes what is typed of an instruction.
func (c *completion) instruction() {
	st := c.st
	switch {
	case st.Text == "" || c.at <= st.Head().End && !c.apart:
		c.keywords(strings.TrimLeft(st.Text[:c.at], " \t"), false)
	case !st.Onbuild.Empty() && c.at <= st.Keyword.End && !c.apart, st.Name() == "ONBUILD":
		c.keywords(c.word, true)
	case c.expands() && c.variables(st.Text[st.Keyword.End:c.at]):
	case c.inFlags():
		c.flags()
	default:
		c.argument()
	}
}

// plainFlags are those in which BuildKit expands no variables.
var plainFlags = []string{"--from", "--network", "--security", "--link", "--parents", "--interval", "--timeout", "--start-period", "--start-interval", "--retries"}

// expands says whether a variable at the place has its value: not in some flags, not in the JSON
// form of what is run, unless a shell reads it, and not in single quotes.
func (c *completion) expands() bool {
	if c.inFlags() {
		name, _, _ := strings.Cut(c.word, "=")
		return !slices.Contains(plainFlags, name)
	}
	before := c.st.Text[c.st.Keyword.End:c.at]
	args := strings.TrimLeft(before, " \t")
	if c.st.Runs() && strings.HasPrefix(args, "[") {
		return strings.Contains(args, `-c"`)
	}
	open := c.st.OpenQuote(dockerfile.Part{Start: c.st.Keyword.End, End: c.at})
	return open < 0 || c.st.Text[open] != '\''
}

// keywords completes the name of an instruction.
func (c *completion) keywords(typed string, onbuild bool) {
	lower := typed == strings.ToLower(typed) && c.writesLower()
	for _, s := range snippets {
		switch {
		case onbuild && slices.Contains([]string{"FROM", "ONBUILD", "MAINTAINER"}, s.name):
			continue // BuildKit's instructions/parse.go, parseOnBuild
		case !onbuild && s.name != "FROM" && s.name != "ARG" && !c.behindFrom():
			continue
		}
		item := Item{Kind: ItemKeyword, Label: shown(s.text), Text: s.text, Snippet: strings.Contains(s.text, "$"), Doc: s.name}
		if !c.given.Snippets {
			item = Item{Kind: ItemKeyword, Label: s.name, Text: s.name + " ", Doc: s.name}
			if slices.ContainsFunc(c.items, func(i Item) bool { return strings.EqualFold(i.Label, s.name) }) {
				continue
			}
		}
		if lower {
			item.Label = strings.ToLower(s.name) + item.Label[len(s.name):]
			item.Text = strings.ToLower(s.name) + item.Text[len(s.name):]
		}
		if e := reference.Find(reference.Instructions, s.name); e != nil {
			item.Detail, item.Deprecated, item.Last = e.Text, e.Deprecated, e.Deprecated
		}
		c.add(typed, item)
	}
}

// behindFrom says whether a FROM stands above the place.
func (c *completion) behindFrom() bool {
	for _, st := range c.file.Instructions() {
		if st.Name() == "FROM" {
			return partOf(st, st.Keyword).End < c.offset
		}
	}
	return false
}

// writesLower says whether the author writes instructions in small letters.
func (c *completion) writesLower() bool {
	for _, st := range c.file.Instructions() {
		if word := st.Slice(st.Head()); st.Known() && st != c.st {
			return word == strings.ToLower(word)
		}
	}
	return false
}

// inFlags says whether the place is where flags stand: behind nothing but flags.
func (c *completion) inFlags() bool {
	before := strings.Fields(c.st.Text[c.st.Keyword.End : c.at-len(c.word)])
	return strings.HasPrefix(c.word, "-") && !slices.ContainsFunc(before, func(w string) bool { return !strings.HasPrefix(w, "--") })
}

// typedArgs are the arguments before the place, without flags.
func (c *completion) typedArgs() []string {
	words := strings.Fields(c.st.Text[c.st.Keyword.End : c.at-len(c.word)])
	first := slices.IndexFunc(words, func(w string) bool { return !strings.HasPrefix(w, "--") })
	if first < 0 {
		return nil
	}
	return words[first:]
}
