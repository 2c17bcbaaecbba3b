package project

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// scalarMap maps the value of a YAML scalar of a file to where it is written; nil if that is not
// understood. Only the positions are computed here, the value is the library's.
func scalarMap(in spot, n *yaml.Node) sourceMap {
	at := in.rows.offset(n.Line-1, n.Column-1)
	src := string(in.data)
	for at < len(src) && (src[at] == '&' || src[at] == '!') { // an anchor, a tag
		word := strings.IndexAny(src[at:], " \t\r\n")
		if word < 0 {
			return nil
		}
		at += word + len(src[at+word:]) - len(strings.TrimLeft(src[at+word:], " \t\r\n"))
	}
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		return literalMap(src, at, n.Value)
	case n.Style&yaml.FoldedStyle != 0:
		return foldedMap(src, at, n.Value)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return flowMap(src, at+1, n.Value, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return flowMap(src, at+1, n.Value, '\'')
	}
	return flowMap(src, at, n.Value, 0)
}

// lineAt is a line that begins at an offset, without its break, and where the next begins.
func lineAt(src string, at int) (line string, next int) {
	end := strings.IndexByte(src[at:], '\n')
	if end < 0 {
		return src[at:], len(src)
	}
	return strings.TrimSuffix(src[at:at+end], "\r"), at + end + 1
}

// literalMap is of |: each line of the value is one of the file, but for its indentation.
func literalMap(src string, at int, value string) (sm sourceMap) {
	_, at = lineAt(src, at)
	for line := range strings.SplitAfterSeq(value, "\n") {
		words := strings.TrimSuffix(line, "\n")
		written, next := lineAt(src, at)
		if !strings.HasSuffix(written, words) {
			return nil
		}
		end := at + len(written)
		sm.add(len(words), end-len(words), len(words))
		if words != line {
			sm.add(1, end, next-end)
		}
		at = next
	}
	return sm
}

// foldedMap is of >: lines that are parted by a space, or by the breaks that blank lines
// between them make.
func foldedMap(src string, at int, value string) (sm sourceMap) {
	_, at = lineAt(src, at)
	indent, last := -1, at
	for sm.len() < len(strings.TrimRight(value, "\n")) {
		if at >= len(src) {
			return nil
		}
		written, next := lineAt(src, at)
		if strings.TrimLeft(written, " ") == "" && (indent < 0 || len(written) <= indent) {
			at = next
			continue
		}
		rest := value[sm.len():]
		if indent < 0 {
			rest = strings.TrimLeft(rest, "\n")
			indent = len(written) - len(strings.TrimLeft(written, " ")) - (len(rest) - len(strings.TrimLeft(rest, " ")))
		}
		if indent < 0 || len(written) < indent {
			return nil
		}
		words := written[indent:]
		parted := 0
		for !strings.HasPrefix(value[sm.len()+parted:], words) {
			if parted++; !strings.Contains(" \n", value[sm.len()+parted-1:][:1]) || sm.len()+parted >= len(value) {
				return nil
			}
		}
		sm.add(parted, last, at+indent-last)
		sm.add(len(words), at+indent, len(words))
		at, last = next, at+len(written)
	}
	sm.add(len(value)-sm.len(), last, at-last)
	return sm
}

// flowMap is of a plain scalar (quote is 0) or a quoted one whose text begins at an offset.
// Breaks are folded, as in foldedMap.
func flowMap(src string, at int, value string, quote byte) (sm sourceMap) {
	for sm.len() < len(value) {
		if at >= len(src) {
			return nil
		}
		text, length := flowToken(src[at:], quote)
		if !strings.HasPrefix(value[sm.len():], text) {
			return nil
		}
		sm.add(len(text), at, length)
		at += length
	}
	return sm
}

// flowToken is the text that a source begins with, and how many bytes of the source it is.
func flowToken(src string, quote byte) (text string, length int) {
	blank := len(src) - len(strings.TrimLeft(src, " \t\r\n"))
	switch {
	case quote == '"' && src[0] == '\\':
		return unescaped(src)
	case quote == '\'' && strings.HasPrefix(src, "''"):
		return "'", 2
	case blank > 0:
		switch breaks := strings.Count(src[:blank], "\n"); breaks {
		case 0:
			return src[:blank], blank
		case 1:
			return " ", blank
		default:
			return strings.Repeat("\n", breaks-1), blank
		}
	}
	_, size := utf8.DecodeRuneInString(src)
	return src[:size], size
}

// escapes are those of one letter in YAML, which has those of JSON and HCL.
var escapes = map[byte]string{'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '/': "/", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029"}

// unescaped is the text of an escape that a source begins with. A break behind a backslash
// is no text, nor is the indentation behind it.
func unescaped(src string) (text string, length int) {
	if len(src) < 2 {
		return src, len(src)
	}
	if rest := strings.TrimPrefix(src[1:], "\r"); strings.HasPrefix(rest, "\n") {
		return "", len(src) - len(strings.TrimLeft(rest[1:], " \t"))
	}
	if text, ok := escapes[src[1]]; ok {
		return text, 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[src[1]]
	code := func(src string) rune {
		n, err := strconv.ParseUint(src[2:min(len(src), 2+digits)], 16, 32)
		if err != nil {
			return utf8.RuneError
		}
		return rune(n)
	}
	r, length := code(src), min(len(src), 2+digits)
	if rest := src[length:]; utf16.IsSurrogate(r) && strings.HasPrefix(rest, `\u`) {
		r, length = utf16.DecodeRune(r, code(rest)), length+min(len(rest), 6)
	}
	return string(r), length
}
