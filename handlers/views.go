package handlers

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// A view is a setup with the ignore file that counts, as the author sees it.
type view struct {
	plan.Setup
	ignore plan.IgnoreFile
	wrong  error // why nothing can be told of the context; nil if nothing is in the way
	// ruledBy is the policy that keeps it from being built; empty if none does.
	ruledBy string
	rules   projectRules
}

const (
	// maxViews is how many views of one Dockerfile are told apart.
	maxViews = 8
	// viewsFresh is how long views are believed while nothing is heard of their files: not
	// every client says when a file changes on the disk.
	viewsFresh = 3 * time.Second
)

// views remembers how Dockerfiles would be built, so that typing reads no file. What it is
// told has changed is read again, and the rest every few seconds.
type views struct {
	follows

	mu    sync.Mutex
	turns int // how often something was said to have changed
	known map[workspace.URI]knownViews
}

// knownViews are those of a Dockerfile, for any text of it.
type knownViews struct {
	turn int
	at   time.Time
	list []view
}

// reread forgets all but the views of documents that are as they were.
func (v *views) reread(_, same []*workspace.Document) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turns++
	for _, doc := range same {
		if k, ok := v.known[doc.URI.Key()]; ok && k.turn == v.turns-1 {
			k.turn = v.turns
			v.known[doc.URI.Key()] = k
		}
	}
}

// closed forgets a Dockerfile.
func (v *views) closed(uri workspace.URI) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.known, uri.Key())
}

// get is what is known of a Dockerfile, and the turn in which it is asked for.
func (v *views) get(uri workspace.URI) (list []view, turn int, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.known[uri.Key()]
	return k.list, v.turns, k.list != nil && k.turn == v.turns && time.Since(k.at) < viewsFresh
}

// put keeps views of a Dockerfile, but not the snapshot that they were read from: a snapshot
// of each of ten thousand open documents is as many times ten thousand.
func (v *views) put(uri workspace.URI, turn int, list []view) {
	list = slices.Clone(list)
	for i := range list {
		list[i].Snapshot, list[i].Doc = nil, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		v.known = map[workspace.URI]knownViews{}
	}
	v.known[uri.Key()] = knownViews{turn, time.Now(), list}
}

// viewsOf are the ways in which a Dockerfile would be built that looking at it can tell
// apart: one, unless profiles that differ build it. What the last build was given counts
// where nothing else says it.
func (s *Server) viewsOf(snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) []view {
	list, turn, ok := s.views.get(doc.URI)
	if !ok {
		list = s.readViews(snapshot, doc, "", settings)
		s.views.put(doc.URI, turn, list)
	}
	return s.withLastBuild(list, snapshot, doc)
}

// withLastBuild are views of another text of their Dockerfile.
func (s *Server) withLastBuild(list []view, snapshot *workspace.Snapshot, doc *workspace.Document) []view {
	last := s.marks.lastBuild(doc.URI)
	list = slices.Clone(list)
	for i := range list {
		list[i].Snapshot, list[i].Doc = snapshot, doc
		if last != nil && len(list) == 1 {
			args := maps.Clone(last.BuildArgs)
			if args == nil {
				args = map[string]string{}
			}
			maps.Copy(args, list[i].BuildArgs)
			list[i].BuildArgs = args
		}
	}
	return list
}

// readViews are the views of a Dockerfile, as its files are now. Profiles that build the
// target go before others, as in a build.
func (s *Server) readViews(snapshot *workspace.Snapshot, doc *workspace.Document, target string, settings Settings) (list []view) {
	setups, wrong := s.projects.Setups(snapshot, doc, target, settings.Defaults)
	rules := readRules(snapshot, doc)
	for i, how := range setups {
		v := view{Setup: how, wrong: wrong[i], ruledBy: how.PolicyFile(), rules: rules}
		if v.wrong == nil && !v.Context.Remote() { // of a remote context BuildKit ignores nothing
			v.ignore, v.wrong = v.IgnoreFile()
		}
		if len(list) < maxViews && !slices.ContainsFunc(list, v.same) {
			list = append(list, v)
		}
	}
	return list
}

