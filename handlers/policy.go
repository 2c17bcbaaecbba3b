package handlers

import (
	"os"
	"path/filepath"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

// docker/buildx, since 0.31, loads a policy from NAME.rego beside a Dockerfile NAME by itself,
// and refuses what it forbids (build/opt.go, loadInputs). buildls cannot evaluate one, so it
// does not build what has one, unless its author says that it counts for nothing.
const (
	policyRefuse = "refuse"
	policyIgnore = "ignore"
)

// policyFile is the policy that stands beside a Dockerfile, as a file or as a buffer; empty if
// none does, or if it is ignored.
func (p *setup) policyFile() string {
	if p.policy == policyIgnore || p.doc == nil || p.doc.Path == "" || p.inline() != nil {
		return ""
	}
	path := p.doc.Path + ".rego"
	if _, err := os.Lstat(path); err == nil || p.snapshot.Document(workspace.FileURI(path)) != nil {
		return path
	}
	return ""
}

// checkPolicy refuses a build that a policy may forbid.
func (p *setup) checkPolicy() error {
	switch p.policy {
	case policyRefuse, policyIgnore, "":
	default:
		return invalid("policy: %q is neither refuse nor ignore", p.policy)
	}
	if p.policy != policyIgnore && p.profile != nil && p.profile.Policy != nil {
		return invalid("not built: %v", p.profile.Policy)
	}
	if path := p.policyFile(); path != "" {
		return invalid("not built: the policy %s stands beside %s, and buildls cannot evaluate policies. Build with `docker buildx build`, which does, or without the policy: "+
			"\"policy\": \"ignore\" in the argument, the setting buildls.policy, or --policy ignore in a terminal", filepath.Base(path), filepath.Base(p.doc.Path))
	}
	return nil
}

// policyNote tells on the first FROM that a policy keeps a Dockerfile from being built, if it
// does so in all its views.
func policyNote(views []view) []dockerfile.Problem {
	path := views[0].ruledBy
	for _, v := range views {
		if v.ruledBy == "" {
			return nil
		}
	}
	stages, err := dockerfile.Stages(beginning(views[0].doc))
	if err != nil || len(stages) == 0 {
		return nil
	}
	message := filepath.Base(path) + " is a policy for this Dockerfile, which buildls cannot evaluate: it builds this only if \"policy\" is \"ignore\", in the argument or in the setting buildls.policy"
	return []dockerfile.Problem{{Code: "policy", Severity: dockerfile.Information, Message: message, Lines: stages[0].Lines}}
}
