package plan

import (
	"os"
	"path/filepath"

	"github.com/buildls/buildls/workspace"
)

// docker/buildx, since 0.31, loads a policy from NAME.rego beside a Dockerfile NAME by itself,
// and refuses what it forbids (build/opt.go, loadInputs). buildls cannot evaluate one, so it
// does not build what has one, unless its author says that it counts for nothing.
const (
	PolicyRefuse = "refuse"
	PolicyIgnore = "ignore"
)

// PolicyFile is the policy that stands beside a Dockerfile, as a file or as a buffer; empty if
// none does, or if it is ignored.
func (p *Setup) PolicyFile() string {
	if p.policy == PolicyIgnore || p.Doc == nil || p.Doc.Path == "" || p.Inline() != nil {
		return ""
	}
	path := p.Doc.Path + ".rego"
	if _, err := os.Lstat(path); err == nil || p.Snapshot.Document(workspace.FileURI(path)) != nil {
		return path
	}
	return ""
}

// checkPolicy refuses a build that a policy may forbid.
func (p *Setup) checkPolicy() error {
	switch p.policy {
	case PolicyRefuse, PolicyIgnore, "":
	default:
		return invalid("policy: %q is neither refuse nor ignore", p.policy)
	}
	if p.policy != PolicyIgnore && p.Profile != nil && p.Profile.Policy != nil {
		return invalid("not built: %v", p.Profile.Policy)
	}
	if path := p.PolicyFile(); path != "" {
		return invalid("not built: the policy %s stands beside %s, and buildls cannot evaluate policies. Build with `docker buildx build`, which does, or without the policy: "+
			"\"policy\": \"ignore\" in the argument, the setting buildls.policy, or --policy ignore in a terminal", filepath.Base(path), filepath.Base(p.Doc.Path))
	}
	return nil
}
