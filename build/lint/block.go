package lint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/buildls/buildls/build/dockerfile"
)

// An instruction is one of the file, well formed or not.
type instruction struct {
	lines    dockerfile.Lines
	text     string   // its lines
	comments []string // above it
	keyword  string   // in lower case
	broken   bool     // it did not parse; neither stage nor command is set
	rooted   bool     // a WORKDIR that does not depend on the one before it
	stage    *instructions.Stage
	command  instructions.Command
}

// readBlock reads some lines of the file, or its first, in which instructions end before some
// lines. BuildKit's parser stops at the first mistake: then it reads one instruction at a time.
func (h header) readBlock(text []byte, ends []int, first bool) *block {
	r := &blockReader{block: &block{}, header: h, lines: bytes.SplitAfter(text, []byte("\n")), directives: first}
	r.linter = h.linter(r.warn)
	end := ends[len(ends)-1]
	r.lines = r.lines[:end] // nothing follows the last line break
	if first {
		r.lines[0] = bytes.TrimPrefix(r.lines[0], []byte("\ufeff"))
	}
	if res, err := r.parse(0, end); err == nil {
		r.take(res, 0)
		return r.block
	}
	start := 0
	for _, end := range ends {
		r.one(start, end)
		start = end
	}
	if first && len(r.instructions) == 0 && len(r.mistakes) == 0 {
		r.fault("file with no instructions", dockerfile.Lines{First: end - 1, Last: end - 1})
	}
	return r.block
}

// A blockReader reads a block.
type blockReader struct {
	*block
	header     header
	linter     *linter.Linter
	lines      [][]byte
	directives bool // the text begins with the file's own
}

// parse has BuildKit parse some lines.
func (r *blockReader) parse(from, to int) (*parser.Result, error) {
	var b bytes.Buffer
	b.WriteString(r.prefix(from))
	for _, l := range r.lines[from:to] {
		b.Write(l)
	}
	return parser.Parse(&b)
}

// prefix is what parse puts before the lines from one on.
func (r *blockReader) prefix(from int) string {
	if r.directives && from == 0 {
		return ""
	}
	return header{escape: r.header.escape}.lines()
}

// offset is what there is between the parser's lines, 1-based, and the block's.
func (r *blockReader) offset(from int) int { return from - 1 - strings.Count(r.prefix(from), "\n") }

// one reads some lines in which there is one instruction at most, and notes what is wrong with it.
func (r *blockReader) one(from, to int) {
	res, err := r.parse(from, to)
	if err == nil {
		r.take(res, from)
		return
	}
	at, line := dockerfile.Lines{First: from, Last: to - 1}, 0
	var le *parser.LocationError
	if errors.As(err, &le) {
		line = le.Locations[0][0].Start.Line
		at, _ = dockerfile.SpanOfParser(le.Locations[0])
		at = shift(at, r.offset(from)+1)
	}
	long := slices.IndexFunc(r.lines[from:to], func(l []byte) bool { return len(l) >= maxLine })
	switch message := dockerfile.PlainError(err); {
	case long >= 0:
		r.tooLong(from, from+long, to)
	case strings.HasPrefix(message, "file with no instructions"): // comments
	case isDirective(message) && r.prefix(from) == "":
		r.directive(message, line)
		r.one(from, to)
	default:
		if message == "unterminated heredoc" {
			at.Last = at.First
		}
		r.fault(message, at)
		in := &instruction{lines: at, broken: true, text: string(bytes.Join(r.lines[at.First:to], nil))}
		in.keyword = keyword(in.text)
		r.instructions = append(r.instructions, in)
	}
}

func isDirective(message string) bool {
	return strings.HasPrefix(message, "only one ") && strings.HasSuffix(message, " parser directive can be used") ||
		strings.HasPrefix(message, "invalid escape token ")
}

// directive notes a mistake in the file's own directives, and takes them for plain comments up to
// that line. BuildKit's line is the one before.
func (r *blockReader) directive(message string, line int) {
	r.fault(message, dockerfile.Lines{First: max(0, line-1), Last: max(0, line-1)})
	for i := range min(line+1, len(r.lines)) {
		r.lines[i] = []byte("#\n")
	}
	r.directives = false
}

// tooLong notes a line that is longer than BuildKit reads, and reads what is before and behind it.
// BuildKit's place is the line before.
func (r *blockReader) tooLong(from, long, to int) {
	if from < long {
		r.one(from, long)
	}
	r.fault(fmt.Sprintf("dockerfile line greater than max allowed size of %d", maxLine-1), dockerfile.Lines{First: max(0, long-1), Last: max(0, long-1)})
	if long+1 < to {
		r.one(long+1, to)
	}
}

// maxLine is the parser's limit.
const maxLine = bufio.MaxScanTokenSize

func (r *blockReader) fault(message string, lines dockerfile.Lines) {
	r.mistakes = append(r.mistakes, finding{message: message, lines: lines})
}

func keyword(text string) string {
	if words := strings.Fields(text); len(words) > 0 {
		return strings.ToLower(words[0])
	}
	return ""
}

// take takes what was parsed from a line on.
func (r *blockReader) take(res *parser.Result, from int) {
	for _, n := range res.AST.Children {
		r.node(n, shift(dockerfile.Lines{First: n.StartLine, Last: n.EndLine}, r.offset(from)))
	}
	for _, w := range res.Warnings {
		at := toParser(w.Location.Start.Line + r.offset(from))
		r.linter.Run(&linter.RuleNoEmptyContinuation, at, linter.RuleNoEmptyContinuation.Format())
	}
}

// toParser is a line as the parser gives it.
func toParser(line int) []parser.Range {
	at := parser.Position{Line: line + 1}
	return []parser.Range{{Start: at, End: at}}
}

// node takes one node, which stands on some lines.
func (r *blockReader) node(n *parser.Node, lines dockerfile.Lines) {
	in := &instruction{lines: lines, keyword: strings.ToLower(n.Value), comments: n.PrevComment}
	in.text = string(bytes.Join(r.lines[lines.First:lines.Last+1], nil))
	n.StartLine, n.EndLine = lines.First+1, lines.Last+1
	cmd, err := instructions.ParseInstructionWithLinter(n, r.linter)
	if err == nil {
		in.set(cmd)
	} else {
		r.fault(dockerfile.PlainError(err), lines)
	}
	in.broken = in.stage == nil && in.command == nil
	var unknown *instructions.UnknownInstructionError
	if errors.As(err, &unknown) {
		in.keyword = dockerfile.Meant(in.keyword)
	}
	r.instructions = append(r.instructions, in)
}

func (in *instruction) set(parsed any) {
	switch c := parsed.(type) {
	case *instructions.Stage:
		in.stage = c
	case instructions.Command:
		in.command = c
	}
	if w, ok := parsed.(*instructions.WorkdirCommand); ok {
		in.rooted = strings.HasPrefix(w.Path, "/") && !strings.ContainsAny(w.Path, "$\\`\"'")
	}
}

func (r *blockReader) warn(rule, _, url, message string, location []parser.Range) {
	if lines, ok := dockerfile.SpanOfParser(location); ok {
		r.findings = append(r.findings, finding{rule, url, message, lines})
	}
}
