package survey

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestFaults: what no build can use in an ignore file is said with its line.
func TestFaults(t *testing.T) {
	const syntax = ": syntax error in pattern"
	for _, c := range []struct{ ignore, want string }{
		{"\ufeff# made by a template\r\nbin\\\r\n   \r\nobj/\r\n  # indented\r\n!obj/keep\r\n", `line 2 of the x, "bin\"` + syntax + `; write / and not \ between folders 0-4`},
		{"\ufeff\\\n", `line 1 of the x, "\"` + syntax + `; write / and not \ between folders 3-4`},
		{"a\n  [a-  \n", `line 2 of the x, "[a-"` + syntax + " 2-5"},
		{"a/[b", `line 1 of the x, "a/[b"` + syntax + " 0-4"},
		{"[z-a]", `line 1 of the x, "[z-a]"` + syntax + " 0-5"},
		{"!\\", `line 1 of the x, "!\"` + syntax + `; write / and not \ between folders 0-2`},
		{"a\n! \n", `line 2 of the x, "!": illegal exclusion pattern: the ! has nothing behind it 0-1`},
		{"a\nb\x00c\n", `line 2 of the x, "b\x00c": the character U+0000 cannot be sent to an engine 0-3`},
		{"a\tb\n", `line 1 of the x, "a\tb": the character U+0009 cannot be sent to an engine 0-3`},
		{"a\tb\ncafé\n", ""}, // in an encoding that holds all
		{"café\ncaf\xe9\n", ""},
		{"!!\n!!a\n**\n\\[\n#[\n\n!**/x\n", ""},
		{"\xff\xfes\x00e\x00c\x00\n\x00", "line 1 of the x: the file is in UTF-16, and a builder reads UTF-8: save it as UTF-8 0-0"},
		{"\x00s\x00e\x00c\x00\n", "line 1 of the x: the file is in UTF-16, and a builder reads UTF-8: save it as UTF-8 0-0"},
		{strings.Repeat("x", 1<<16), "line 1 of the x: it is longer than the 64 KiB that a builder reads 0-65536"},
		{"", ""},
	} {
		if runtime.GOOS == "windows" && strings.Contains(c.ignore, `\`) {
			continue // there it stands between folders
		}
		var list []string
		for _, f := range Faults([]byte(c.ignore)) {
			list = append(list, fmt.Sprintf("%s %d-%d", f.In("x"), f.Start, f.End))
		}
		if got := strings.Join(list, "\n"); got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.ignore, got, c.want)
		}
	}
}
