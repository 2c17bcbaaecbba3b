package handlers

import (
	"os"
	"path/filepath"

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
