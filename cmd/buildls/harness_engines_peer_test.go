package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lazyregexp"
)

// A parity is what the cases of TestSameAsTerminal share.
type parity struct {
	t              *testing.T
	registry, http string
	sha256         string // of http/file.txt
	nonce          string
	tar            []byte
	env            []string // of all builds
}

func newParity(t *testing.T) *parity {
	p := &parity{t: t, registry: enginetest.Registry(t), nonce: time.Now().Format(time.RFC3339Nano), tar: archiveOf(t)}
	const text = "of the HTTP server\n"
	p.sha256 = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content := map[string]string{"/file.txt": text, "/archive.tar.gz": string(p.tar)}[r.URL.Path]
		http.ServeContent(w, r, "", time.Unix(1600000000, 0), strings.NewReader(content))
	}))
	t.Cleanup(server.Close)
	p.http = server.URL
	p.env = []string{"PARITY_VARIABLE=of the environment", "PARITY_SECRET=secret of the environment", "SSH_AUTH_SOCK=" + sshAgent(t, "parity")}
	return p
}

// archiveOf is a compressed tar that is the same every time.
func archiveOf(t *testing.T) []byte {
	var data bytes.Buffer
	zip := gzip.NewWriter(&data)
	w := tar.NewWriter(zip)
	for _, name := range []string{"one", "folder/two"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o640, Uid: 7, Gid: 8, ModTime: time.Unix(1500000000, 0)}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, name)
	}
	if err := cmp.Or(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// pushImages pushes what the cases stand on: a base with triggers, and a front end.
func (p *parity) pushImages() {
	p.t.Helper()
	program, err := os.ReadFile(enginetest.Frontend(p.t))
	if err != nil {
		p.t.Fatal(err)
	}
	dir := workspace(p.t, "Dockerfile", `FROM scratch AS frontend
LABEL moby.buildkit.frontend.network.none="true"
COPY --chmod=755 dockerfile-frontend /bin/dockerfile-frontend
ENTRYPOINT ["/bin/dockerfile-frontend"]
FROM `+p.registry+`/base AS onbuild
ONBUILD COPY trigger /triggered/
ONBUILD RUN echo ran >>/triggered/trigger
ONBUILD ARG TRIGGERED=1
ONBUILD LABEL triggered=$TRIGGERED
`, "dockerfile-frontend", string(program))
	for _, name := range []string{"frontend", "onbuild"} {
		p.buildctl(enginetest.Buildkitd(p.t).Address).build(p.t, dir, "Dockerfile", parityArgument{Target: name, Tags: []string{p.registry + "/" + name}, Outputs: []parityOutput{{Type: "image", Attrs: map[string]string{"push": "true"}}}})
	}
}

// A parityArgument is that of buildls.build, as far as the cases need it.
type parityArgument struct {
	Target    string             `json:"target"`
	Tags      []string           `json:"tags"`
	Platforms []string           `json:"platforms"`
	BuildArgs map[string]*string `json:"buildArgs"`
	Labels    map[string]string  `json:"labels"`
	Secrets   []paritySecret     `json:"secrets"`
	SSH       []paritySSH        `json:"ssh"`
	Outputs   []parityOutput     `json:"outputs"`
	Network   string             `json:"network"`
	AddHosts  []string           `json:"addHosts"`
	Attest    []string           `json:"attest"`
}

type paritySecret struct {
	ID  string `json:"id"`
	Src string `json:"src,omitempty"`
	Env string `json:"env,omitempty"`
}

type paritySSH struct {
	ID string `json:"id"`
}

type parityOutput struct {
	Type  string            `json:"type"`
	Attrs map[string]string `json:"attrs,omitempty"`
}

// flags says the argument as `docker build` does.
func (a parityArgument) flags() (args []string) {
	add := func(flag string, values ...string) {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	if a.Target != "" {
		add("--target", a.Target)
	}
	add("--tag", a.Tags...)
	add("--platform", a.Platforms...)
	for k, v := range a.BuildArgs {
		if v == nil {
			add("--build-arg", k)
		} else {
			add("--build-arg", k+"="+*v)
		}
	}
	for k, v := range a.Labels {
		add("--label", k+"="+v)
	}
	for _, s := range a.Secrets {
		add("--secret", s.line())
	}
	for _, s := range a.SSH {
		add("--ssh", s.ID)
	}
	for _, o := range a.Outputs {
		add("--output", o.line())
	}
	if a.Network != "" {
		add("--network", a.Network)
	}
	add("--add-host", a.AddHosts...)
	add("--attest", a.Attest...)
	return args
}

// opts says it as `buildctl build` does.
func (a parityArgument) opts(env []string) (args []string) {
	opt := func(kv string) { args = append(args, "--opt", kv) }
	if a.Target != "" {
		opt("target=" + a.Target)
	}
	if len(a.Platforms) > 0 {
		opt("platform=" + strings.Join(a.Platforms, ","))
	}
	for k, v := range a.BuildArgs {
		if v != nil {
			opt("build-arg:" + k + "=" + *v)
		} else if i := slices.IndexFunc(env, func(kv string) bool { return strings.HasPrefix(kv, k+"=") }); i >= 0 {
			opt("build-arg:" + env[i])
		}
	}
	for k, v := range a.Labels {
		opt("label:" + k + "=" + v)
	}
	for _, s := range a.Secrets {
		args = append(args, "--secret", s.line())
	}
	for _, s := range a.SSH {
		args = append(args, "--ssh", s.ID)
	}
	for _, o := range a.Outputs {
		args = append(args, "--output", o.line()+",name="+a.Tags[0])
	}
	if a.Network != "" {
		opt("force-network-mode=" + a.Network)
	}
	if len(a.AddHosts) > 0 {
		opt("add-hosts=" + strings.NewReplacer(":10.", "=10.", "[", "", "]", "").Replace(strings.Join(a.AddHosts, ",")))
	}
	return args
}

func (s paritySecret) line() string {
	line := "id=" + s.ID
	if s.Src != "" {
		line += ",src=" + s.Src
	}
	if s.Env != "" {
		line += ",env=" + s.Env
	}
	return line
}

func (o parityOutput) line() string {
	line := "type=" + o.Type
	for k, v := range o.Attrs {
		line += fmt.Sprintf(`,"%s=%s"`, k, v)
	}
	return line
}

// A peer is the command line of a terminal's own tool: it builds in dir, writes rawjson
// to its stderr, and the metadata to a file.
type peer func(dir, file, metadata string, a parityArgument) *exec.Cmd

// buildctl builds as people do on a buildkitd.
func (p *parity) buildctl(address string) peer {
	program := enginetest.Buildctl(p.t)
	return func(dir, file, metadata string, a parityArgument) *exec.Cmd {
		cmd := exec.Command(program, append([]string{"--addr", address, "build", "--progress", "rawjson", "--metadata-file", metadata,
			"--frontend", "dockerfile.v0", "--local", "context=.", "--local", "dockerfile=" + filepath.Dir(file), "--opt", "filename=" + filepath.Base(file)}, a.opts(p.env)...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), p.env...)
		if wineRoot != "" {
			inWine(p.t, cmd, "buildctl.exe")
		}
		return cmd
	}
}

// docker builds as people do on a Docker engine.
func (p *parity) docker(d *enginetest.Daemon) peer {
	program := filepath.Join(enginetest.Dir(p.t), "docker-28", "cli", "docker")
	return func(dir, file, metadata string, a parityArgument) *exec.Cmd {
		cmd := exec.Command(program, slices.Concat([]string{"buildx", "build", "--progress", "rawjson", "--metadata-file", metadata, "--file", file}, a.flags(), []string{"."})...)
		cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), d.Env(), p.env)
		return cmd
	}
}