// same says whether two views of a Dockerfile show the same.
func (v view) same(o view) bool {
	text := func(err error) string { return fmt.Sprint(err) }
	return v.Context.String() == o.Context.String() && v.Target == o.Target && v.ruledBy == o.ruledBy && slices.Equal(v.Platforms, o.Platforms) && maps.Equal(v.BuildArgs, o.BuildArgs) &&
		v.ignore.URI == o.ignore.URI && string(v.ignore.Text) == string(o.ignore.Text) && text(v.wrong) == text(o.wrong)
}

// file is the view, for one of its platforms, as lint reads it.
func (v view) file(images dockerfile.Images, platform string) lint.File {
	return lint.File{Dockerfile: plan.FileOf(v.Doc), Ignore: v.ignore.Text, Images: images, Args: v.BuildArgs, Target: v.Target, Platform: platform,
		Rules: practice.Config{Contexts: v.Named}}
}

// given is what a conversion of the view's text is given.
func (v view) given(images dockerfile.Images) dockerfile.Given {
	return dockerfile.Given{Target: v.Target, Args: v.BuildArgs, Platform: v.platform(), Images: images}
}

// platform is the one that is looked at where one must be: the first.
func (v view) platform() string {
	if len(v.Platforms) == 0 {
		return ""
	}
	return v.Platforms[0]
}

// lintFiles are the files that a check of a Dockerfile reads: one for each view and
// platform, and one as the last build had it. They are one, mostly.
func (s *Server) lintFiles(list []view) (files []lint.File) {
	images := s.images.all()
	add := func(v view, platform string) {
		f := v.file(images, platform)
		f.IgnoreFaults = s.ignores.sentences(v.ignore)
		same := func(o lint.File) bool {
			return maps.Equal(f.Args, o.Args) && f.Target == o.Target && f.Platform == o.Platform && string(f.Ignore) == string(o.Ignore)
		}
		if len(files) <= maxViews && !slices.ContainsFunc(files, same) {
			files = append(files, f)
		}
	}
	for _, v := range list {
		add(v, v.platform())
		for _, platform := range v.Platforms {
			add(v, platform)
		}
	}
	if last := s.marks.lastBuild(list[0].Doc.URI); last != nil {
		v := list[0]
		v.BuildArgs, v.Target, v.Platforms = last.BuildArgs, last.Target, last.Platforms
		add(v, v.platform())
	}
	return files
}

// watch looks every few seconds whether the files have changed that open Dockerfiles are
// built with, for clients that do not say so. It returns when the connection ends.
func (s *Server) watch(ctx context.Context) {
	var took time.Duration
	for {
		select {
		case <-time.After(max(viewsFresh, 199*took)): // looking is a two-hundredth of the time at most
		case <-ctx.Done():
			return
		}
		began, snapshot, settings := time.Now(), s.ws.Snapshot(), s.settings.now()
		for _, doc := range snapshot.Documents() {
			if known, turn, _ := s.views.get(doc.URI); known != nil {
				now := s.readViews(snapshot, doc, "", settings)
				s.views.put(doc.URI, turn, now)
				if !slices.EqualFunc(known, now, view.same) {
					s.lint.start(doc.URI)
					s.contextUsage.changed(doc)
				}
			}
		}
		took = time.Since(began)
	}
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
	stages, err := plan.FileOf(views[0].Doc).Stages()
	if err != nil || len(stages) == 0 {
		return nil
	}
	message := filepath.Base(path) + " is a policy for this Dockerfile, which buildls cannot evaluate: it builds this only if \"policy\" is \"ignore\", in the argument or in the setting buildls.policy"
	return []dockerfile.Problem{{Code: "policy", Severity: dockerfile.Information, Message: message, Lines: stages[0].Lines}}
}
