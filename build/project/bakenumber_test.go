package project

import (
	"strings"
	"testing"
)

// TestBakeNumbers tells of numbers that would be written with millions of digits, however they
// come about, and computes those that are honest.
func TestBakeNumbers(t *testing.T) {
	hcl := func(value string) files {
		return files{"docker-bake.hcl": "variable \"E\" {\n  default = \"9999999\"\n}\nvariable \"N\" {\n  default = 3\n}\nvariable \"V\" {\n  default = \"1.2.3\"\n}\n" +
			"function \"double\" {\n  params = [x]\n  result = x * 2\n}\n" +
			"target \"a\" {\n  args = { A = " + value + " }\n}\n"}
	}
	json := func(value string) files {
		return files{"docker-bake.json": `{"variable": {"E": {"default": "9999999"}, "N": {"default": 3}}, "target": {"a": {"args": {"A": ` + value + `}}}}`}
	}
	for _, c := range []struct {
		files files
		want  string // of the argument; empty: it is told
	}{
		{hcl(`1e9999999*1e9999999`), ""}, {hcl(`1e9999999`), ""}, {hcl(`1e-9999999`), ""}, {hcl(`-1e9999999`), ""},
		{hcl(`"1e9999999" * 1`), ""}, {hcl(`-"1e9999999"`), ""}, {hcl(`"1e${E}" + 1`), ""}, {hcl(`double("1e${E}")`), ""},
		{hcl(`add("1e9999999", 1)`), ""}, {hcl(`absolute("1e${E}")`), ""}, {hcl(`int(join("e", ["1", E]))`), ""},
		{hcl(`multiply(pow(10, 300), pow(10, 300)) * pow(10, 300) * pow(10, 300)`), ""},
		{hcl(`format("%d", "1e${E}")`), ""}, {hcl(`format("%.2f", "1e9999999")`), ""}, {hcl(`jsondecode("1e9999999")`), ""}, {hcl(`jsondecode("1e${E}")`), ""},
		{hcl(`convert("1e${E}", number)`), ""}, {hcl(`join(",", range("1e9999999", "1e9999999"))`), ""}, {hcl(`max("1e${E}", 1)`), ""},
		{hcl(`1` + strings.Repeat(`*1e900`, 2000)), ""}, {hcl(`min([for e in [E] : "1e${e}"]...)`), ""}, {hcl(`reverse("9999999e1") + 0`), ""},
		{files{"docker-bake.hcl": "variable \"X\" {\n  type = number\n  default = \"1e9999999\"\n}\ntarget \"a\" {\n  args = { A = X }\n}\n"}, ""},
		{json(`1e9999999`), ""}, {json(`"${1e9999999}"`), ""}, {json(`"${"1e${E}" + 1}"`), ""},
		{hcl(`1 + 2 * 3 / 4`), "2.5"}, {hcl(`split(".", V)[1] + 1`), "3"}, {hcl(`double("${N}1")`), "62"}, {hcl(`format("%03d", N)`), "003"},
		{hcl(`{port = 8080, name = "${V}-x"}.port + 1`), "8081"}, {hcl(`convert("${N}0", number) + 1`), "31"},
		{hcl(`1` + strings.Repeat(`+1`, 100)), "101"}, {hcl(`1000000000000`), "1000000000000"}, {hcl(`max([for i in [1, 2] : "${i}${i}"]...)`), "22"},
		{hcl(`jsondecode("{\"a\":[${N}]}").a[0]`), "3"}, {json(`"${N + 1}"`), "4"}, {json(`1.5`), "1.5"},
	} {
		p := c.files.read()
		if c.want == "" && (len(p.Problems) == 0 || len(p.Problems[0].Message) > 500) {
			t.Errorf("%s: nothing is told: %.100v", c.files, p.Profiles)
		}
		if c.want != "" && (len(p.Profiles) != 1 || *p.Profiles[0].Build.BuildArgs["A"] != c.want) {
			t.Errorf("%s: %v", c.files, p.Problems)
		}
	}
}

// TestBakeJSONForms counts what HCL reads, in each form of JSON that it knows.
func TestBakeJSONForms(t *testing.T) {
	const long = `{"default": "${join(\"\", [for i in range(0, 1000) : join(\"\", [for j in range(0, 1000) : join(\"\", range(0, 1000))])])}"}`
	for _, text := range []string{
		`{"variable": {"V": ` + long + `}, "target": {"a": {"args": {"A": "${V}"}}}}`,
		`[{"variable": {"V": ` + long + `}}, {"target": {"a": {"args": {"A": "${V}"}}}}]`,
		`{"variable": [{"V": [` + long + `]}], "target": {"a": {"args": {"A": "${V}"}}}}`,
		`{"x": "1", "variable": {"V": ` + long + `}, "target": {"a": {"args": {"A": "${V}"}}}}`,
		`{"variable": {"V": ` + long + `, "V": {"default": "x"}}, "target": {"a": {"args": {"A": "${V}"}}}}`,
		`{"variable": {"V": ` + long + `, "W": {"default": 1e9999}}, "target": {"a": {"args": {"A": "${V}"}}}}`,
		`{"target": {"a": {"matrix": {"x": ["${V}"]}, "args": {"A": "${x}"}}}, "variable": {"V": ` + long + `}}`,
	} {
		p := files{"docker-bake.json": text}.read()
		if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Message, "computes more") && !strings.Contains(p.Problems[0].Message, "digits") {
			t.Errorf("%s: %v", text, p.Problems)
		}
	}
}
