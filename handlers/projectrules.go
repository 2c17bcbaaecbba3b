package handlers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/hadolint"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/workspace"
)

// projectRules is what hadolint's configuration of a project, or else of its author, says of rules.
// The zero value is that of none.
type projectRules struct {
	file hadolint.File
	path string // empty if there is none
	err  error  // why it cannot be read; then it does not count
}

// readRules looks for the configuration in the folder of a Dockerfile and above it, up to the
// workspace's folder. An open buffer stands in for its file.
func readRules(snapshot *workspace.Snapshot, doc *workspace.Document) (r projectRules) {
	if doc.Path == "" {
		return r
	}
	dir := filepath.Dir(doc.Path)
	top := dir
	if folder, _, ok := snapshot.FolderOf(doc); ok {
		top = folder.Path
	}
	r.file, r.path, r.err = hadolint.Find(dir, top, os.Getenv, readThrough(snapshot))
	if errors.Is(r.err, hadolint.ErrNone) {
		return projectRules{}
	}
	return r
}

// in adds to a configuration which rules count. The file decides unless the author's settings ask
// for none, or for all.
func (r projectRules) in(cfg practice.Config, asked practice.Set) practice.Config {
	cfg.Set = asked
	if r.path == "" || r.err != nil || cfg.Set == practice.BuildKit {
		return cfg
	}
	cfg.Set = practice.All
	r.file.Apply(&cfg)
	cfg.Hadolint = asked != practice.All // who asks for all gets those too that hadolint has off
	return cfg
}

// note tells on the first line of a Dockerfile that the configuration does not count.
func (r projectRules) note() []dockerfile.Problem {
	if len(r.file.Unknown) > 0 && r.err == nil {
		return []dockerfile.Problem{{Code: "rules", Severity: dockerfile.Warning, Message: fmt.Sprintf("there is no key %s in %s; the rest counts", strings.Join(r.file.Unknown, ", "), r.path)}}
	}
	if r.err == nil {
		return nil
	}
	return []dockerfile.Problem{{Code: "rules", Severity: dockerfile.Warning, Message: fmt.Sprintf("this configuration of rules does not count: %v", r.err)}}
}
