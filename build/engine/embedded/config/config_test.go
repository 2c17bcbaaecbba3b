package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	dockerconfig "github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/util/disk"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A mistake has its file and its line.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	empty := write(t, dir, "empty.pem", "nothing\n")
	for _, c := range []struct {
		text string
		line int
		says string
	}{
		{"debug = true\n\n[registry.\"docker.io\"\nmirrors = []\n", 3, "expected"},
		{"[registry.\"docker.io\"]\nmirrors = \"a\"\n", 2, "string"},
		{"[worker.oci]\n\nmaxUsedSpace = \"much\"\n", 3, "invalid disk space much"},
		{"[[worker.oci.gcpolicy]]\nkeepDuration = \"long\"\n", 2, "invalid duration long"},
		{"[[worker.oci.gcpolicy]]\nall = true\nfilters = [\n  \"type=\",\n]\n", 4, `"type="`},
		{"[dns]\nnameservers = [\"127.0.0.1\", \"dns.example\"]\n", 2, `"dns.example" is no IP address`},
		{"[registry.\"a:5000\"]\nca = ['" + dir + "/none.pem']\n", 2, "none.pem: no such file"},
		{"[registry.\"a:5000\"]\nca = [\"/dev/zero\"]\n", 2, "/dev/zero: it is no file"},
		{"[registry.\"a:5000\"]\n\nca = [\"" + empty + "\"]\n", 3, "no certificate in it"},
		{"[registry.\"a:5000\"]\n[[registry.\"a:5000\".keypair]]\nkey = \"/k\"\ncert = \"/c\"\n", 4, "/c: no such file"},
		{"[system]\nmaxRegistryConcurrency = 0\n", 2, "greater than 0"},
	} {
		file := write(t, dir, "buildkitd.toml", c.text)
		_, err := Load(file)
		var m *Mistake
		if !errors.As(err, &m) || m.Line != c.line || m.File != file || !strings.Contains(m.Text, c.says) || strings.Contains(m.Text, "toml: ") {
			t.Errorf("%s: %v, want line %d and %q", c.text, err, c.line, c.says)
		}
	}
}

// What counts for nothing is said, with its line if it may be a mistake.
func TestRemarks(t *testing.T) {
	file := write(t, t.TempDir(), "buildkitd.toml", `root = "/var/lib/buildkit"
[grpc]
address = ["unix:///run/buildkit/buildkitd.sock"]
[worker.oci]
gc = true
snapshotter = "native"
max-parallelism = 3
[worker.containerd]
enabled = true
[registry."docker.io"]
miror = ["a"]
mirrors = ["http://mirror.example:5000/hub"]
[registry."https://ghcr.io"]
[frontend."gateway.v0"]
enabled = true
allowedRepositories = ["docker/dockerfile"]
`)
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"frontend.gateway.v0.enabled", "grpc", "root", "worker.containerd", "worker.oci.snapshotter"}; !slices.Equal(c.Unused, want) {
		t.Errorf("%q are unused, want %q", c.Unused, want)
	}
	for i, says := range []string{"line 11: BuildKit knows no key registry.docker.io.miror", `line 12: the scheme of the mirror "http://mirror.example:5000/hub" counts for nothing: for one without TLS write "mirror.example:5000/hub", and ` + "`http = true`" + ` below [registry."mirror.example:5000"]`, "line 13: a registry has no scheme"} {
		if i >= len(c.Remarks) || !strings.Contains(c.Remarks[i], says) {
			t.Errorf("%q, want %q", c.Remarks, says)
		}
	}
	if c.Workers.OCI.MaxParallelism != 3 || len(c.Registries["docker.io"].Mirrors) != 1 {
		t.Errorf("%+v", c.Config)
	}
}

// The setting goes over the environment, that over the user's file, and that over the machine's.
func TestWhichFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv(EnvName, "")
	load := func(setting string) *Config {
		t.Helper()
		c, err := Load(setting)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := load("")
	own := write(t, dir, "buildkit/buildkitd.toml", "")
	if c := load(""); c.File != own || c.Source != "its default place" || before.File == own {
		t.Errorf("%+v, before %+v", c, before)
	}
	other := write(t, dir, "other.toml", "")
	t.Setenv(EnvName, other)
	if c := load(""); c.File != other || c.Source != "$BUILDLS_ENGINE_CONFIG" {
		t.Errorf("%+v", c)
	}
	if c := load(own); c.File != own || c.Source != "the setting buildls.engineConfig" {
		t.Errorf("%+v", c)
	}
	var m *Mistake
	if _, err := Load(filepath.Join(dir, "none.toml")); !errors.As(err, &m) || !strings.Contains(err.Error(), "none.toml: no such file or directory (the setting buildls.engineConfig names it)") {
		t.Errorf("%v", err)
	}
}

