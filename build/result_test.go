package build

import (
	"testing"

	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

func TestResultFor(t *testing.T) {
	of := func(platforms ...string) *Outcome {
		o := &Outcome{}
		for _, p := range platforms {
			o.Results = append(o.Results, Result{Platform: p})
		}
		return o
	}
	for _, c := range []struct {
		made []string
		on   string
		want string
	}{
		{[]string{"linux/arm64"}, "linux/amd64", "linux/arm64"}, // by emulation, as its steps ran
		{[]string{"linux/arm64", "linux/amd64"}, "linux/amd64", "linux/amd64"},
		{[]string{"linux/arm/v6", "linux/arm/v7"}, "linux/arm/v7", "linux/arm/v7"},
		{[]string{"linux/arm/v7", "linux/arm64"}, "linux/arm64", "linux/arm64"},
		{[]string{"linux/s390x", "linux/riscv64"}, "linux/amd64", ""},
		{nil, "linux/amd64", ""},
		{[]string{"linux/amd64", "linux/arm64"}, "nonsense//", ""},
	} {
		got := ""
		if r := of(c.made...).ResultFor(c.on); r != nil {
			got = r.Platform
		}
		if got != c.want {
			t.Errorf("of %q on %s: %q, want %q", c.made, c.on, got, c.want)
		}
	}
}

func TestImageConfig(t *testing.T) {
	const key = exptypes.ExporterImageConfigKey
	one, several := gateway.NewResult(), gateway.NewResult()
	one.AddRef("linux/arm64", nil)
	one.AddMeta(key+"/linux/arm64", []byte("arm64"))
	several.AddRef("linux/arm64", nil)
	several.AddRef("linux/amd64", nil)
	several.AddMeta(key+"/linux/amd64", []byte("amd64"))
	single := gateway.NewResult()
	single.AddMeta(key, []byte("single"))
	for _, c := range []struct {
		res            *gateway.Result
		platform, want string
	}{{one, "", "arm64"}, {several, "linux/amd64", "amd64"}, {several, "linux/arm64", ""}, {single, "", "single"}} {
		if got := string(imageConfig(c.res, c.platform)); got != c.want {
			t.Errorf("%q: %q, want %q", c.platform, got, c.want)
		}
	}
}
