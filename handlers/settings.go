package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/patternmatcher"
	"go.lsp.dev/protocol"
	"go.uber.org/zap"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/handlers/plan"
)

// Settings are the author's, see [settings] for what each means.
type Settings struct {
	plan.Defaults
	EngineConfig                                      string // a file; empty: wherever it is by default
	LogLevel, Editing, Registry, HintValues, HintAge  string
	BuildOn, OnSave                                   string
	LintRules, LintShellCheck, FormatOperators        string
	FormatShell                                       bool
	LintSeverity                                      severities
	LintDelay, BuildOnTypeDelay, BuildOnTypeStopAfter time.Duration
}

// The values of the setting editing but for "auto", which is on: an editor that knows better says
// off in its place.
const (
	editingOn  = "on"
	editingOff = "off"
)

// hintsOn and hintsOff are what a kind of inlay hints can be.
const (
	hintsOn  = "on"
	hintsOff = "off"
)

// settingsStore holds the settings: the defaults, over them what came with initialize,
// over that the newest of what the client's configuration says.
type settingsStore struct {
	mu          sync.Mutex
	initial     map[string]json.RawMessage
	current     Settings
	reported    map[string]bool // what is wrong, each told once
	generations int64           // one for each time that the client speaks of its configuration
	applied     int64           // the generation of what is current

	loaded     chan struct{} // closed when the client's configuration was read, or cannot be
	loadedOnce sync.Once
}

// configurationWithin bounds the wait for a client that does not answer
// workspace/configuration.
const configurationWithin = time.Second

func (st *settingsStore) init() {
	st.loaded = make(chan struct{})
	st.reported = map[string]bool{}
	st.current, _ = parseSettings(nil)
}

// setInitial takes the initializationOptions: the settings, bare or under "buildls".
func (st *settingsStore) setInitial(options []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.initial = section(options)
	st.current, _ = parseSettings(st.initial)
}

// section finds the settings in a JSON value: {"buildls": {…}} or {…}. Whatever else
// it is, null included, holds none.
func section(raw []byte) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	if nested, ok := all["buildls"]; ok {
		return section(nested)
	}
	for name, value := range all {
		all[name] = withoutNulls(value)
	}
	return all
}

// withoutNulls is a JSON value without what is null in it: that says nothing. But for build
// arguments, of which one without a value has the environment's.
func withoutNulls(raw json.RawMessage) json.RawMessage {
	if !bytes.Contains(raw, []byte("null")) || string(raw) == "null" {
		return raw
	}
	var value any
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	if numbers.Decode(&value) != nil {
		return raw
	}
	out, err := json.Marshal(dropNulls(value))
	if err != nil {
		return raw
	}
	return out
}

func dropNulls(value any) any {
	switch v := value.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, member any) bool { return member == nil })
		for name, member := range v {
			if name != "buildArgs" {
				v[name] = dropNulls(member)
			}
		}
	case []any:
		v = slices.DeleteFunc(v, func(member any) bool { return member == nil })
		for i := range v {
			v[i] = dropNulls(v[i])
		}
		return v
	}
	return value
}

// pushedSettings are the settings that came along with the news of a change; nil if none did. Some
// clients send their whole configuration, so they must stand under "buildls".
func pushedSettings(raw []byte) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return section(all["buildls"])
}

// parseSettings makes settings of layers, the later over the earlier, and says what is wrong
// with them; what is wrong counts as not said.
func parseSettings(layers ...map[string]json.RawMessage) (Settings, []string) {
	var out Settings
	var wrong []string
	for _, d := range settings {
		if err := d.set(&out, json.RawMessage(d.Default)); err != nil {
			panic(fmt.Sprintf("the default of buildls.%s: %v", d.Name, err)) // our own
		}
	}
	for _, layer := range layers {
		for name, raw := range layer {
			wrong = append(wrong, out.set(name, raw)...)
		}
	}
	slices.Sort(wrong)
	return out, wrong
}

// set takes what a layer says under a name, which may be a group of settings
// ({"lint": {"delay": 100}} for lint.delay), and says what is wrong with it.
func (out *Settings) set(name string, raw json.RawMessage) (wrong []string) {
	if string(raw) == "null" { // null: as if not said
		return nil
	}
	i := slices.IndexFunc(settings, func(d setting) bool { return d.Name == name })
	if i >= 0 {
		err := settings[i].check(raw)
		if err == nil {
			err = settings[i].set(out, raw)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("setting buildls.%s: %v", name, err))
		}
		return wrong
	}
	isGroup := slices.ContainsFunc(settings, func(d setting) bool { return strings.HasPrefix(d.Name, name+".") })
	var group map[string]json.RawMessage
	if !isGroup || json.Unmarshal(raw, &group) != nil {
		return []string{fmt.Sprintf("there is no setting buildls.%s", name)}
	}
	for member, value := range group {
		wrong = append(wrong, out.set(name+"."+member, value)...)
	}
	return wrong
}

func checkEngine(value string) error {
	_, err := engine.Parse(value)
	return err
}

