package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/workspace"
)

// Defaults are what the author's settings say of builds.
type Defaults struct {
	Engine, Context, Overlay, Policy string
	OfflineFrontend                  string            // OfflineFail, if it is empty, or OfflineBuiltin
	Build, Profiles                  map[string]Fields // arguments, by pattern and by name
}

// What to do if the front end that a Dockerfile asks for cannot be fetched: the build fails, or the
// embedded engine's own stands in.
const (
	OfflineFail    = "fail"
	OfflineBuiltin = "builtin"
)

// Fields are those of an argument, as they came.
type Fields = map[string]json.RawMessage

// Preferences are the engines that a command's argument and the settings name.
func (s *Defaults) Preferences(argument string) []engine.Preference {
	return []engine.Preference{{Source: "the argument engine", Address: argument}, {Source: "the setting buildls.engine", Address: s.Engine}}
}

// globBuild is what the setting build says of a Dockerfile, by its path relative to its
// workspace folder. Of several patterns that match, the longer goes over the shorter.
func (s *Defaults) globBuild(snapshot *workspace.Snapshot, path string) Fields {
	out := Fields{}
	if path == "" || len(s.Build) == 0 {
		return out
	}
	name, fold := RelativeName(snapshot, path), workspace.PlaceOf(path).Fold
	patterns := slices.SortedFunc(maps.Keys(s.Build), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	for _, pattern := range patterns {
		if matches(pattern, name) || matches(fold(pattern), fold(name)) {
			lay(out, s.Build[pattern])
		}
	}
	return out
}

// matches says whether a pattern, which was checked when it was set, is for a path.
func matches(pattern, path string) bool {
	matcher, err := patternmatcher.New([]string{pattern})
	if err != nil {
		return false
	}
	ok, err := matcher.MatchesOrParentMatches(path)
	return ok && err == nil
}
