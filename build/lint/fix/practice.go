package fix

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// practices are the fixes for the rules of good practice. The other rules leave a choice to the
// author.
var practices = map[string]mender{
	"DL3002": mendRootAtEnd,
	"DL3003": mendCd,
	"DL3004": mendSudo,
	"DL3006": pinImage,
	"DL3007": pinImage,
	"DL3008": pinner("apt", "="),
	"DL3009": mendAptLists,
	"DL3013": pinner("pip", "=="),
	"DL3014": adder("-y"),
	"DL3015": mendRecommends,
	"DL3016": pinner("npm", "@"),
	"DL3018": pinner("apk", "="),
	"DL3019": mendApkCache,
	"DL3020": mendAdd,
	"DL3021": mendFolder,
	"DL3025": mendHealth,
	"DL3027": mendApt,
	"DL3028": pinner("gem", ":"),
	"DL3030": adder("-y"),
	"DL3032": cleaner("yum clean all", "/var/cache/yum", "/var/cache/dnf"),
	"DL3033": pinner("rpm", "-"),
	"DL3034": adder("-n"),
	"DL3036": cleaner("zypper clean --all", "/var/cache/zypp"),
	"DL3037": pinner("rpm", "="),
	"DL3038": adder("-y"),
	"DL3040": mendDNF,
	"DL3041": pinner("rpm", "-"),
	"DL3042": mendPipCache,
	"DL3044": mendOwnVariable,
	"DL3045": mendNowhere,
	"DL3046": mendUseradd,
	"DL3047": mendWget,
	"DL3059": mendConsecutive,
	"DL3060": mendYarn,
	"DL3062": pinner("go", "@"),
	"DL4005": mendLink,
	"DL4006": mendPipe,
}

// mayBeSafe are the rules of which a fix may leave the image as it is.
var mayBeSafe = map[string]bool{"DL3014": true, "DL3021": true, "DL3027": true, "DL3030": true, "DL3034": true, "DL3038": true, "DL3045": true, "DL3047": true}

// place is what is underlined, in the instruction's text or in that of one of its heredocs.
func (m mending) place() shell.Place {
	st, doc := m.Instruction, -1
	for i, d := range m.Heredocs {
		if d.First <= m.here.First && m.here.First <= d.Last {
			st, doc = m.Body(d), i
		}
	}
	return shell.Place{Doc: doc, Part: dockerfile.Part{Start: st.TextAt(m.here.First, m.here.Start), End: st.TextAt(m.here.Last, m.here.End)}}
}

// A call is the command of which a word is underlined.
type call struct {
	shell.Command
	word shell.Word
	at   int // among all commands of the instruction
}

// call is the innermost command of which a word is underlined.
func (m mending) call() (found call, ok bool) {
	at := m.place()
	for i, c := range m.src.reading(m.Instruction).Commands {
		for _, w := range c.Words {
			if w.Doc == at.Doc && w.Start == at.Start {
				found, ok = call{c, w, i}, true
			}
		}
	}
	return found, ok
}

// isElement says whether a word is an element of a JSON array.
func (m mending) isElement(w shell.Word) bool {
	list, err := m.Command().JSONArray()
	return err == nil && slices.ContainsFunc(list, func(e dockerfile.Element) bool { return e.Part == w.Part && w.Doc < 0 })
}

// insertAfter puts a word behind another one.
func (m mending) insertAfter(w shell.Word, word string) Edit {
	t := w.Token(m.Instruction)
	text := " " + word
	if m.isElement(w) {
		text = `, "` + word + `"`
	}
	return Edit{t.Last, t.End, t.Last, t.End, text}
}

// extend puts a text at the end of a word, inside of its quotes.
func (m mending) extend(at dockerfile.Token, text string) Edit {
	line := m.src.Line(at.Last)
	if at.End > 0 && strings.IndexByte(`"'`, line[at.End-1]) >= 0 {
		at.End--
	}
	return Edit{at.Last, at.End, at.Last, at.End, text}
}

// write puts a word in the place of another one.
func (m mending) write(w shell.Word, word string) Edit {
	if m.isElement(w) {
		word = `"` + word + `"`
	}
	return edit(w.Token(m.Instruction), word)
}

// keepsScripts says whether a shell can read all that it could read before a fix.
func (m mending) keepsScripts(f Fix) bool {
	before, after, ok := m.around(f)
	if !ok {
		return false
	}
	unread := func(list []*dockerfile.Instruction) (n int) {
		for _, st := range list {
			if shell.Read(st, m.src.dialectAt(m.Instruction)).Unread {
				n++
			}
		}
		return n
	}
	return unread(after) <= unread(before)
}

// around are the instructions that a fix touches, and those that come of them.
func (m mending) around(f Fix) (before, after []*dockerfile.Instruction, ok bool) {
	edits := slices.SortedStableFunc(slices.Values(f.Edits), compareEdits)
	first, last := m.First, m.End()
	for _, e := range edits {
		first = min(first, m.src.At(e.First).First)
		last = max(last, m.src.At(e.Last).End())
	}
	last = min(last, m.src.Rows()-1)
	head := "# escape=" + string(m.src.Escape) + "\n"
	was := dockerfile.Parse([]byte(head + string(m.src.Slice(first, last))))
	for i := range edits {
		edits[i].First += 1 - first
		edits[i].Last += 1 - first
		if e := edits[i]; !was.Holds(dockerfile.Token{First: e.First, Start: e.Start, Last: e.Last, End: e.End}) {
			return nil, nil, false
		}
	}
	return was.Instructions(), dockerfile.Parse([]byte(Apply(was, edits))).Instructions(), true
}