// checkAbsolute accepts an absolute path, or none.
func checkAbsolute(value string) error {
	if value != "" && !filepath.IsAbs(value) {
		return fmt.Errorf("%q is no absolute path", value)
	}
	return nil
}

// nextGeneration is given out in the message loop: of two configurations the later counts, whichever
// is read first.
func (st *settingsStore) nextGeneration() int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.generations++
	return st.generations
}

// pullSettings asks the client for its configuration, which goes over what it pushed.
func (s *Server) pullSettings(generation int64, pushed map[string]json.RawMessage) {
	defer s.settings.loadedOnce.Do(func() { close(s.settings.loaded) })
	if !s.features.configuration {
		s.applySettings(generation) // says what is wrong with the initial ones
		return
	}
	var answer []json.RawMessage
	params := &protocol.ConfigurationParams{Items: []protocol.ConfigurationItem{{Section: ptr("buildls")}}}
	err := s.client.Call(s.rpc.Context(), "workspace/configuration", params, &answer)
	if err != nil && s.rpc.Context().Err() == nil {
		s.log.Warn("reading the configuration", zap.Error(err))
	}
	switch {
	case err == nil && len(answer) == 1:
		s.applySettings(generation, pushed, section(answer[0]))
	case pushed != nil:
		s.applySettings(generation, pushed)
	}
}

// didChangeConfiguration takes the settings that came along, or asks for them.
func (s *Server) didChangeConfiguration(p *protocol.DidChangeConfigurationParams) error {
	generation := s.settings.nextGeneration()
	if s.features.configuration {
		s.rpc.Go(func() { s.pullSettings(generation, pushedSettings(p.Settings)) })
		return nil
	}
	layer := section(p.Settings)
	s.rpc.Go(func() { s.applySettings(generation, layer) })
	return nil
}

// applySettings replaces the client's layers, the later over the earlier, and tells the author once what is wrong
// with it. One of an older generation is not applied.
func (s *Server) applySettings(generation int64, layers ...map[string]json.RawMessage) {
	st := &s.settings
	st.mu.Lock()
	if generation < st.applied {
		st.mu.Unlock()
		return
	}
	st.applied = generation
	now, wrong := parseSettings(append([]map[string]json.RawMessage{st.initial}, layers...)...)
	changed := !reflect.DeepEqual(st.current, now)
	st.current = now
	wrong = slices.DeleteFunc(wrong, func(w string) bool { return st.reported[w] })
	for _, w := range wrong {
		st.reported[w] = true
	}
	if level, err := zap.ParseAtomicLevel(now.LogLevel); err == nil {
		s.level.SetLevel(level.Level())
	}
	st.mu.Unlock()
	s.following.look()
	if changed { // what lint says may depend on them, and where the context is
		s.readAgain(0, "")
	}
	if len(wrong) > 0 {
		s.showMessage(protocol.MessageTypeWarning, "buildls: "+strings.Join(wrong, "; "))
	}
}

// currentSettings waits a moment for the client's configuration if it is still to
// come. The engines that are looked for then have it, too.
func (s *Server) currentSettings(ctx context.Context) Settings {
	select {
	case <-s.settings.loaded:
	case <-ctx.Done():
	case <-time.After(configurationWithin):
	}
	now := s.settings.now()
	s.engines.Configure(now.EngineConfig)
	return now
}

// now are the settings as far as they are known.
func (st *settingsStore) now() Settings {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.current
}

// showMessage tells the author something that has no place in the text. It asks
// nothing, so it never takes the keyboard.
func (s *Server) showMessage(kind protocol.MessageType, message string) {
	s.client.Notify("window/showMessage", &protocol.ShowMessageParams{Type: kind, Message: message})
}

// setProfiles reads the setting profiles, setBuilds the setting build.
func setProfiles(s *Settings, raw json.RawMessage) (err error) {
	s.Profiles, err = arguments(raw, "profile", "wait")
	return err
}

func setBuilds(s *Settings, raw json.RawMessage) error {
	builds, err := arguments(raw, "uri", "wait")
	if err != nil {
		return err
	}
	for pattern := range builds {
		if _, err := patternmatcher.New([]string{pattern}); err != nil || strings.HasPrefix(pattern, "!") || strings.TrimSpace(pattern) == "" {
			return fmt.Errorf("%q is no pattern", pattern)
		}
	}
	s.Build = builds
	return nil
}

// arguments reads an object of build arguments. not are fields that make no sense there.
func arguments(raw json.RawMessage, not ...string) (map[string]plan.Fields, error) {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil, fmt.Errorf("it must be an object of build arguments")
	}
	out := map[string]plan.Fields{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		arg, err := readArgument(name, all[name])
		if err != nil {
			return nil, err
		}
		for _, field := range not {
			if _, ok := arg.Given[field]; ok {
				return nil, fmt.Errorf("%s: %q has no place there", name, field)
			}
		}
		out[name] = arg.Given
	}
	return out, nil
}
