package explain

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
)

// built is the record of a build of one RUN that has variables, in a directory, with a build
// argument TOKEN and a secret.
func built(t *testing.T, token, dir string, env ...string) *Record {
	t.Helper()
	state := llb.Image("a@" + digest.FromString("a").String()).Dir(dir)
	for i := range len(env) / 2 {
		state = state.AddEnv(env[2*i], env[2*i+1])
	}
	def, err := state.Run(llb.Shlex("make")).Root().Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := &build.Outcome{
		Dockerfile: []byte("FROM a\nRUN make\n"),
		Solved:     &build.Solved{Definitions: []build.Definition{{Definition: def}}, Hidden: redact.Mask{}.With([]byte("hunter2"))},
		Steps:      []build.Step{{Name: "[2/2] RUN make", Status: build.Done, Lines: dockerfile.Lines{First: 2, Last: 2}}},
		States:     []build.State{{Vertex: digest.FromBytes(def.Def[1])}},
	}
	return New(&build.Request{Spec: build.Spec{BuildArgs: map[string]string{"TOKEN": token}}}, out, "one")
}

// kept is a record as it is read, and the text that was kept.
func kept(t *testing.T, r *Record) (*Record, string) {
	t.Helper()
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 {
		return nil, ""
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	last, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return last, string(text) + fmt.Sprint(last.nodes)
}

// A record that was kept serves as one in memory does.
func TestKept(t *testing.T) {
	record := func(env ...string) *Record { return built(t, "", "/", env...) }
	for want, env := range map[string][][]string{
		`A changed from "1" to "2"`:                 {{"A", "1"}, {"A", "2"}},
		`B was not given before, and is now "1"`:    {nil, {"B", "1"}},
		"nothing has changed since the last build,": {{"A", "1"}, {"A", "1"}},
	} {
		last, _ := kept(t, record(env[0]...))
		now := record(env[1]...)
		if why := now.Explain(last); !strings.Contains(why[0], want) || why[0] != now.Explain(record(env[0]...))[0] {
			t.Errorf("%q, in memory %q", why, now.Explain(record(env[0]...)))
		}
	}
	last, _ := kept(t, built(t, "", "/x"))
	if why := record().Explain(last); why[0] != "the working directory changed from /x to /" {
		t.Errorf("%q", why)
	}
}

// What must not be shown is not kept, but is told from other values.
func TestKeptSecrets(t *testing.T) {
	last, text := kept(t, built(t, "s3cret", "/", "TOKEN", "s3cret", "A", "hunter2", "B", "https://me:pass@host/", "C", "as3cret"))
	for _, secret := range []string{"s3cret", "hunter2", "pass"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is kept: %s", secret, text)
		}
	}
	for name, value := range map[string]string{"TOKEN": "s4cret", "A": "hunter3", "B": "https://me:past@host/", "C": "as4cret"} {
		env := map[string]string{"TOKEN": "s3cret", "A": "hunter2", "B": "https://me:pass@host/", "C": "as3cret", name: value}
		var pairs []string
		for _, name := range []string{"TOKEN", "A", "B", "C"} {
			pairs = append(pairs, name, env[name])
		}
		if why := built(t, "s3cret", "/", pairs...).Explain(last)[0]; why != name+" changed" {
			t.Errorf("%s: %q", name, why)
		}
	}
	if last, text := kept(t, built(t, "s3cret", "/s3cret")); last != nil {
		t.Errorf("a directory is kept: %s", text)
	}
}

// What is kept may have been written by another buildls, or harmed.
func TestDecode(t *testing.T) {
	for _, text := range []string{"", "x", `{"Nodes":[{"Inputs":[0]}]}`, `{"Nodes":[{"Inputs":[-2]}]}`, `{"Nodes":[{"Op":"/w=="}]}`, `{"Sent":{"a":3}}`} {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
		if r, err := Decode(b.Bytes()); err == nil {
			t.Errorf("%q: %+v", text, r)
		}
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, `{"Steps":[{"Name":"a","Digest":"gone"}],"Nodes":[{"Inputs":[-1]}]}`)
	w.Close()
	r, err := Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if why := built(t, "", "/").Explain(r); len(why) != 1 {
		t.Error(why)
	}
}
