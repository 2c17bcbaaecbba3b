package lint

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/suggest"

	"github.com/buildls/buildls/build/dockerfile"
)

// sentinel is a line that is put behind a block to see whether it stands by itself.
const sentinel = "FROM buildls-sentinel\n"

// parseBlock parses lines of a file. It is nil if these do not stand by themselves.
func (h header) parseBlock(text []byte, first, last bool) *block {
	p := &blockParser{header: h, block: &block{lines: bytes.Count(text, []byte("\n"))}, last: last}
	p.linter = h.linter(p.warn)
	p.text = bytes.SplitAfter(text, []byte("\n"))
	if n := len(p.text); len(p.text[n-1]) == 0 {
		p.text = p.text[:n-1]
	}
	if first {
		p.text[0] = bytes.TrimPrefix(p.text[0], []byte("\ufeff"))
		p.directives = true
	}
	for p.pos < len(p.text) {
		if !p.step() {
			return nil
		}
	}
	if first && last && len(p.instructions) == 0 && len(p.mistakes) == 0 {
		p.fault("file with no instructions", dockerfile.Lines{First: len(p.text) - 1, Last: len(p.text) - 1})
	}
	return p.block
}

// A blockParser parses a block. BuildKit's parser stops at the first mistake: it is
// asked again for what is before it, and for what follows.
type blockParser struct {
	*block
	header     header
	linter     *linter.Linter
	text       [][]byte
	pos        int  // the line that is next
	last       bool // nothing follows the block
	directives bool // the text begins with the file's own
}

// step parses on from pos, to the end or past the next mistake. False if the block does
// not stand by itself.
func (p *blockParser) step() bool {
	res, err := p.parse(p.text[p.pos:], !p.last)
	if err == nil {
		nodes := res.AST.Children
		if !p.last {
			end := nodes[len(nodes)-1]
			if end.StartLine-1-p.prefix() != len(p.text)-p.pos || end.PrevComment != nil || end.Original+"\n" != sentinel {
				return false
			}
			nodes = nodes[:len(nodes)-1]
		}
		return p.take(nodes, res.Warnings, len(p.text))
	}
	var le *parser.LocationError
	if !errors.As(err, &le) {
		return p.skip(dockerfile.PlainError(err), p.pos, len(p.text), false)
	}
	switch message := dockerfile.PlainError(err); {
	case strings.HasPrefix(message, "file with no instructions"):
		p.pos = len(p.text)
		return true
	case isDirective(message):
		return p.directive(message, le.Locations[0][0].Start.Line)
	default:
		return p.mistaken(message, le.Locations[0])
	}
}

// parse has BuildKit parse lines, with the sentinel behind them if asked.
func (p *blockParser) parse(lines [][]byte, withSentinel bool) (*parser.Result, error) {
	var b bytes.Buffer
	if !p.directives {
		b.WriteString(header{escape: p.header.escape}.lines())
	}
	for _, l := range lines {
		b.Write(l)
	}
	if withSentinel {
		b.WriteString(sentinel)
	}
	return parser.Parse(&b)
}

// prefix is the number of lines that parse puts before a text.
func (p *blockParser) prefix() int {
	if p.directives {
		return 0
	}
	return strings.Count(header{escape: p.header.escape}.lines(), "\n")
}

func isDirective(message string) bool {
	return strings.HasPrefix(message, "only one ") && strings.HasSuffix(message, " parser directive can be used") ||
		strings.HasPrefix(message, "invalid escape token ")
}

// directive notes a mistake in the file's own directives, and takes that line for a
// plain comment. BuildKit's line is the one before.
func (p *blockParser) directive(message string, line int) bool {
	p.fault(message, dockerfile.Lines{First: max(0, line-1), Last: max(0, line-1)})
	for i := 0; i <= line && i < len(p.text); i++ {
		p.text[i] = []byte("#\n")
	}
	p.directives = false
	return true
}

// mistaken notes the mistake that ended parsing, and takes what is before it.
func (p *blockParser) mistaken(message string, at []parser.Range) bool {
	lines, _ := dockerfile.SpanOfParser(at)
	lines = shift(lines, p.pos-p.prefix())
	if strings.HasPrefix(message, "dockerfile line greater than") {
		return p.tooLong(message, lines.First)
	}
	resume := lines.Last + 1
	if !p.last && resume > len(p.text) {
		return false // it reaches into what follows
	}
	resume = min(resume, len(p.text))
	unterminated := message == "unterminated heredoc"
	if unterminated {
		if !p.last {
			return false
		}
		resume = p.nextStage(lines.First + 1)
		lines.Last = lines.First
	}
	if !p.before(lines.First) {
		return false
	}
	if p.pos > lines.First {
		return true // it is in a heredoc that was not taken for one
	}
	return p.skip(message, lines.First, resume, unterminated)
}

// before takes the instructions before a line that is at fault.
func (p *blockParser) before(line int) bool {
	if line <= p.pos {
		return true
	}
	res, err := p.parse(p.text[p.pos:line], false)
	if err != nil {
		return true // comments
	}
	return p.take(res.AST.Children, res.Warnings, line)
}

// tooLong notes a line that is longer than BuildKit reads. Its place is the line before.
func (p *blockParser) tooLong(message string, at int) bool {
	long := slices.IndexFunc(p.text[p.pos:], func(l []byte) bool { return len(l) >= maxLine })
	if long < 0 {
		return p.skip(message, max(p.pos, at), len(p.text), false)
	}
	long += p.pos
	if !p.before(long) {
		return false
	}
	p.fault(message, dockerfile.Lines{First: max(0, long-1), Last: max(0, long-1)})
	p.pos = long + 1
	return true
}

