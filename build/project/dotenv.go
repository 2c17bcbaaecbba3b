package project

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"github.com/buildls/buildls/build/lazyregexp"
)

// lookup is the environment that a compose file is interpolated with.
type lookup func(name string) (string, bool)

// dotEnv lays the environment over what a .env file says. A file that is not there says
// nothing.
func (r *composeReader) dotEnv(env lookup, path string) (lookup, error) {
	data, err := r.src.load(path)
	if len(data) == 0 || err != nil {
		return env, err
	}
	if !expands(data) {
		return nil, &Problem{File: path, Line: -1, Message: "its variables use each other too often, so it is not read here"}
	}
	values, err := dotenv.UnmarshalBytesWithLookup(data, dotenv.LookupFn(env))
	if err != nil {
		return nil, &Problem{File: path, Line: -1, Message: "it cannot be read"} // its text is nobody's business
	}
	return func(name string) (string, bool) {
		if v, ok := env(name); ok {
			return v, true
		}
		v, ok := values[name]
		if ok {
			r.env[name] = v
		}
		return v, ok
	}, nil
}

// maxEnvValue bounds what variables may add to a line of a .env file.
const maxEnvValue = 128 << 10

var envReference = lazyregexp.New(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// expands says whether the variables of a .env file can be expanded. As in a Dockerfile, each
// may say the one before twice.
func expands(data []byte) bool {
	length, name, cost := map[string]int{}, "", 0
	for line := range bytes.Lines(data) {
		text := string(line)
		if at := strings.IndexAny(text, "=:"); at >= 0 { // else the value before goes on
			name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text[:at]), "export "))
		}
		added := 0
		for _, m := range envReference.FindAllStringSubmatch(text, -1) {
			added = min(added+length[m[1]], 2*maxEnvValue)
		}
		if cost += len(line)*(1+strings.Count(text, "$")) + added; added > maxEnvValue || cost > maxSubstituted {
			return false
		}
		length[name] += len(line) + added
	}
	return true
}

// shortest is how long, in bytes, a value of .env is at least to be hidden. Shorter ones
// hide nothing, and make what is shown unreadable.
const shortest = 4

// hidden are the values that came from .env files, the longer first.
func (r *composeReader) hidden() []string {
	var list []string
	for _, v := range r.env {
		if len(v) >= shortest {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return list
}

// hideIn keeps the values of .env files out of an error. path is the project's file.
func (r *composeReader) hideIn(err error, path string) *Problem {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Line: -1, Message: err.Error()}
	}
	shown := *p
	for _, v := range r.hidden() {
		shown.Message = strings.ReplaceAll(shown.Message, v, "***")
		if strings.Contains(shown.File, v) {
			shown.File, shown.Line, shown.Start, shown.End = path, -1, 0, 0
		}
	}
	return &shown
}
