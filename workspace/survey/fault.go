package survey

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/moby/patternmatcher"

	"github.com/buildls/buildls/workspace"
)

// A Fault is a line of an ignore file that a build cannot use: one that takes files from
// the context fails, or goes by patterns that nobody meant.
type Fault struct {
	Line       int // 0-based
	Start, End int // of what is at fault in it, in bytes
	Pattern    string
	Reason     string

	header bool // it is the engine that cannot be sent the pattern as it is
}

// Error implements error.
func (f Fault) Error() string { return f.In("ignore file") }

// In says what is wrong, and where, in an ignore file of a name.
func (f Fault) In(name string) string {
	if f.Pattern == "" {
		return fmt.Sprintf("line %d of the %s: %s", f.Line+1, name, f.Reason)
	}
	return fmt.Sprintf("line %d of the %s, %s: %s", f.Line+1, name, shown(f.Pattern), f.Reason)
}

// shown is a pattern in quotes, as it is if it can be read.
func shown(pattern string) string {
	if strings.ContainsFunc(pattern, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(pattern)
	}
	return `"` + pattern + `"`
}

// Wide says whether a whole file is in another encoding than a builder reads (see
// [workspace.WideEncoding]): of an ignore file it takes the bytes for patterns that nobody
// meant, of a Dockerfile for nonsense.
func Wide(text []byte) (Fault, bool) {
	encoding := workspace.WideEncoding(text)
	return Fault{Reason: "the file is in " + encoding + ", and a builder reads UTF-8: save it as UTF-8"}, encoding != ""
}

// Faults are the lines of an ignore file that no build can use, in order. A file that is
// too large is left to a build.
func Faults(ignore []byte) []Fault {
	if bytes.Count(ignore, []byte("\n")) > maxLines || len(ignore) > maxBytes {
		return nil
	}
	faults, _ := readIgnore(ignore)
	return faults
}

// A pattern is a line of an ignore file that is one.
type pattern struct {
	line    int
	text    string // as it is written, without white space around it
	pattern string // as BuildKit has it
}

// readIgnore reads an ignore file line by line.
func readIgnore(ignore []byte) (faults []Fault, all []pattern) {
	if fault, wide := Wide(ignore); wide {
		return []Fault{fault}, nil
	}
	n, ascii := -1, true
	for line := range bytes.Lines(ignore) {
		n++
		text := line
		if n == 0 {
			text = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		trimmed := bytes.TrimSpace(text)
		start := len(line) - len(text) + bytes.Index(text, trimmed)
		fault := Fault{Line: n, Start: start, End: start + len(trimmed)}
		// Behind an empty line: a byte order mark is one in the first line alone.
		patterns, err := readPatterns(append([]byte("\n"), text...))
		for _, p := range patterns {
			all = append(all, pattern{n, string(trimmed), p})
			ascii = ascii && !strings.ContainsFunc(p, func(r rune) bool { return r > unicode.MaxASCII })
			fault.Pattern, err = p, refusal(p)
		}
		if err != nil {
			fault.Reason = err.Error()
			if errors.Is(err, bufio.ErrTooLong) {
				fault.Reason = "it is longer than the 64 KiB that a builder reads"
			}
			faults = append(faults, fault)
		} else if i := strings.IndexFunc(fault.Pattern, unsendable); i >= 0 {
			fault.Reason, fault.header = fmt.Sprintf("the character %U cannot be sent to an engine", fault.Pattern[i]), true
			faults = append(faults, fault)
		}
	}
	if !ascii { // then all patterns are sent in an encoding of their own (filesync.encodeStringForHeader)
		faults = slices.DeleteFunc(faults, func(f Fault) bool { return f.header })
	}
	return faults, all
}

// unsendable says of an ASCII character whether a header of gRPC may not hold it.
func unsendable(r rune) bool { return r < ' ' || r == '\x7f' }

// refusal is why the matcher of this system, which is the one that a build goes by, does
// not take a pattern; nil if it does. Some it refuses only when it first uses them.
func refusal(pattern string) error {
	_, err := patternmatcher.New([]string{pattern})
	if err == nil {
		var m *patternmatcher.PatternMatcher
		if m, err = patternmatcher.New([]string{literal(strings.TrimPrefix(pattern, "!"))}); err == nil {
			_, err = m.MatchesOrParentMatches("x")
		}
	}
	if err != nil && strings.HasSuffix(pattern, `\`) {
		return fmt.Errorf("%w; write / and not \\ between folders", err)
	}
	if err != nil && strings.HasPrefix(err.Error(), "illegal exclusion pattern") {
		return errors.New("illegal exclusion pattern: the ! has nothing behind it")
	}
	return err
}

// literal is a pattern without "!" before it as a matcher takes it, also if the pattern
// itself begins with "!".
func literal(bare string) string {
	if rest, ok := strings.CutPrefix(bare, "!"); ok {
		return "[!]" + rest
	}
	return bare
}
