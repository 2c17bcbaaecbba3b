package escape

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

var cases = []struct{ in, coloured, plain string }{
	{"plain\ttext\r\n", "plain\ttext\r\n", "plain\ttext\r\n"},
	{"größer → 漢字 😀 \u00a0é", "größer → 漢字 😀 \u00a0é", "größer → 漢字 😀 \u00a0é"},
	{"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", "red"},
	{"\x1b[38:2::1:2:3;1mx", "\x1b[38:2::1:2:3;1mx", "x"},
	{"a\x1b[2J\x1b[Hb\x1b[10;20Hc\x1b[?1049hd", "abcd", "abcd"},
	{"\x1b[>4;2mkeys", "keys", "keys"}, // xterm's modifyOtherKeys ends with an m too
	{"\x1b]0;title\x07a\x1b]52;c;aGk=\x1b\\b", "ab", "ab"},
	{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", "link"},
	{"\x1bP1;2|x\x1b\\a\x1b_k\x1b\\b\x1b^p\x1b\\c\x1bXs\x1b\\d", "abcd", "abcd"},
	{"\x1b]0;never ends\nnext", "\nnext", "\nnext"},
	{"\x1b[31never\nnext", "ever\nnext", "ever\nnext"},
	{"\x1bc\x1b(B\x1b=a\x1b7", "a", "a"},
	{"a\bb\x00\x07\x7fc\x0b\x0e", "abc", "abc"},
	{"\u009b2Ja\u009d0;t\u009cb\u0085c", "abc", "abc"},
	{"\x9b2Ja\x9d0;t\x9cb", "ab", "ab"},
	{"\x1b[3\u00e91m", "é1m", "é1m"},
	{"\x1b\x1b[31mx", "\x1b[31mx", "x"},
	{"\x1b[" + strings.Repeat("1;", 100) + "mx", ";" + strings.Repeat("1;", 68) + "mx", ";" + strings.Repeat("1;", 68) + "mx"},
	{"\xc2", "", ""},
	{"\xc2x", "x", "x"},
}

func TestClean(t *testing.T) {
	for _, c := range cases {
		if got := Text(c.in); got != c.plain {
			t.Errorf("%q: %q, want %q", c.in, got, c.plain)
		}
		for size := 1; size <= len(c.in); size++ { // in pieces it is the same
			var f Filter
			var got []byte
			for rest := []byte(c.in); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				got = append(got, f.Clean(rest[:min(size, len(rest))])...)
			}
			if string(got) != c.coloured {
				t.Errorf("%q in pieces of %d: %q, want %q", c.in, size, got, c.coloured)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		plain := Text(string(in))
		if strings.ContainsFunc(plain, func(r rune) bool {
			return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0
		}) {
			t.Errorf("%q: %q", in, plain)
		}
		if Text(plain) != plain {
			t.Errorf("%q: %q, cleaned again %q", in, plain, Text(plain))
		}
		if utf8.Valid(in) && !utf8.ValidString(plain) {
			t.Errorf("%q: %q is no UTF-8", in, plain)
		}
		if strings.Count(plain, "\n") != bytes.Count(in, []byte("\n")) {
			t.Errorf("%q: a line is missing in %q", in, plain)
		}
		var whole, split Filter
		at := len(in) / 2
		if a, b := whole.Clean(in), append(bytes.Clone(split.Clean(in[:at])), split.Clean(in[at:])...); !bytes.Equal(a, b) {
			t.Errorf("%q: %q, in two pieces %q", in, a, b)
		}
	})
}
