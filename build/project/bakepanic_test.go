package project

import (
	"strings"
	"testing"

	"github.com/docker/buildx/bake/hclparser"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// TestPanicOfOne has the library panic on one target. The others are read.
func TestPanicOfOne(t *testing.T) {
	whole := parseHCL
	defer func() { parseHCL = whole }()
	parseHCL = func(files []*hcl.File, opt hclparser.Opt, into *bakeModel) (*hclparser.ParseMeta, hcl.Diagnostics) {
		for _, f := range files {
			for _, b := range f.Body.(*hclsyntax.Body).Blocks {
				if b.Labels[0] == "bad" {
					panic("must not")
				}
			}
		}
		return whole(files, opt, into)
	}
	text := "variable \"V\" {\n  default = \"v\"\n}\ntarget \"a\" {\n  tags = [V]\n}\ntarget \"bad\" {\n}\ntarget \"c\" {\n  inherits = [\"a\"]\n}\n"
	p := files{"docker-bake.hcl": text}.read()
	if len(p.Profiles) != 3 || len(p.Problems) != 1 {
		t.Fatalf("%v, %v", p.Profiles, p.Problems)
	}
	for _, profile := range p.Profiles {
		if (profile.Fault != nil) != (profile.Name == "bad") {
			t.Errorf("%s: %v", profile.Name, profile.Fault)
		}
	}
	if at := p.Problems[0]; at.Line != 6 || text[at.Start:at.End] != "bad" || !strings.Contains(at.Message, "must not") {
		t.Errorf("%+v", at)
	}
}

// TestEmptyEntries holds that an object without anything is no other target's fault.
func TestEmptyEntries(t *testing.T) {
	for attr, faulty := range map[string]bool{"secret": true, "policy": false, "attest": true, "ssh": false} {
		p := files{"docker-bake.hcl": "target \"a\" {\n  " + attr + " = [{}]\n}\ntarget \"b\" {}\n"}.read()
		if len(p.Profiles) != 2 || p.Profiles[1].Fault != nil || (p.Profiles[0].Fault != nil) != faulty {
			t.Errorf("%s: %v, %v", attr, p.Profiles, p.Problems)
		}
	}
}
