// Package buildx reads which builders `docker buildx` knows, and which one it would use.
//
// It reads the files by hand and never writes: buildx's own package rewrites them as it
// looks something up. It does not know how a builder is reached.
package buildx

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// A Builder is one or more BuildKits under one name.
type Builder struct {
	Name   string
	Driver string // docker, docker-container, kubernetes, remote, …
	Nodes  []Node
}

// A Node is one BuildKit.
type Node struct {
	Name       string
	Endpoint   string // a Docker context or host, or the driver's own address
	Platforms  []Platform
	DriverOpts map[string]string
}

// A Platform is one that a node was said to build for, as in `docker buildx create
// --platform`. What its BuildKit can do beside that, it says itself.
type Platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// A Store is the folder of buildx.
type Store string

// At is the store of this user, below Docker's configuration unless $BUILDX_CONFIG names it.
func At(dockerConfig string) Store {
	if dir := os.Getenv("BUILDX_CONFIG"); dir != "" {
		return Store(dir)
	}
	return Store(filepath.Join(dockerConfig, "buildx"))
}

// Chosen is the name of the builder that was chosen for the Docker engine that buildx
// knows by key, and who chose it; "" if nobody did. A builder that $BUILDX_BUILDER names
// may not exist, as for buildx; any other that is gone was not chosen.
func (s Store) Chosen(key string) (name, who string, err error) {
	if name := os.Getenv("BUILDX_BUILDER"); name != "" {
		return name, "$BUILDX_BUILDER", nil
	}
	const use = "`docker buildx use`"
	data, err := s.read("current")
	if err != nil {
		return "", "", err
	}
	var current struct {
		Key, Name string
		Global    bool
	}
	if err := json.Unmarshal(data, &current); err != nil && len(data) > 0 {
		return "", "", s.unlike("current", err)
	}
	if current.Name != "" && (current.Global || current.Key == key) {
		if !s.has(current.Name) {
			return "", "", nil
		}
		return current.Name, use, nil
	}
	data, err = s.read(filepath.Join("defaults", fmt.Sprintf("%x", sha256.Sum256([]byte(key)))[:20]))
	if err != nil {
		return "", "", err
	}
	if name := strings.TrimSpace(string(data)); s.has(name) {
		return name, use + " --default", nil
	}
	return "", "", nil
}

// Load reads a builder. The error is fs.ErrNotExist if there is none of that name.
func (s Store) Load(name string) (*Builder, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("%q is no name of a builder", name)
	}
	file := filepath.Join("instances", strings.ToLower(name))
	data, err := os.ReadFile(filepath.Join(string(s), file))
	if err != nil {
		return nil, err
	}
	var b Builder
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, s.unlike(file, err)
	}
	return &b, nil
}

// validName keeps a name from being a path.
var validName = lazyregexp.New(`^[a-zA-Z][a-zA-Z0-9._-]*$`)

func (s Store) has(name string) bool {
	_, err := s.Load(name)
	return err == nil
}

// Names are the builders that there are.
func (s Store) Names() []string {
	entries, _ := os.ReadDir(filepath.Join(string(s), "instances")) // without one there are none
	var names []string
	for _, e := range entries {
		if s.has(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// read gives the content of a file, nothing if there is none.
func (s Store) read(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(string(s), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (s Store) unlike(name string, err error) error {
	return fmt.Errorf("%s is not as buildx writes it: %w", filepath.Join(string(s), name), err)
}
