package language

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// A Given is what completion is told beside the text.
type Given struct {
	Snippets bool // the client takes ${1:placeholders}
	// Frontend is the version of docker/dockerfile that reads the text if its `# syntax=` says
	// none, "1.20"; empty: the newest.
	Frontend string
	Args     map[string]string // that a build is given, by name
	Contexts []string          // the names of a build's contexts
	Images   func() []Image    // that others name, the best first; nil if none are known
	// Files are those of a directory of the context, "/" between its names, "" the context itself,
	// that begin with a prefix in any case; nil if they are not known.
	Files func(dir, prefix string) []File
	// StageFiles are those of a directory of a stage, as the end of a build left it, Users the users
	// that it has, and Shells the paths of its shells; nil if no build is known.
	StageFiles func(stage StageRef, dir string) []File
	Users      func(stage StageRef) []string
	Shells     func(stage StageRef) []string
	// Tags are those of an image, which is named without one, the best first; Digest is that of an
	// image, which may be named with a tag, "sha256:…" or empty. Each may be nil. They are called
	// only for a place behind an image's colon or @.
	Tags   func(image string) []string
	Digest func(image string) string
}

// A StageRef is a stage of the text: its number, from 0, and its name, which may be empty.
type StageRef struct {
	Number int
	Name   string
}

// An Image is an image that may be named.
type Image struct{ Name, Detail string }

// A File is what a directory holds.
type File struct {
	Name      string
	Directory bool
}

// An ItemKind is what an item is.
type ItemKind int

// The kinds of items.
const (
	ItemKeyword ItemKind = iota
	ItemFlag
	ItemValue
	ItemVariable
	ItemStage
	ItemImage
	ItemFile
	ItemDirectory
	ItemName
)

// An Item is something that may be written at a place.
type Item struct {
	Kind          ItemKind
	Label, Detail string // Detail may be empty
	Span          Span   // the word that is typed; the place is in it or at its end
	Text          string // what to put there
	Snippet       bool   // Text has places, as in TextMate's snippets
	Filter        string // what it is found by; empty: Label
	Last          bool   // to be shown behind all others
	Deprecated    bool
	Doc           string // for Documentation; may be empty
}

// A completion is what is found out for one place.
type completion struct {
	given  Given
	names  *Names
	file   *dockerfile.File // nil for an ignore file
	st     *dockerfile.Instruction
	offset int    // of the place in the file
	at     int    // of the place in st.Text
	word   string // what stands before the place, since the last blank
	apart  bool   // the place is on a line of its own, behind a blank
	items  []Item
}

// Complete is what may be written at a byte of the text, which need not parse. What does not
// begin as what is typed there is left out.
func (n *Names) Complete(offset int, given Given) []Item {
	f := n.file
	line := f.LineOf(offset)
	column := min(offset-f.Offset(line, 0), len(f.Line(line))) // behind a \r the editor has another line
	offset = f.Offset(line, column)
	c := &completion{given: given, names: n, file: f, offset: offset}
	if f.IsComment(line) {
		c.directive(line, column)
		return c.items
	}
	c.st = typedAt(f, line)
	for _, d := range c.st.Heredocs {
		if d.First <= line {
			c.heredoc(line, column)
			return c.items
		}
	}
	c.at = c.st.TextAt(line, column)
	if text := c.file.Line(line)[:column]; c.st.Text != "" && strings.TrimSpace(text) == "" && text != "" && c.file.IsBlank(line) {
		c.apart = true
	}
	c.word = c.st.Text[strings.LastIndexAny(c.st.Text[:c.at], " \t\r\v\f")+1 : c.at]
	if c.apart {
		c.word = ""
	}
	c.instruction()
	return c.items
}

// typedAt is the instruction that is being written on a line: also that which goes on there, behind
// the escape at the end of the lines above.
func typedAt(f *dockerfile.File, line int) *dockerfile.Instruction {
	here := f.At(line)
	for above := line - 1; above >= 0 && here.Text == ""; above-- {
		if st := f.At(above); st.Text != "" {
			if st.End() < line && st.Open() && len(st.Heredocs) == 0 {
				return st
			}
			break
		}
	}
	return here
}

// span is what is replaced: the last bytes that are typed, as far as they are on the place's line.
func (c *completion) span(typed string) Span {
	start := c.offset - len(typed)
	if c.file != nil {
		start = max(start, c.file.Offset(c.file.LineOf(c.offset), 0))
	}
	return Span{start, c.offset}
}

// add adds an item if it begins with what is typed.
func (c *completion) add(typed string, item Item) {
	by := item.Filter
	if by == "" {
		by = item.Label
	}
	if len(by) < len(typed) || !strings.EqualFold(by[:len(typed)], typed) {
		return
	}
	item.Span = c.span(typed)
	if item.Text == "" {
		item.Text = item.Label
	}
	if item.Snippet && !c.given.Snippets {
		item.Text, item.Snippet = plain(item.Text), false
	}
	c.items = append(c.items, c.whole(item))
}

