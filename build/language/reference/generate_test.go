package reference

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/command"
)

var update = flag.Bool("update", false, "write the tables anew")

// TestTables holds the tables to the reference of the BuildKit that is linked here.
func TestTables(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(buildkit(t), "frontend/dockerfile/docs/reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	d := readDocument(string(text))
	var b bytes.Buffer
	b.WriteString("// Code generated from BuildKit's reference by go test -update. DO NOT EDIT.\n\npackage reference\n\n")
	for _, table := range []struct {
		name, doc string
		list      []Entry
	}{
		{"Instructions", "are the instructions of a Dockerfile; their Values are their flags.", d.instructions()},
		{"MountTypes", "are the types of RUN --mount; their Values are their keys.", d.mountTypes()},
		{"Directives", "are the parser directives.", d.directives()},
		{"Rules", "are those of BuildKit's linter, of which some may be an experiment.", rules(t)},
		{"Args", "are the build arguments that BuildKit gives a value or a meaning.", d.args()},
	} {
		fmt.Fprintf(&b, "// %s %s\nvar %[1]s = ", table.name, table.doc)
		writeEntries(&b, table.list)
		b.WriteString("\n\n")
	}
	want, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	const file = "tables.go"
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(file); !bytes.Equal(got, want) {
		t.Error("tables.go is stale: go test ./build/language/reference -update")
	}
}

func buildkit(t *testing.T) string {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

// TestComplete holds the tables to what BuildKit's parser takes: each instruction is there, and
// each flag that the parser asks for.
func TestComplete(t *testing.T) {
	for name := range command.Commands {
		if e := Find(Instructions, name); e == nil || e.Text == "" || e.Syntax == nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(buildkit(t), "frontend/dockerfile/instructions/parse.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	flags := 0
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		instruction := Find(Instructions, strings.TrimPrefix(f.Name.Name, "parse"))
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || instruction == nil {
				return true
			}
			add, ok := call.Fun.(*ast.SelectorExpr)
			name, isName := call.Args[0].(*ast.BasicLit)
			if !ok || !isName || !slices.Contains([]string{"AddString", "AddStrings", "AddBool"}, add.Sel.Name) {
				return true
			}
			flag, _ := strconv.Unquote(name.Value)
			if flags++; instruction.Value("--"+flag) == nil {
				t.Errorf("%s has no --%s", instruction.Name, flag)
			}
			return true
		})
	}
	if flags < 15 {
		t.Errorf("the parser asks for %d flags only", flags)
	}
	if len(Rules) < 20 {
		t.Errorf("%d rules", len(Rules))
	}
	for _, m := range MountTypes {
		if m.Text == "" || len(m.Values) == 0 {
			t.Errorf("%+v", m)
		}
	}
}

// A document is the reference by its headings.
type document struct {
	order    []string
	sections map[string]section
}

// A section is the lines below a heading, up to the next.
type section []string

const page = "https://docs.docker.com/reference/dockerfile/"

var heading = regexp.MustCompile(`^#{2,5} (.*)$`)

func readDocument(text string) document {
	d := document{sections: map[string]section{}}
	name, fenced := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if m := heading.FindStringSubmatch(line); m != nil && !fenced {
			name = m[1]
			d.order = append(d.order, name)
			continue
		}
		d.sections[name] = append(d.sections[name], line)
	}
	return d
}

// anchor is a heading's place in the page, as GitHub and the page make it.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		}
	}
	return page + "#" + b.String()
}