// maxLine is bufio.MaxScanTokenSize, the parser's limit.
const maxLine = 64 * 1024

// nextStage finds the next line that looks like a FROM: what an unterminated heredoc
// swallows ends there, so that the stages after it are checked.
func (p *blockParser) nextStage(from int) int {
	for i := from; i < len(p.text); i++ {
		if words := bytes.Fields(p.text[i]); len(words) > 1 && string(words[0]) == "FROM" && !bytes.HasSuffix(p.text[i], []byte(";\n")) {
			return i
		}
	}
	return len(p.text)
}

// skip notes a mistake in the lines from first up to resume, and goes on there.
func (p *blockParser) skip(message string, first, resume int, shorten bool) bool {
	lines := dockerfile.Lines{First: first, Last: max(first, resume-1)}
	if shorten {
		lines.Last = first
	}
	p.fault(message, lines)
	in := &instruction{lines: lines, broken: true, text: p.between(first, resume)}
	in.keyword = keyword(in.text)
	p.instructions = append(p.instructions, in)
	p.pos = max(resume, p.pos+1)
	return true
}

func (p *blockParser) fault(message string, lines dockerfile.Lines) {
	p.mistakes = append(p.mistakes, finding{message: message, lines: lines})
}

func (p *blockParser) between(first, end int) string {
	return string(bytes.Join(p.text[min(first, len(p.text)):min(end, len(p.text))], nil))
}

func keyword(text string) string {
	if words := strings.Fields(text); len(words) > 0 {
		return strings.ToLower(words[0])
	}
	return ""
}

// take takes the nodes that were parsed from pos up to end.
func (p *blockParser) take(nodes []*parser.Node, warnings []parser.Warning, end int) bool {
	offset := p.pos - 1 - p.prefix() // from the parser's lines to the block's
	stop := end
	for _, n := range nodes {
		lines := shift(dockerfile.Lines{First: n.StartLine, Last: n.EndLine}, offset)
		body, ok := p.node(n, lines)
		if !ok {
			return false
		}
		if body > 0 {
			stop = body
			break
		}
	}
	for _, w := range warnings {
		if line := w.Location.Start.Line + offset; line < stop {
			p.linter.Run(&linter.RuleNoEmptyContinuation, toParser(line), linter.RuleNoEmptyContinuation.Format())
		}
	}
	p.pos = max(stop, p.pos+1)
	return true
}

// toParser is a line as the parser gives it.
func toParser(line int) []parser.Range {
	at := parser.Position{Line: line + 1}
	return []parser.Range{{Start: at, End: at}}
}

// node takes one node. If it is an unknown instruction with a heredoc, whose lines were
// not taken for one, body is the line behind that.
func (p *blockParser) node(n *parser.Node, lines dockerfile.Lines) (body int, ok bool) {
	in := &instruction{lines: lines, keyword: strings.ToLower(n.Value), comments: n.PrevComment, text: p.between(lines.First, lines.Last+1)}
	n.StartLine, n.EndLine = lines.First+1, lines.Last+1
	cmd, err := instructions.ParseInstructionWithLinter(n, p.linter)
	if err == nil {
		in.set(cmd)
	}
	in.broken = err != nil || in.stage == nil && in.command == nil
	p.instructions = append(p.instructions, in)
	if err == nil {
		return 0, true
	}
	p.fault(dockerfile.PlainError(err), lines)
	var unknown *instructions.UnknownInstructionError
	if !errors.As(err, &unknown) {
		return 0, true
	}
	in.keyword = meant(in.keyword)
	body, ok = p.heredocs(n.Original, lines.Last+1)
	return body, ok || p.last
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

// meant is the keyword that an unknown one is taken for, if any. Of several that are as
// near BuildKit takes any; what hangs on it here must not change from time to time.
func meant(unknown string) string {
	if near, ok := suggest.Search(unknown, slices.Sorted(maps.Keys(keywords)), false); ok {
		return near
	}
	return unknown
}

// heredocs finds the line behind the heredocs that an instruction begins, 0 if it
// begins none or one does not end. False if they may end in what follows the block.
func (p *blockParser) heredocs(instruction string, line int) (int, bool) {
	if !strings.Contains(instruction, "<<") {
		return 0, true
	}
	lex := shell.NewLex('\\')
	lex.RawQuotes, lex.RawEscapes, lex.SkipUnsetEnv = true, true, true
	words, _ := lex.ProcessWords(instruction, shell.EnvsFromSlice(nil))
	found := 0
	for _, word := range words {
		doc := parser.MustParseHeredoc(word)
		if doc == nil {
			continue
		}
		end := slices.IndexFunc(p.text[line:], func(l []byte) bool {
			l = bytes.TrimRight(l, "\r\n")
			if doc.Chomp {
				l = bytes.TrimLeft(l, "\t")
			}
			return string(l) == doc.Name
		})
		if end < 0 {
			return 0, false
		}
		line += end + 1
		found = line
	}
	return found, true
}

func (p *blockParser) warn(rule, _, url, message string, location []parser.Range) {
	if lines, ok := dockerfile.SpanOfParser(location); ok {
		p.findings = append(p.findings, finding{rule, url, message, lines})
	}
}
