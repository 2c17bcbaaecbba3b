// Package hadolint reads hadolint's configuration: .hadolint.yaml, and variables of the environment
// (hadolint's README, "Configure").
//
// It does not know the rules.
package hadolint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/practice"
)

// A File is what a configuration says. Keys that are not here are about hadolint's own output.
type File struct {
	Ignored             []string          `yaml:"ignored"`
	Override            Override          `yaml:"override"`
	TrustedRegistries   []string          `yaml:"trustedRegistries"`
	LabelSchema         map[string]string `yaml:"label-schema"`
	StrictLabels        bool              `yaml:"strict-labels"`
	DisableIgnorePragma bool              `yaml:"disable-ignore-pragma"`
	NoFail              bool              `yaml:"no-fail"`
	FailureThreshold    string            `yaml:"failure-threshold"`

	Unknown []string `yaml:"-"` // keys that hadolint does not know either
}

// output are keys about hadolint's own output.
var output = []string{"format", "no-color", "verbose"}

// An Override is the rules that are as severe as a key says.
type Override struct {
	Error   []string `yaml:"error"`
	Warning []string `yaml:"warning"`
	Info    []string `yaml:"info"`
	Style   []string `yaml:"style"`
}

// names are those of the file in a project.
var names = []string{".hadolint.yaml", ".hadolint.yml"}

// Is says whether a path is one of such a file.
func Is(path string) bool { return slices.Contains(names, filepath.Base(path)) }

// ErrNone is that of [Find] if there is no configuration.
var ErrNone = errors.New("there is no .hadolint.yaml")

// Find reads the configuration that counts for the Dockerfiles of a folder: that of the folder, or
// of the nearest above it, but not above top, if that is not empty; else the user's own. It returns
// its path, too. Dirs are absolute. getenv is like os.Getenv, read like os.ReadFile.
func Find(dir, top string, getenv func(string) string, read func(path string) ([]byte, error)) (f File, path string, err error) {
	for _, path := range places(dir, top, getenv) {
		data, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			f, err = Parse(data)
		}
		if err != nil {
			return f, path, fmt.Errorf("%s: %w", path, err)
		}
		return f, path, nil
	}
	return f, "", ErrNone
}

// places are where a configuration may be, that which counts most first.
func places(dir, top string, getenv func(string) string) (list []string) {
	for {
		for _, name := range names {
			list = append(list, filepath.Join(dir, name))
		}
		above := filepath.Dir(dir)
		if dir == top || above == dir {
			break
		}
		dir = above
	}
	home := cmp.Or(getenv("HOME"), getenv("USERPROFILE"))
	for _, path := range []string{
		filepath.Join(cmp.Or(getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "hadolint.yaml"),
		filepath.Join(home, ".hadolint", "hadolint.yaml"),
		filepath.Join(home, ".hadolint", "config.yaml"),
		filepath.Join(home, ".hadolint.yaml"),
	} {
		if filepath.IsAbs(path) { // else there is no home
			list = append(list, path)
		}
	}
	return list
}

// MaxBytes bounds a configuration.
const MaxBytes = 256 << 10

// Parse reads a configuration. The error says what of it cannot be read.
func Parse(data []byte) (f File, err error) {
	if len(data) > MaxBytes {
		return f, fmt.Errorf("it is longer than %d KiB", MaxBytes>>10)
	}
	if err := yaml.Unmarshal(data, &f); err != nil {
		var types *yaml.TypeError
		if errors.As(err, &types) && len(types.Errors) > 0 {
			return File{}, errors.New(types.Errors[0])
		}
		return File{}, err
	}
	var keys map[string]any
	if yaml.Unmarshal(data, &keys) == nil {
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if !slices.Contains(output, key) && !slices.Contains(known, key) {
				f.Unknown = append(f.Unknown, key)
			}
		}
	}
	_, err = f.Threshold(0)
	return f, err
}

// known are the keys of File.
var known = func() (keys []string) {
	t := reflect.TypeFor[File]()
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("yaml"))
	}
	return keys
}()

// yes are the values with which hadolint takes a variable for set.
var yes = []string{"1", "y", "yes", "true", "on"}

// With adds what the environment says to the file: to its lists, and in place of its other values.
func (f File) With(getenv func(string) string) (File, error) {
	list := func(name string, to []string) []string {
		if value := getenv(name); value != "" {
			for word := range strings.SplitSeq(value, ",") {
				to = append(slices.Clip(to), strings.TrimSpace(word))
			}
		}
		return to
	}
	set := func(name string, to bool) bool { return to || slices.Contains(yes, strings.ToLower(getenv(name))) }
	f.Ignored = list("HADOLINT_IGNORE", f.Ignored)
	f.Override = Override{list("HADOLINT_OVERRIDE_ERROR", f.Override.Error), list("HADOLINT_OVERRIDE_WARNING", f.Override.Warning),
		list("HADOLINT_OVERRIDE_INFO", f.Override.Info), list("HADOLINT_OVERRIDE_STYLE", f.Override.Style)}
	f.TrustedRegistries = list("HADOLINT_TRUSTED_REGISTRIES", f.TrustedRegistries)
	f.StrictLabels = set("HADOLINT_STRICT_LABELS", f.StrictLabels)
	f.DisableIgnorePragma = set("HADOLINT_DISABLE_IGNORE_PRAGMA", f.DisableIgnorePragma)
	f.NoFail = set("HADOLINT_NOFAIL", f.NoFail)
	f.FailureThreshold = cmp.Or(getenv("HADOLINT_FAILURE_THRESHOLD"), f.FailureThreshold)
	if labels := list("HADOLINT_REQUIRE_LABELS", nil); labels != nil {
		f.LabelSchema = maps.Clone(f.LabelSchema)
		if f.LabelSchema == nil {
			f.LabelSchema = map[string]string{}
		}
		for _, label := range labels {
			name, kind, _ := strings.Cut(label, ":")
			f.LabelSchema[name] = kind
		}
	}
	_, err := f.Threshold(0)
	return f, err
}

// Threshold is what is so severe that a check fails, unless the file says otherwise.
func (f File) Threshold(otherwise dockerfile.Severity) (dockerfile.Severity, error) {
	level, ok := map[string]dockerfile.Severity{"": otherwise, "error": dockerfile.Error, "warning": dockerfile.Warning, "info": dockerfile.Information,
		"style": dockerfile.Hint, "ignore": dockerfile.Hint, "none": dockerfile.Error - 1}[strings.ToLower(f.FailureThreshold)]
	if !ok {
		return otherwise, fmt.Errorf("failure-threshold %q is none of error, warning, info, style, ignore and none", f.FailureThreshold)
	}
	if f.NoFail {
		level = dockerfile.Error - 1
	}
	return level, nil
}

// Apply has the file decide which rules count, and how severe they are.
func (f File) Apply(to *practice.Config) {
	to.Hadolint = true
	to.TrustedRegistries = append(slices.Clip(to.TrustedRegistries), f.TrustedRegistries...)
	if len(f.LabelSchema) > 0 {
		to.LabelSchema = f.LabelSchema
	}
	to.StrictLabels = to.StrictLabels || f.StrictLabels
	to.NoComments = to.NoComments || f.DisableIgnorePragma
	to.Ignored = append(slices.Clip(to.Ignored), f.Ignored...)
	severities := map[string]dockerfile.Severity{}
	for severity, rules := range [][]string{f.Override.Error, f.Override.Warning, f.Override.Info, f.Override.Style} {
		for _, rule := range rules {
			severities[rule] = dockerfile.Severity(severity)
		}
	}
	if len(severities) > 0 {
		to.Severities = severities
	}
}