// The sums tell the registries from the rest.
func TestSums(t *testing.T) {
	sums := func(text string) (string, string) {
		t.Helper()
		c, err := parse("/f", "", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w := c.Runs()
		return w.Registries, w.Rest
	}
	registries, rest := sums("")
	if r, o := sums("# nothing\n"); r != registries || o != rest {
		t.Error("a comment changes something")
	}
	if r, o := sums("root = \"/x\"\n[worker.oci.stargzSnapshotter]\nx = nan\n"); r != registries || o != rest {
		t.Error("a key that is not heeded changes something")
	}
	if r, o := sums("[registry.a]\nhttp = true\n"); r == registries || o != rest {
		t.Error("a registry is none, or more")
	}
	if r, o := sums("[dns]\nnameservers = [\"127.0.0.1\"]\n"); r != registries || o == rest {
		t.Error("a name server is a registry, or nothing")
	}
}

// The proxies of the environment go over those of Docker's configuration. An engine that inherits
// both runs with what its client wishes.
func TestProxies(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "config.json", `{"proxies": {"default": {"httpProxy": "http://docker:1", "httpsProxy": "http://docker:2", "noProxy": "a"}}}`)
	dockerconfig.SetDir(dir)
	for _, name := range proxyNames {
		t.Setenv(name, "")
		t.Setenv(strings.ToLower(name), "")
	}
	t.Setenv("https_proxy", "http://env:3")
	list := Proxies()
	if want := []Proxy{{"HTTP_PROXY", "http://docker:1", true}, {"HTTPS_PROXY", "http://env:3", false}, {"NO_PROXY", "a", true}}; !slices.Equal(list, want) {
		t.Errorf("%+v, want %+v", list, want)
	}
	var c Config
	wish := c.Wish()
	if c.Runs() == wish {
		t.Error("an engine without Docker's proxies has what is wished")
	}
	for _, variable := range AsEnvironment(list) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	if c.Runs() != wish {
		t.Error("an engine that inherits the proxies does not have what is wished")
	}
}

// Without a word in the file, the cache has a tenth of the disk, and 20 GB at most.
func TestDefaultLimit(t *testing.T) {
	for total, want := range map[int64]int64{50e9: 5e9, 200e9: 20e9, 4000e9: 20e9} {
		if c := limited(config.GCConfig{}, disk.DiskStat{Total: total}); c.GCMaxUsedSpace.Bytes != want || c.GCReservedSpace.Bytes != want/2 || c.GCMinFreeSpace.Percentage == 0 {
			t.Errorf("of a disk of %d: %+v", total, c)
		}
	}
	for _, text := range []string{"gckeepstorage = 1000", "maxUsedSpace = \"1GB\"", "minFreeSpace = \"1GB\""} {
		c, err := parse("/f", "", []byte("[worker.oci]\n"+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if own := c.Workers.OCI.GCConfig; !reflect.DeepEqual(limited(own, disk.DiskStat{Total: 1e12}), own) {
			t.Errorf("%s has another limit, too", text)
		}
	}
	stat, err := disk.GetDiskStat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	policy := new(Config).GCPolicy(t.TempDir())
	if last := policy[len(policy)-1]; !last.All || last.MaxUsedSpace != min(stat.Total/10, 20e9) {
		t.Errorf("of a disk of %d: %+v", stat.Total, policy)
	}
	off, err := parse("/f", "", []byte("[worker.oci]\ngc = false\n"))
	if err != nil || off.GCPolicy(t.TempDir()) != nil {
		t.Errorf("gc = false: %v, %+v", err, off.GCPolicy(t.TempDir()))
	}
}

// Whatever a file says, it is read, or its mistake has a line of it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "[registry.\"docker.io\"]\nmirrors = [\"a\"]\n", "[worker.oci]\nmaxUsedSpace = \"10%\"\n", "a = nan\n[x\n",
		"[[worker.oci.gcpolicy]]\nfilters = [\"type==\"]\n", "[dns]\nnameservers = [\"x\"]\n", "[system]\nmaxRegistryConcurrency = 0\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse("/f", "", []byte(text))
		if err == nil {
			c.Runs()
			return
		}
		var m *Mistake
		if !errors.As(err, &m) || m.Line < 0 || m.Line > strings.Count(text, "\n")+1 || m.Text == "" {
			t.Errorf("%v", err)
		}
	})
}
