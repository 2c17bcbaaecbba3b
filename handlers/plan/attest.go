package plan

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/pairs"
)

// longAttest is the flag --provenance or --sbom, a truth value or parameters, as one of
// --attest.
func longAttest(kind, value string) string {
	if on, err := strconv.ParseBool(value); err == nil {
		return fmt.Sprintf("type=%s,disabled=%t", kind, !on)
	}
	return fmt.Sprintf("type=%s,%s", kind, value)
}

// attests checks the attestations: type=TYPE,key=value,…
func (o *Options) attests() ([]build.Attest, error) {
	given := slices.Clone(o.Attest)
	if o.Provenance != "" {
		given = append(given, longAttest("provenance", o.Provenance))
	}
	if o.SBOM != "" {
		given = append(given, longAttest("sbom", o.SBOM))
	}
	var list []build.Attest
	for _, s := range given {
		parts, err := pairs.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("attest: %w", err)
		}
		var a build.Attest
		for _, p := range parts {
			switch p.Key {
			case "type":
				a.Type = p.Value
			case "disabled":
				if a.Disabled, err = strconv.ParseBool(p.Value); err != nil {
					return nil, fmt.Errorf("attest: disabled is true or false, not %q", p.Value)
				}
			default:
				a.Params = append(a.Params, p.Key+"="+p.Value)
			}
		}
		if err := build.CheckAttest(a); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}