// build builds as the peer does.
func (build peer) build(t *testing.T, dir, file string, a parityArgument) made {
	t.Helper()
	metadata := filepath.Join(t.TempDir(), "metadata")
	return madeBy(t, build(dir, file, metadata, a), metadata)
}

// aStep is the name of a vertex that stands for an instruction which does something.
var aStep = lazyregexp.New(`^\[.*\d+/\d+\] (ONBUILD )?(RUN|COPY|ADD|WORKDIR)\b`)

// madeBy runs a build that writes rawjson to its stderr, and reads what it made.
func madeBy(t *testing.T, cmd *exec.Cmd, metadata string) made {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := made{}
	steps := map[string]bool{} // by name, as a URL that is fetched has that of its ADD: were they cached?
	for line := range bytes.Lines(out) {
		var status client.SolveStatus
		if json.Unmarshal(line, &status) != nil {
			continue // not the display's
		}
		for _, v := range status.Vertexes {
			if v.Started != nil && aStep.MatchString(v.Name) {
				steps[v.Name] = steps[v.Name] || v.Cached
			}
		}
	}
	m.steps = len(steps)
	for name, cached := range steps {
		if !cached {
			m.ran = append(m.ran, name)
		}
	}
	data, err := os.ReadFile(metadata)
	if err != nil {
		t.Fatal(err)
	}
	var says struct {
		Digest string          `json:"containerimage.digest"`
		Config string          `json:"containerimage.config.digest"`
		App    json.RawMessage // of a target of bake's
	}
	if err := json.Unmarshal(data, &says); err != nil {
		t.Fatal(err)
	}
	if says.App != nil {
		json.Unmarshal(says.App, &says) // what is wrong with it the digests tell
	}
	m.digest, m.config = cmp.Or(says.Digest, says.Config), cmp.Or(says.Config, says.Digest) // an old engine says one of them
	return m
}

// A terminalSite is an engine with the tool that people build on it with.
type terminalSite struct {
	site
	peer
	terminal bool // that `buildls build` is tried too: it costs a process for every case
	// provenance says that the tool adds it by default, with the time of the day.
	provenance bool
}

// A made is what a build left: digests as in the metadata file, and the steps that it
// had to run.
type made struct {
	digest, config string
	steps          int // how many there are
	ran            []string
}
