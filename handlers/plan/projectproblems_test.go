package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

// opened is a workspace with one document, that is open.
func opened(t *testing.T, path, text string) (*workspace.Snapshot, *workspace.Document) {
	t.Helper()
	uri := workspace.FileURI(path)
	snapshot, _, err := workspace.New().Apply(workspace.Open{URI: uri, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return snapshot, snapshot.Document(uri)
}

// TestAttributeProblems holds that what a build would be refused for is marked before, on
// the attribute, and that nothing else is.
func TestAttributeProblems(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"Dockerfile", "key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("FROM scratch\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ body, marked, want string }{
		{`platforms = ["linux/amd64", "a/b/c/d/e"]`, `"a/b/c/d/e"`, "platform"},
		{`tags = ["ok:1", "A B"]`, `"A B"`, "A B"},
		{`ulimits = ["nofile=1", "nofile"]`, `"nofile"`, "ulimit"},
		{`shm-size = "many"`, `"many"`, "size"},
		{`network = "sideways"`, `"sideways"`, "network"},
		{`cache-from = ["type=local,src=c", "type=none"]`, `"type=none"`, "cache type"},
		{`cache-to = [{ type = "registry" }]`, `{ type = "registry" }`, "it needs ref"},
		{`extra-hosts = { a = "b" }`, `"b"`, "is not an IP address"},
		{`contexts = { a = "nowhere" }`, `"nowhere"`, "does not exist"},
		{`contexts = { A = "." }`, `"."`, "lower-case"},
		{`entitlements = ["sing"]`, `"sing"`, "it can be"},
		{`entitlements = ["network.host"]`, `"network.host"`, "a file cannot grant"},
		{`dockerfile = "nowhere"`, `"nowhere"`, "no Dockerfile"},
		{`context = "nowhere"`, `"nowhere"`, "does not exist"},
		{`ssh = ["k=nokey"]`, `"k=nokey"`, "ssh k"},
		{`secret = ["id=s,src=nosecret"]`, `"id=s,src=nosecret"`, "secret s"},
		{`output = ["type=cacheonly", "type=nope"]`, `"type=nope"`, "it can be local"},
		{`output = [{ type = "tar", dest = "no/where" }]`, `{ type = "tar", dest = "no/where" }`, "does not exist"},
		{`attest = ["type=sbom", "type=nope"]`, `"type=nope"`, "attest type"},
		{`attest = [{}]`, `[{}]`, "lacks its type"},
		{`secret = [{}]`, `[{}]`, "lacks its id"},
		{`output = ["type=cacheonly", "type=tar,dest=a.tar", "out"]`, "", ""},
		{`attest = ["type=provenance,mode=max", "type=sbom,disabled=true"]`, "", ""},
		{`context = "cwd://"`, "", ""},
		{`ssh = ["default", "k=key"]`, "", ""},
		{`secret = ["id=s,src=key", "id=t,env=T"]`, "", ""},
		{`platforms = ["linux/amd64,linux/arm64", "LOCAL"]`, "", ""},
		{`target = "dev"`, "", ""},
	} {
		text := "target \"a\" {\n  " + c.body + "\n}\ntarget \"b\" {\n  inherits = [\"a\"]\n}\n"
		snapshot, doc := opened(t, filepath.Join(dir, "docker-bake.hcl"), text)
		got := new(Projects).Problems(snapshot, doc)
		if c.marked == "" {
			if len(got) > 0 {
				t.Errorf("%s: %v", c.body, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Code != "bake" || !strings.Contains(got[0].Message, c.want) {
			t.Errorf("%s: %v, want one with %q", c.body, got, c.want)
			continue
		}
		if p := got[0]; p.Lines != (dockerfile.Lines{First: 1, Last: 1}) || doc.Text.Line(1)[p.Columns.Start:p.Columns.End] != c.marked {
			t.Errorf("%s: at %v %v", c.body, p.Lines, p.Columns)
		}
	}
}

// TestComposeAttributeProblems is the same of a service.
func TestComposeAttributeProblems(t *testing.T) {
	text := "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: FROM scratch\n      platforms: [a/b/c/d/e]\n      ulimits: {nofile: 3}\n  b:\n    build: ./nowhere\n"
	snapshot, doc := opened(t, filepath.Join(t.TempDir(), "compose.yaml"), text)
	got := map[int]string{}
	for _, p := range new(Projects).Problems(snapshot, doc) {
		got[p.Lines.First] = doc.Text.Line(p.Lines.First)[p.Columns.Start:p.Columns.End] + ": " + p.Message
	}
	if len(got) != 2 || !strings.HasPrefix(got[5], "platforms: ") || !strings.HasPrefix(got[8], "build: ") {
		t.Errorf("%v", got)
	}
}

// TestUnreadFile holds that what keeps all of a project file from being read is told in it: on
// its line, or on the first one.
func TestUnreadFile(t *testing.T) {
	const service = "services:\n  a:\n    build: .\n"
	for _, c := range []struct {
		name, text string
		line       int
		want       string
	}{
		{"compose.yaml", "x-a: 1\nservices: &s\n  a:\n    build: .\n    x: *s\n", 1, "holds itself"},
		{"compose.yaml", service + "include: [compose.yaml]\n", 3, "compose.yaml includes itself"},
		{"compose.yaml", service + "include: [other.yaml]\n", 0, "other.yaml"},
		{"compose.yaml", service + "---\n" + service, 3, "more than one document"},
		{"compose.yaml", "services: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "\n", 0, "max depth"},
		{"compose.yaml", "x-a: &a [" + strings.Repeat("x,", 999) + "x]\nx-b: [" + strings.Repeat("*a,", 200) + "*a]\n" + service, 1, "more than 100000 values"},
		{"docker-bake.hcl", "target \"a\" {\n  args = { A = format(\"%99999d\", 1) }\n}\n", 1, "goes too far"},
		{"docker-bake.hcl", "target \"a\" {}\n" + strings.Repeat("#", 300_000) + "\n", 0, "longer than"},
		{"docker-bake.hcl", "x = [for i in setproduct(range(0, 1000), range(0, 1000), range(0, 1000)) : i]\n", 0, "computes more"},
		{"docker-bake.json", "{\"target\": {\n\"a\": {\"args\": {\"A\": 1e99999}}}}\n", 0, "too many digits"},
	} {
		snapshot, doc := opened(t, filepath.Join(t.TempDir(), c.name), c.text)
		got := new(Projects).Problems(snapshot, doc)
		if len(got) != 1 || got[0].Lines.First != c.line || !strings.Contains(got[0].Message, c.want) {
			t.Errorf("%s %.60q: %v, want line %d, %q", c.name, c.text, got, c.line, c.want)
		}
	}
}