// paragraphs are the section's paragraphs of plain text, in one line each.
func (s section) paragraphs() (list []string) {
	var now []string
	end := func() {
		if len(now) > 0 {
			list = append(list, absolute(strings.Join(now, " ")))
		}
		now = nil
	}
	fenced := false
	for _, line := range s {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```"):
			end()
			fenced = !fenced
		case fenced:
		case trimmed == "" || strings.HasPrefix(trimmed, "<a "):
			end()
		case strings.ContainsAny(line[:1], ">|-# "), strings.HasPrefix(line, "[^"), trimmed == "Or":
			end()
		default:
			now = append(now, trimmed)
		}
	}
	end()
	return list
}

var (
	inPage   = regexp.MustCompile(`\]\(#`)
	footnote = regexp.MustCompile(`\[\^\d+\]`)
)

func absolute(text string) string {
	return footnote.ReplaceAllString(inPage.ReplaceAllString(text, "]("+page+"#"), "")
}

// table is the rows of the section's first table that begins with a heading.
func (s section) table(first string) (rows [][]string) {
	in := false
	for _, line := range s {
		if !strings.HasPrefix(line, "|") {
			if in {
				return rows
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == first:
			in = true
		case in && strings.Trim(cells[0], ":- ") != "":
			rows = append(rows, cells)
		}
	}
	return rows
}

var quoted = regexp.MustCompile("`([^`]+)`")

// names are what stands in `quotes`.
func names(text string) (list []string) {
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// forms are how something is written: what stands in fences, or alone in a list, begins with its
// name and has places for others.
func (s section) forms(name string) (list []string) {
	for _, line := range s {
		line = strings.TrimSpace(line)
		if item, ok := strings.CutPrefix(line, "- `"); ok {
			line, _, _ = strings.Cut(item, "`")
		}
		if strings.HasPrefix(line, name+" ") && strings.ContainsAny(line, "<[") && !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	if len(list) == 0 { // no places, but an example
		for _, line := range s {
			if strings.HasPrefix(line, name+" ") {
				return []string{line}
			}
		}
	}
	return list[:min(len(list), 3)]
}

func (d document) instructions() (list []Entry) {
	for _, row := range d.sections["Overview"].table("Instruction") {
		name := names(row[0])[0]
		title := name
		if _, ok := d.sections[title]; !ok {
			title += " (deprecated)"
		}
		s := d.sections[title]
		e := Entry{Name: name, Text: row[1], URL: anchor(title), Syntax: s.forms(name), Deprecated: title != name}
		e.Values = d.flags(name, s)
		list = append(list, e)
	}
	return list
}

var (
	option    = regexp.MustCompile("^- `(--[a-z-]+)=(\\S+)` \\(default: `([^`]+)`\\)")
	firstFlag = regexp.MustCompile(`\[(--[a-z-]+)=`)
)

// flags are those of the table of an instruction, of its list of options, or of its forms.
func (d document) flags(instruction string, s section) (list []Entry) {
	for _, row := range s.table("Option") {
		list = append(list, d.flag(instruction, names(row[0])[0], row[1]))
	}
	for _, line := range s {
		if m := option.FindStringSubmatch(line); m != nil {
			e := Entry{Name: m[1], Syntax: []string{m[1] + "=" + m[2]}, URL: anchor(instruction), Text: "Default: `" + m[3] + "`."}
			word := "**" + strings.ReplaceAll(strings.TrimPrefix(m[1], "--"), "-", " ") + "**"
			for _, p := range s.paragraphs() {
				if strings.Contains(p, word) {
					e.Text = p + " " + e.Text
					break
				}
			}
			list = append(list, e)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, form := range s.forms(instruction) {
		if m := firstFlag.FindStringSubmatch(form); m != nil && Find(list, m[1]) == nil {
			e := Entry{Name: m[1], URL: anchor(instruction)}
			for _, p := range s.paragraphs() {
				if strings.Contains(p, "`"+m[1]+"` flag") {
					e.Text = p
					break
				}
			}
			list = append(list, e)
		}
	}
	return list
}

var choices = regexp.MustCompile(`=<?([a-z]+(?:\|[a-z]+)+)>?`)

// flag is a flag that has a section.
func (d document) flag(instruction, name, since string) Entry {
	title := instruction + " " + name
	s := d.sections[title]
	e := Entry{Name: name, URL: anchor(title), Since: since, Syntax: s.forms(instruction)}
	if list := s.paragraphs(); len(list) > 0 {
		e.Text = strings.TrimSuffix(strings.TrimSuffix(list[0], " This can be used to:"), ":")
	}
	if other := names(e.Text); strings.HasPrefix(e.Text, "See [") && len(other) > 0 {
		base, _, _ := strings.Cut(other[0], " ")
		e = d.flag(base, name, since)
	}
	for _, row := range s.table("Type") {
		if name != "--mount" {
			e.Values = append(e.Values, Entry{Name: names(row[0])[0], Text: row[1], URL: anchor(title + "=" + names(row[0])[0]), Default: strings.Contains(row[0], "(default)")})
		}
	}
	for _, form := range e.Syntax {
		switch m := choices.FindStringSubmatch(form); {
		case len(e.Values) > 0:
		case m != nil && !strings.Contains(m[1], "stage"):
			for _, v := range strings.Split(m[1], "|") {
				e.Values = append(e.Values, Entry{Name: v})
			}
		case strings.Contains(form, name+"[=<bool") || strings.Contains(form, name+"=<bool"):
			e.Values = []Entry{{Name: "true"}, {Name: "false"}}
		}
	}
	return e
}

var sinceVersion = regexp.MustCompile(`\(since Dockerfile v(\d+\.\d+)`)

func (d document) mountTypes() (list []Entry) {
	for _, row := range d.sections["RUN --mount"].table("Type") {
		name := names(row[0])[0]
		title := "RUN --mount=type=" + name
		e := Entry{Name: name, Text: row[1], URL: anchor(title), Default: strings.Contains(row[0], "(default)")}
		for _, key := range d.sections[title].table("Option") {
			all := names(key[0])
			k := Entry{Name: all[0], Aliases: all[1:], Text: absolute(key[1]), URL: e.URL}
			if m := sinceVersion.FindStringSubmatch(key[1]); m != nil {
				k.Since = m[1]
			}
			if one, ok := strings.CutPrefix(key[1], "One of "); ok {
				sentence, _, _ := strings.Cut(one, ".")
				for _, v := range names(sentence) {
					k.Values = append(k.Values, Entry{Name: v, Default: strings.Contains(key[1], "Defaults to `"+v+"`")})
				}
			}
			e.Values = append(e.Values, k)
		}
		list = append(list, e)
	}
	return list
}

func (d document) directives() (list []Entry) {
	for _, name := range []string{"syntax", "escape", "check"} {
		s := d.sections[name]
		e := Entry{Name: name, URL: anchor(name), Text: s.paragraphs()[0]}
		for _, line := range s {
			if strings.HasPrefix(line, "# "+name+"=") {
				e.Syntax = append(e.Syntax, line)
			}
		}
		list = append(list, e)
	}
	return list
}

func (d document) args() (list []Entry) {
	const platform, proxies, builtin = "Automatic platform ARGs in the global scope", "Predefined ARGs", "BuildKit built-in build args"
	for _, line := range d.sections[platform] {
		if name, text, ok := strings.Cut(line, "` - "); ok {
			list = append(list, Entry{Name: strings.TrimPrefix(name, "- `"), Text: text, URL: anchor(platform)})
		}
	}
	for _, line := range d.sections[proxies] {
		if strings.HasPrefix(line, "- `") && strings.HasSuffix(strings.ToLower(line), "_proxy`") {
			list = append(list, Entry{Name: names(line)[0], Text: "A proxy for the build's steps. It needs no `ARG`.", URL: anchor(proxies)})
		}
	}
	for _, row := range d.sections[builtin].table("Arg") {
		list = append(list, Entry{Name: names(row[0])[0], Text: absolute(row[2]), URL: anchor(builtin)})
	}
	return list
}

var rule = regexp.MustCompile(`<a href="\./([a-z-]+)/">(\w+)(?: \(experimental\))?</a></td>\s*<td>(.*)</td>`)

// rules are those of the index of the rules' pages.
func rules(t *testing.T) (list []Entry) {
	text, err := os.ReadFile(filepath.Join(buildkit(t), "frontend/dockerfile/docs/rules/_index.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rule.FindAllStringSubmatch(string(text), -1) {
		list = append(list, Entry{Name: m[2], Text: html.UnescapeString(m[3]) + ".", URL: "https://docs.docker.com/reference/build-checks/" + m[1] + "/"})
	}
	return list
}

func writeEntries(b *bytes.Buffer, list []Entry) {
	b.WriteString("[]Entry{\n")
	for _, e := range list {
		b.WriteString("{")
		for _, f := range []struct{ name, value string }{{"Name", e.Name}, {"Text", e.Text}, {"URL", e.URL}, {"Since", e.Since}} {
			if f.value != "" {
				fmt.Fprintf(b, "%s: %q, ", f.name, f.value)
			}
		}
		for _, f := range []struct {
			name string
			list []string
		}{{"Aliases", e.Aliases}, {"Syntax", e.Syntax}} {
			if len(f.list) > 0 {
				fmt.Fprintf(b, "%s: %#v, ", f.name, f.list)
			}
		}
		if e.Default {
			b.WriteString("Default: true, ")
		}
		if e.Deprecated {
			b.WriteString("Deprecated: true, ")
		}
		if len(e.Values) > 0 {
			b.WriteString("Values: ")
			writeEntries(b, e.Values)
		}
		b.WriteString("},\n")
	}
	b.WriteString("}")
}
