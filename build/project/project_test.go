package project

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// files is a project in memory: below /p, but for absolute names.
type files map[string]string

var testEnv = map[string]string{"FROM_ENV": "env"}

func (f files) source() Source {
	return Source{
		Read: func(path string) ([]byte, error) {
			text, ok := f[strings.TrimPrefix(plain(path), "/p/")]
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(text), nil
		},
		Env: func(name string) (string, bool) { v, ok := testEnv[name]; return v, ok },
	}
}

func (f files) read() *Project { return Read(filepath.FromSlash(drive+"/p"), f.source()) }

// drive is where the project lies on Windows.
var drive = filepath.VolumeName(os.TempDir())

// plain has the paths in a text, or in JSON, as they are on Unix.
func plain(s string) string {
	if drive == "" {
		return s
	}
	return strings.NewReplacer(drive, "", `\\`, "/", `\`, "/").Replace(s)
}

// profile reads the profile of that name.
func (f files) profile(t *testing.T, name string) *Profile {
	t.Helper()
	p := f.read()
	for _, problem := range p.Problems {
		t.Fatal(problem)
	}
	i := slices.IndexFunc(p.Profiles, func(p *Profile) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("there is no profile %s in %v", name, p.Profiles)
	}
	return p.Profiles[i]
}

// spelled is a profile's build as JSON, with what the JSON leaves out.
func spelled(t *testing.T, p *Profile) string {
	t.Helper()
	data, err := json.Marshal(p.Build)
	if err != nil {
		t.Fatal(err)
	}
	more := ""
	for name, v := range map[string]any{"dockerfile": p.Dockerfile} {
		more += fmt.Sprintf("%s=%v ", name, v)
	}
	for _, v := range []struct{ name, value string }{{"shm", p.Build.ShmSize}, {"ulimits", strings.Join(p.Build.Ulimits, " ")}, {"asks", strings.Join(p.Entitlements, " ")}} {
		if v.value != "" {
			more += v.name + "=" + v.value + " "
		}
	}
	return plain(more + string(data))
}
