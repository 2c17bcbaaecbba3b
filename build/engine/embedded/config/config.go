// Package config reads BuildKit's own configuration, buildkitd.toml, for the embedded engine. It
// says in which line a mistake is, and which keys the embedded engine does not heed: the file may
// have been written for a buildkitd of the machine.
package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/pelletier/go-toml/v2"
)

// EnvName is the environment variable that names the file if no setting does.
const EnvName = "BUILDLS_ENGINE_CONFIG"

// A Config is what a file says. Without a file it says nothing.
type Config struct {
	config.Config
	File    string   // absolute; empty if there is none
	Source  string   // what names the file, for people; empty if there is none
	Remarks []string // what may not be meant as it is written, a sentence each
	Unused  []string // the keys that the embedded engine does not heed, in their order
}

// A Mistake is why a file cannot be used.
type Mistake struct {
	File string
	Line int // 1-based; 0 if none is at fault
	Text string
}

func (m *Mistake) Error() string {
	if m.Line == 0 {
		return fmt.Sprintf("the engine's configuration %s: %s", m.File, m.Text)
	}
	return fmt.Sprintf("the engine's configuration %s, line %d: %s", m.File, m.Line, m.Text)
}

// Load reads the file that setting names if it is not empty, else the one that the environment
// names, else the first that there is of the user's and the machine's. The error is a *Mistake.
func Load(setting string) (*Config, error) {
	for _, named := range [][2]string{{setting, "the setting buildls.engineConfig"}, {os.Getenv(EnvName), "$" + EnvName}} {
		if named[0] != "" {
			return read(named[0], named[1])
		}
	}
	for _, place := range places() {
		c, err := read(place, "its default place")
		// One that is not for this user's eyes is not for this user's engine.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return c, err
		}
	}
	return &Config{}, nil
}

// places are where BuildKit itself looks: without root, and as root.
func places() (list []string) {
	// As BuildKit, util/appdefaults. The XDG specification tells to ignore a relative path.
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		list = append(list, filepath.Join(dir, "buildkit", "buildkitd.toml"))
	} else if home, err := os.UserHomeDir(); err == nil {
		list = append(list, filepath.Join(home, ".config", "buildkit", "buildkitd.toml"))
	}
	return append(list, "/etc/buildkit/buildkitd.toml")
}

// unreadable is the mistake that a file cannot be read.
type unreadable struct {
	Mistake
	err error
}

func (u *unreadable) Error() string { return u.Mistake.Error() }
func (u *unreadable) Unwrap() []error {
	return []error{&u.Mistake, u.err}
}

func read(file, source string) (*Config, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	text, err := readFile(absolute)
	if err != nil {
		why := err
		if at := (*fs.PathError)(nil); errors.As(err, &at) {
			why = at.Err // the path is said
		}
		return nil, &unreadable{Mistake{File: absolute, Text: fmt.Sprintf("%v (%s names it)", why, source)}, err}
	}
	return parse(absolute, source, text)
}

// readFile reads a file that ends: a pipe or a device may not.
func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("it is no file")}
	}
	return os.ReadFile(path)
}

// parse reads the text of a file.
func parse(file, source string, text []byte) (*Config, error) {
	c := &Config{File: file, Source: source}
	var err error
	if c.Config, err = config.Load(bytes.NewReader(text)); err != nil {
		return nil, mistakeOf(file, err)
	}
	check := checker{Config: c, text: text}
	check.keys()
	if err := check.values(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(check.remarks, func(a, b Mistake) int { return a.Line - b.Line })
	for _, r := range check.remarks {
		c.Remarks = append(c.Remarks, r.Error())
	}
	return c, nil
}

// mistakeOf is what the reader of TOML says.
func mistakeOf(file string, err error) *Mistake {
	m := &Mistake{File: file, Text: err.Error()}
	if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
		m.Line, _ = at.Position()
		m.Text = at.Error()
	}
	m.Text = trimmed(m.Text)
	return m
}

// A Wish is what a client wants an engine to run with, and what an engine runs with. Two that are
// made of the same are equal.
type Wish struct {
	File       string // of the configuration; empty if there is none
	Registries string // a sum of what it says of registries, which an engine reads anew while it builds
	Rest       string // a sum of the rest, for which an engine must start anew
	Proxies    string // a sum of the proxies, likewise
}

// Wish is that of a client that has read c.
func (c *Config) Wish() Wish { return c.wish(Proxies()) }

// Runs is what an engine runs with that has read c when it started.
func (c *Config) Runs() Wish { return c.wish(ownProxies()) }

func (c *Config) wish(proxies []Proxy) Wish {
	oci := c.Workers.OCI
	rest := []any{c.DNS, c.History, c.System, oci.GCConfig, oci.MaxParallelism, c.Frontends.Gateway.AllowedRepositories} // as heeded says
	for i := range proxies {
		proxies[i].Docker = false // wherever they are from
	}
	return Wish{c.File, sum(c.Registries), sum(rest), sum(proxies)}
}

func sum(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // none of the types fails
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