// wordBehind is what belongs to a word of a kind behind the place.
var wordBehind = map[ItemKind]*lazyregexp.Regexp{
	ItemKeyword:   lazyregexp.New(`^[A-Za-z]*`),
	ItemFlag:      lazyregexp.New(`^[a-z-]*`),
	ItemVariable:  lazyregexp.New(`^[A-Za-z0-9_]*`),
	ItemName:      lazyregexp.New(`^[A-Za-z0-9_.-]*`),
	ItemStage:     lazyregexp.New(`^[A-Za-z0-9_.-]*`),
	ItemImage:     lazyregexp.New(`^[A-Za-z0-9_.:/@-]*`),
	ItemValue:     lazyregexp.New(`^[A-Za-z0-9_.:/@+-]*`),
	ItemFile:      lazyregexp.New(`^[A-Za-z0-9_.@+-]*`),
	ItemDirectory: lazyregexp.New(`^[A-Za-z0-9_.@+-]*`),
}

// whole is an item that replaces the whole word that the place is in. What stands behind the word is
// not put there again.
func (c *completion) whole(item Item) Item {
	if c.file == nil {
		return item
	}
	line := c.file.LineOf(c.offset)
	behind := c.file.Line(line)[c.offset-c.file.Offset(line, 0):]
	if strings.HasPrefix(item.Text, "[") { // an array, in brackets that are there
		item.Span.End += len(closing.FindString(behind))
		return item
	}
	word := wordBehind[item.Kind].FindString(behind)
	item.Span.End += len(word)
	next := strings.TrimRight(behind[len(word):], "\r\n")
	key, _, valued := strings.Cut(item.Text, "=")
	switch {
	case strings.TrimSpace(next) == "":
	case item.Kind == ItemKeyword && item.Snippet: // its arguments are there
		item.Text, item.Snippet = wordBehind[ItemKeyword].FindString(item.Text), false
	case valued && next[0] == '=' && (item.Kind == ItemFlag || item.Kind == ItemName):
		item.Text, item.Snippet = key, false
	case item.Kind == ItemVariable && strings.HasPrefix(item.Text, "${") && strings.ContainsAny(next[:1], "}:#%/^,"):
		item.Text = strings.TrimSuffix(item.Text, "}")
	case item.Kind == ItemDirectory && next[0] == '/':
		item.Text = strings.TrimSuffix(item.Text, "/")
	}
	return item
}

var closing = lazyregexp.New(`^"?\]?`)

// plain is a snippet up to its first place.
func plain(snippet string) string {
	before, _, _ := strings.Cut(snippet, "$")
	return before
}

// words adds values that need no more words.
func (c *completion) words(kind ItemKind, typed string, list ...string) {
	for _, w := range list {
		c.add(typed, Item{Kind: kind, Label: w})
	}
}

// directive completes the parser directives, which stand above all else.
func (c *completion) directive(line, column int) {
	all := directives(c.file)
	if line > len(all) {
		return
	}
	text, from := c.file.Content(line)
	text = strings.TrimLeft(text[:max(column-from, 0)], " \t")
	typed := strings.TrimLeft(strings.TrimPrefix(text, "#"), " \t")
	name, value, ok := strings.Cut(typed, "=")
	if ok {
		c.directiveValue(strings.ToLower(strings.TrimSpace(name)), strings.TrimLeft(value, " \t"))
		return
	}
	for _, d := range []struct{ label, snippet, doc string }{
		{"syntax=docker/dockerfile:1", "syntax=${1:docker/dockerfile:1}", "directive syntax"},
		{"check=skip=", "check=${1|skip=,error=true|}", "directive check"},
		{"escape=`", "escape=`", "directive escape"},
	} {
		used := false
		for _, other := range all {
			used = used || other.Line != line && strings.HasPrefix(d.label, other.Name+"=")
		}
		for below := line + 1; below < c.file.Rows() && c.file.IsComment(below); below++ { // one now, with this above
			text, _ := c.file.Content(below)
			other, _, ok := strings.Cut(strings.TrimLeft(text, "# \t"), "=")
			used = used || ok && strings.HasPrefix(d.label, strings.ToLower(strings.TrimSpace(other))+"=")
		}
		if !used {
			c.add(typed, Item{Kind: ItemKeyword, Label: d.label, Text: d.snippet, Snippet: strings.Contains(d.snippet, "$"), Doc: d.doc})
		}
	}
}

// heredoc completes what stands in a heredoc: variables, and the word that ends it.
func (c *completion) heredoc(line, column int) {
	for _, d := range c.st.Heredocs {
		if line < d.First || d.First <= d.Last && line > d.Last {
			continue
		}
		text := c.file.Line(line)[:column]
		if d.Expand || c.st.Name() == "RUN" {
			c.variables(text)
		}
		if typed := strings.TrimLeft(text, "\t"); !d.Terminated && len(typed) > 0 {
			c.add(typed, Item{Kind: ItemKeyword, Label: d.Name, Detail: "ends the heredoc"})
		}
	}
}
