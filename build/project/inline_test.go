package project

import (
	"fmt"
	"strings"
	"testing"
)

// TestInlineSource says for pieces of inline Dockerfiles where they are written.
func TestInlineSource(t *testing.T) {
	compose := func(value string) files {
		return files{"compose.yaml": "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: " + value + "\n      target: x\n"}
	}
	bake := func(value string) files {
		return files{"docker-bake.hcl": "B = \"box\"\nW = \"one\\ntwo\"\ntarget \"a\" {\n  dockerfile-inline = " + value + "\n}\n"}
	}
	for _, c := range []struct {
		name  string
		files files
		want  string // piece of the text -> piece of the file, one a line; "!" if it is not known
	}{
		{"literal", compose("|\n        FROM scratch\n\n        RUN  a\n"), "FROM scratch -> FROM scratch\nRUN  a -> RUN  a\na -> a"},
		{"dollars", compose("|\n        FROM scratch\n        LABEL a=$$A b=$${B}\n        COPY no /x"), "LABEL a=$A b=${B} -> LABEL a=$$A b=$${B}\n$A -> $$A\n${B} -> $${B}\nCOPY no -> COPY no"},
		{"variables", compose("|\n        FROM ${BASE:-scratch}\n        RUN $FROM_ENV x ${NO:-${NO:-y}} z\n"), "scratch -> ${BASE:-scratch}\nenv -> $FROM_ENV\nx -> x\ny -> ${NO:-${NO:-y}}\n z ->  z"},
		{"nothing between", compose("|\n        FROM a${NO-}b\n"), "FROM ab -> FROM a${NO-}b"},
		{"strip", compose("|-\n        FROM scratch\n        RUN x"), "RUN x -> RUN x"},
		{"keep", compose("|+\n        FROM scratch\n        RUN x\n\n"), "RUN x -> RUN x"},
		{"indented", compose("|2\n          FROM scratch\n           RUN x # y"), "FROM scratch -> FROM scratch\n RUN x ->  RUN x"},
		{"a comment", compose("| # what is built\n        FROM scratch"), "FROM scratch -> FROM scratch"},
		{"folded", compose(">\n        FROM scratch\n\n        RUN a\n        b $$c\n\n          more\n        RUN d"), "FROM scratch -> FROM scratch\nRUN a -> RUN a\nb $c -> b $$c\nmore -> more\nRUN d -> RUN d"},
		{"folded and blank", compose(">-\n\n        FROM scratch\n\n\n        RUN b"), "FROM scratch -> FROM scratch\nRUN b -> RUN b"},
		{"double quotes", compose(`"FROM scratch\nLABEL a=$$A \x41\u00e4\"\n\` + "\n        RUN b\n        c\""), "LABEL a=$A  -> LABEL a=$$A \nAä\" -> \\x41\\u00e4\\\"\nRUN b c -> RUN b\n        c"},
		{"single quotes", compose("'FROM scratch\n\n        RUN echo ''x'' y'"), "FROM scratch -> FROM scratch\nRUN echo 'x' -> RUN echo ''x''\ny -> y"},
		{"plain", compose("FROM scratch\n\n        COPY a\n        b"), "FROM scratch -> FROM scratch\nCOPY a -> COPY a\nb -> b"},
		{"CRLF", files{"compose.yaml": "services:\r\n  a:\r\n    build:\r\n      dockerfile_inline: |\r\n        FROM scratch\r\n        RUN $$x\r\n"}, "FROM scratch -> FROM scratch\nRUN $x -> RUN $$x"},
		{"an anchor", files{"compose.yaml": "x-d: &d |\n  FROM scratch\n  RUN a\nservices:\n  a: {build: {dockerfile_inline: *d}}\n"}, "RUN a -> RUN a"},
		{"an anchor of its own", compose("&d |\n        FROM scratch\n        RUN a"), "RUN a -> RUN a"},
		{"a tag", compose("!!str |\n        FROM scratch\n        RUN a"), "RUN a -> RUN a"},
		{"merged", files{"compose.yaml": "x-b: &b\n  dockerfile_inline: |\n    FROM scratch\n    RUN a\nservices:\n  a:\n    build:\n      <<: *b\n      target: x\n"}, "RUN a -> RUN a"},
		{"in braces", files{"compose.yaml": `{"services": {"a": {"build": {"dockerfile_inline": "FROM scratch\nRUN \u00e4 $$a"}}}}`}, "RUN ä $a -> RUN \\u00e4 $$a"},
		{"extended", files{"compose.yaml": "services:\n  a: {extends: b}\n  b:\n    build:\n      dockerfile_inline: |\n        FROM scratch\n        RUN a\n"}, "RUN a -> RUN a"},
		{"of several lines", compose("|\n        ${X:+y}${DOT}\n        RUN a"), "RUN a -> RUN a"},

		{"heredoc", bake("<<EOT\nFROM scratch\nLABEL a=$${A} b=${B} c\nCOPY no /x\nEOT"), "LABEL a=${A} b=box -> LABEL a=$${A} b=${B}\n${A} -> $${A}\nbox -> ${B}\n c ->  c\nCOPY no /x -> COPY no /x"},
		{"flush heredoc", bake("<<-EOT\n    FROM ${B}\n\n      RUN a \\\n    b\n    ${B} x\n  EOT"), "FROM box -> FROM ${B}\nRUN a \\ -> RUN a \\\nbox x -> ${B} x"},
		{"heredoc with CRLF", files{"docker-bake.hcl": "target \"a\" {\r\n  dockerfile-inline = <<EOT\r\nFROM scratch\r\nRUN $${a}\r\nEOT\r\n}\r\n"}, "RUN ${a} -> RUN $${a}"},
		{"quoted", bake(`"FROM ${B}\nRUN \"a\" $${x} \u00e4 b\n"`), "FROM box -> FROM ${B}\nRUN \"a\" ${x} -> RUN \\\"a\\\" $${x}\nä b -> \\u00e4 b"},
		{"trimmed", bake("<<EOT\nFROM ${~ B ~} \nRUN a\nEOT"), "boxRUN a -> !"},
		{"by a condition", bake("B == \"box\" ? (<<EOT\nFROM scratch\nRUN a\nEOT\n) : \"FROM b\""), "RUN a -> RUN a"},
		{"a variable", bake("W"), "one -> !"},
		{"within", bake("\"FROM x\\n${W}\\nRUN z\""), "FROM x -> FROM x\none -> !\ntwo -> !\nRUN z -> RUN z"},
		{"a function", bake("join(\"\\n\", [\"FROM a\", \"RUN b\"])"), "RUN b -> !"},
		{"JSON", files{"docker-bake.json": `{"variable": {"B": {"default": "box"}}, "target": {"a": {"dockerfile-inline": "FROM ${B}\nRUN $${x} \ud83d\ude00 \"y\"\n"}}}`}, "FROM box -> FROM ${B}\nRUN ${x} -> RUN $${x}\n😀 \"y\" -> \\ud83d\\ude00 \\\"y\\\""},
		{"inherited", files{"docker-bake.hcl": "target \"b\" {\n  dockerfile-inline = \"FROM x\"\n}\ntarget \"a\" {\n  inherits = [\"b\"]\n}\n"}, "FROM x -> FROM x"},
		{"a matrix", files{"docker-bake.hcl": "target \"m\" {\n  name = m\n  matrix = { m = [\"a\", \"b\"] }\n  dockerfile-inline = \"FROM ${m}\\nRUN x\"\n}\n"}, "FROM a -> FROM ${m}\nRUN x -> RUN x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := c.files.profile(t, "a").Inline
			if in == nil {
				t.Fatal("none")
			}
			file := c.files[strings.TrimPrefix(plain(in.Key.File), "/p/")]
			for _, want := range pairsOf(c.want) {
				start := strings.Index(in.Text, want[0])
				if start < 0 {
					t.Fatalf("%q is not in %q", want[0], in.Text)
				}
				got := "!"
				if at, ok := in.Source(start, start+len(want[0])); ok {
					got = file[at.Start:at.End]
				}
				if got != want[1] {
					t.Errorf("%q is at %q, not %q", want[0], got, want[1])
				}
			}
			if key := strings.Trim(file[in.Key.Start:in.Key.End], `"`); !strings.HasPrefix(strings.ReplaceAll(key, "-", "_"), "dockerfile_inline") && key != "a" {
				t.Errorf("its key is %q", key)
			}
		})
	}
}

