package build

import (
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/redact"
)

// String is the context for people: without credentials.
func (c Context) String() string {
	switch c.Kind {
	case LocalContext:
		return c.Dir
	case LayoutContext:
		return "oci-layout://" + c.Dir
	case ArchiveContext:
		return "the tar on stdin"
	}
	return redactAddress(c.Source)
}

// Name is a short name of the context: the directory's, the repository's, the file's
// without its extension. Empty if there is none.
func (c Context) Name() string {
	switch c.Kind {
	case LocalContext:
		return filepath.Base(c.Dir)
	case GitContext:
		return c.git.ShortName
	case HTTPContext:
		u, err := parseURL(c.Source)
		if err != nil {
			return ""
		}
		return archiveExt.ReplaceAllString(strings.Trim(path.Base("/"+u.Path), "/"), "")
	}
	return ""
}

var archiveExt = lazyregexp.New(`\.(tar|tgz|txz|tbz2?|tzst)?(\.(gz|bz2|xz|zst))?$`)

// credentials are the user's name and password in a URL, and the values of its query: whoever has a
// signed URL is let in.
var credentials = lazyregexp.New(`^([a-zA-Z0-9+.-]+://)([^/?#]*@)?([^?#]*)(\?[^#]*)?`)

// redactAddress removes the credentials from a URL. The user's name stays in an SSH address, because
// it is a part of the place.
func redactAddress(address string) string {
	m := credentials.FindStringSubmatchIndex(address)
	if m == nil {
		return address
	}
	part := func(i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return address[m[2*i]:m[2*i+1]]
	}
	user := part(2)
	if scheme := strings.ToLower(part(1)); scheme == "ssh://" {
		user, _, _ = strings.Cut(strings.TrimSuffix(user, "@"), ":")
		if user != "" {
			user += "@"
		}
	} else {
		user = ""
	}
	return part(1) + user + part(3) + redactQuery(part(4)) + address[m[1]:]
}

// plainQuery are the keys of a git URL's query (frontend/dockerfile/dfgitutil), which
// say what to fetch.
var plainQuery = map[string]bool{"ref": true, "tag": true, "branch": true, "subdir": true, "checksum": true, "commit": true,
	"keep-git-dir": true, "submodules": true, "mtime": true, "fetch-by-commit": true}

func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query[1:], "&")
	for i, pair := range pairs {
		if key, _, ok := strings.Cut(pair, "="); ok && !plainQuery[key] {
			pairs[i] = key + "=***"
		}
	}
	return "?" + strings.Join(pairs, "&")
}

// hidden are the parts of a context's URL that are shown nowhere.
func (c Context) hidden() (m redact.Mask) {
	u, err := url.Parse(c.Source)
	if err != nil {
		return nil
	}
	if user := u.User; user != nil {
		password, protected := user.Password()
		_, rawPassword, _ := strings.Cut(user.String(), ":")
		m = m.With([]byte(password)).With([]byte(rawPassword))
		if protected || !strings.EqualFold(u.Scheme, "ssh") { // whose user lets nobody in
			m = m.With([]byte(user.String()))
		}
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, raw, _ := strings.Cut(pair, "=")
		if value, err := url.QueryUnescape(raw); err == nil && !plainQuery[key] {
			m = m.With([]byte(raw)).With([]byte(value))
		}
	}
	return m
}

// parseURL is url.Parse with an error that does not repeat the URL.
func parseURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("it is not a valid URL")
	}
	return u, nil
}
