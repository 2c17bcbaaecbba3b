package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/pairs"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// ParseSecret reads the flag --secret: id=NAME,src=FILE or id=NAME,env=VARIABLE.
func ParseSecret(text string) (project.Secret, error) {
	var s project.Secret
	var kind string
	list, err := pairs.Parse(text)
	if err != nil {
		return s, err
	}
	for _, p := range list {
		switch p.Key {
		case "type":
			kind = p.Value
		case "id":
			s.ID = p.Value
		case "src", "source":
			s.Src = p.Value
		case "env":
			s.Env = p.Value
		default:
			return s, fmt.Errorf("unknown key %q; there are id, src, env and type", p.Key)
		}
	}
	switch kind {
	case "", "file":
	case "env":
		if s.Env == "" {
			s.Env, s.Src = s.Src, ""
		}
	default:
		return s, fmt.Errorf("type %q: it can be file or env", kind)
	}
	return s, nil
}

// ParseSSH reads the flag --ssh: default, or ID=PATH[,PATH].
func ParseSSH(text string) project.SSH {
	id, paths, ok := strings.Cut(text, "=")
	s := project.SSH{ID: id}
	if ok {
		s.Paths = strings.Split(paths, ",")
	}
	return s
}

// secrets checks the secrets. Relative paths count from dir.
func (o *Options) secrets(dir string) ([]build.Secret, error) {
	var list []build.Secret
	for _, s := range o.Secrets {
		switch {
		case s.ID == "":
			return nil, fmt.Errorf("a secret lacks its id")
		case s.Src != "" && s.Env != "":
			return nil, fmt.Errorf("secret %q: give src or env, not both", s.ID)
		case s.Src == "" && s.Env == "": // as in docker build
			if _, ok := os.LookupEnv(s.ID); ok {
				s.Env = s.ID
			} else {
				s.Src = s.ID
			}
		}
		out := build.Secret{ID: s.ID, Env: s.Env}
		if s.Env == "" {
			file, err := absolute(dir, s.Src)
			if err != nil {
				return nil, fmt.Errorf("secret %q: %w", s.ID, err)
			}
			out.File = file
		}
		if err := out.Check(); err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(o build.Secret) bool { return o.ID == out.ID }) // as in docker build, the last counts
		list = append(list, out)
	}
	return list, nil
}

// ssh checks the agents, likewise. The author's own is there unasked for a context that
// is fetched by SSH.
func (o *Options) ssh(dir string, contextOverSSH bool) ([]build.SSH, error) {
	given := o.SSH
	if len(given) == 0 && contextOverSSH {
		given = []project.SSH{{}}
	}
	var list []build.SSH
	for _, s := range given {
		out := build.SSH{ID: s.ID}
		if out.ID == "" {
			out.ID = "default"
		}
		for _, path := range s.Paths {
			full, err := absolute(dir, path)
			if err != nil {
				return nil, fmt.Errorf("ssh %q: %w", out.ID, err)
			}
			out.Paths = append(out.Paths, full)
		}
		if !slices.ContainsFunc(list, func(o build.SSH) bool { return o.ID == out.ID && slices.Equal(o.Paths, out.Paths) }) {
			list = append(list, out)
		}
	}
	return list, build.CheckSSH(list)
}

// absolute is a path that counts from dir, which may be empty: a new buffer without
// a workspace. It is an error if it can be no file's.
func absolute(dir, path string) (string, error) {
	full, err := fullPath(dir, path)
	if err != nil {
		return "", err
	}
	return full, workspace.CheckPath(full)
}

func fullPath(dir, path string) (string, error) {
	if project.InHome(path) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		return filepath.Join(home, path[2:]), nil
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if dir == "" {
		return "", fmt.Errorf("%s is relative, and no workspace folder is open", path)
	}
	return project.Join(dir, path), nil
}