// pairsOf are "a -> b", one after the other, each at the beginning of a line.
func pairsOf(text string) (list [][2]string) {
	for _, line := range strings.Split(text, "\n") {
		from, to, ok := strings.Cut(line, " -> ")
		if !ok && len(list) > 0 { // a line break in what is sought
			last := &list[len(list)-1]
			last[1] += "\n" + line
			continue
		}
		list = append(list, [2]string{from, to})
	}
	return list
}

// TestInlineEverywhere holds each byte of a text to what is written for it.
func TestInlineEverywhere(t *testing.T) {
	text := "FROM scratch\nLABEL a=$A b=${B} \"c\"\nRUN x\n"
	for _, c := range []struct{ name, file, format, old, new string }{
		{"compose", "compose.yaml", "services: {a: {build: {dockerfile_inline: %s}}}\n", "$", "$$"},
		{"bake", "docker-bake.hcl", "target \"a\" {\n  dockerfile-inline = %s\n}\n", "${", "$${"},
		{"JSON", "docker-bake.json", "{\"target\": {\"a\": {\"dockerfile-inline\": %s}}}\n", "${", "$${"},
	} {
		f := files{c.file: fmt.Sprintf(c.format, fmt.Sprintf("%q", strings.ReplaceAll(text, c.old, c.new)))}
		in := f.profile(t, "a").Inline
		if in.Text != text {
			t.Fatalf("%s: %q", c.name, in.Text)
		}
		for i := range text {
			at, ok := in.Source(i, i+1)
			if written := f[c.file][at.Start:at.End]; !ok || !strings.HasSuffix(written, text[i:i+1]) && text[i] != '\n' && written != "$${" {
				t.Errorf("%s: %q is at %q", c.name, text[i:i+1], written)
			}
		}
	}
}
