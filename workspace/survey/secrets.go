package survey

import (
	"bytes"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/tonistiigi/fsutil"
)

// A suspicion is a kind of file that holds secrets: by its name, and by what is in it
// where the name alone says too little.
type suspicion struct {
	pattern string   // of path.Match, for the last elements of a path, in lower case
	holds   []string // one of these, in any case; nil: whatever it holds
}

var suspicions = []suspicion{
	{pattern: ".env"}, {pattern: ".env.*"}, {pattern: "*.env", holds: []string{"secret", "password", "passwd", "token", "_key"}},
	{pattern: "id_rsa"}, {pattern: "id_dsa"}, {pattern: "id_ecdsa"}, {pattern: "id_ed25519"},
	{pattern: "*.pem", holds: []string{"PRIVATE KEY"}}, {pattern: "*.key", holds: []string{"PRIVATE KEY"}},
	{pattern: "*.p12"}, {pattern: "*.pfx"}, {pattern: "*.jks"}, {pattern: "*.kdbx"},
	{pattern: ".npmrc", holds: []string{"_auth", "_password"}}, {pattern: ".yarnrc.yml", holds: []string{"npmAuth"}},
	{pattern: ".pypirc", holds: []string{"password"}}, {pattern: ".netrc"}, {pattern: "_netrc"}, {pattern: ".pgpass"}, {pattern: ".my.cnf", holds: []string{"password"}},
	{pattern: ".git-credentials"}, {pattern: ".vault-token"}, {pattern: ".htpasswd"},
	{pattern: ".aws/credentials"}, {pattern: ".docker/config.json", holds: []string{`"auth"`}}, {pattern: ".dockercfg"}, {pattern: ".kube/config"},
	{pattern: "credentials.json", holds: []string{"private_key", "client_secret"}}, {pattern: "*service*account*.json", holds: []string{"private_key"}},
	{pattern: "*.tfstate"}, {pattern: "*.tfvars", holds: []string{"secret", "password", "token", "_key"}},
}

// suspicious are the extensions (path.Ext) of names that a suspicion may be about: most
// files have others.
var suspicious = func() map[string]bool {
	all := map[string]bool{}
	for _, s := range suspicions {
		all[path.Ext(s.pattern)] = true
	}
	return all
}()

// samples are names of files that show how a secret one would look.
var samples = []string{"example", "sample", "template", "dist", "schema"}

// Bounds of what is read and told.
const (
	maxRead    = 64 << 10 // bytes of a file
	maxOpened  = 200      // files
	maxSecrets = 20
)

// secrets are the files that look like secrets, maxSecrets at most. What cannot be read
// counts as one.
func (t *tree) secrets(contextFS fsutil.FS) []int {
	var found []int
	opened := 0
	for i := range t.entries {
		e := &t.entries[i]
		if len(found) == maxSecrets {
			break
		}
		if !e.mode.IsRegular() || e.size == 0 {
			continue
		}
		s := suspect(e.path)
		if s == nil {
			continue
		}
		if s.holds != nil {
			if opened++; opened > maxOpened || !holds(contextFS, e.path, s.holds) {
				continue
			}
		}
		found = append(found, i)
	}
	return found
}

// suspect is why the name of a file is suspicious; nil if it is not.
func suspect(p string) *suspicion {
	p = strings.ToLower(p)
	base := p[strings.LastIndexByte(p, '/')+1:]
	if !suspicious[path.Ext(base)] && !strings.HasPrefix(base, ".env.") {
		return nil
	}
	if dot := strings.LastIndexByte(base, '.'); dot > 0 && slices.Contains(samples, base[dot+1:]) {
		return nil
	}
	parent := path.Join(path.Base(path.Dir(p)), base)
	for i, s := range suspicions {
		name := base
		if strings.Contains(s.pattern, "/") {
			name = parent
		}
		if ok, _ := path.Match(s.pattern, name); ok {
			return &suspicions[i]
		}
	}
	return nil
}

// holds says whether the beginning of a file has one of some words.
func holds(contextFS fsutil.FS, name string, words []string) bool {
	f, err := contextFS.Open(name)
	if err != nil {
		return true
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err != nil {
		return true
	}
	data = bytes.ToLower(data)
	return slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(data, []byte(strings.ToLower(w))) })
}
