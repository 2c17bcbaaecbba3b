package plan

import (
	"io"
	"os"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// An Argument is that of buildls.build.
type Argument struct {
	URI workspace.URI `json:"uri"`
	Options
	Profile string `json:"profile"`
	Engine  string `json:"engine"`
	Wait    bool   `json:"wait"`

	Given Fields `json:"-"` // as they came
}

// NewArgument is an argument that gives these fields, but for those that are empty.
func NewArgument(uri workspace.URI, context, target string) (arg Argument) {
	arg.URI, arg.Context, arg.Target = uri, context, target
	arg.Given = fieldsOf(struct {
		URI     workspace.URI `json:"uri,omitempty"`
		Context string        `json:"context,omitempty"`
		Target  string        `json:"target,omitempty"`
	}{uri, context, target})
	return arg
}

// Options are what an editor and a terminal can say of a build alike. Their fields mean
// what the flags of `docker build` of the same names do.
type Options struct {
	project.Build
	Push         bool     `json:"push"`
	Load         bool     `json:"load"`
	Allow        []string `json:"allow"`
	Policy       string   `json:"policy"`
	IIDFile      string   `json:"iidFile"`
	MetadataFile string   `json:"metadataFile"`

	// The contract has these in the terminal only.
	CgroupParent string    `json:"-"`
	Provenance   string    `json:"-"` // short for attest
	SBOM         string    `json:"-"` // likewise
	Annotations  []string  `json:"-"` // likewise for attributes of outputs
	Stdout       io.Writer `json:"-"` // for an output to "-"; nil refuses one
}

// leaveNothing takes out what a build leaves elsewhere than in its engine's cache.
func (o *Options) leaveNothing() {
	o.Outputs, o.Push, o.Load, o.CacheTo, o.Attest, o.IIDFile, o.MetadataFile = nil, false, false, nil, nil, "", ""
}

// useCache takes out what does again what is in the cache.
func (o *Options) useCache() { o.NoCache, o.NoCacheFilter, o.Pull = false, nil, false }

// runOptions checks what the options say of how the steps run.
func (o *Options) runOptions() (build.Options, error) {
	out := build.Options{Labels: o.Labels, NoCacheFilter: o.NoCacheFilter, Pull: o.Pull, Allow: o.Allow, CgroupParent: o.CgroupParent}
	var err error
	if out.Network, err = build.CheckNetwork(o.Network); err != nil {
		return out, err
	}
	for _, s := range o.AddHosts {
		host, err := build.CheckHost(s)
		if err != nil {
			return out, err
		}
		out.Hosts = append(out.Hosts, host)
	}
	for _, s := range o.Allow {
		if err := build.CheckEntitlement(s); err != nil {
			return out, err
		}
	}
	return out, o.addLimits(&out)
}

// addLimits checks and takes what the terminal alone can say.
func (o *Options) addLimits(out *build.Options) (err error) {
	if o.ShmSize != "" {
		if out.ShmSize, err = build.CheckSize(o.ShmSize); err != nil {
			return err
		}
	}
	for _, s := range o.Ulimits {
		u, err := build.CheckUlimit(s)
		if err != nil {
			return err
		}
		out.Ulimits = append(out.Ulimits, u)
	}
	return nil
}

// valuesOf gives build args that have no value the environment's, as `docker build
// --build-arg NAME` does; one that is not there either is left out. SOURCE_DATE_EPOCH
// is taken from it unasked, likewise.
func valuesOf(args map[string]*string) map[string]string {
	out := map[string]string{}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		out["SOURCE_DATE_EPOCH"] = epoch
	}
	for name, value := range args {
		if value != nil {
			out[name] = *value
		} else if v, ok := os.LookupEnv(name); ok {
			out[name] = v
		}
	}
	return out
}
