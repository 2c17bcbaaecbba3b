package build

import (
	"bytes"
	"regexp"
	"strings"
)

// login is the user and password in a URL, wherever it stands: in an ADD, in what a
// step runs or prints.
var login = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)([^\s/?#"'<>\\]+)@`)

// RedactURLs hides in a text what lets somebody in at the URLs that stand there. The
// user's name of an SSH address stays, it is part of where.
func RedactURLs(text string) string { return string(redactURLs([]byte(text))) }

func redactURLs(text []byte) []byte {
	if !bytes.Contains(text, []byte("://")) || !bytes.ContainsRune(text, '@') {
		return text
	}
	return login.ReplaceAllFunc(text, func(found []byte) []byte {
		scheme, user, _ := strings.Cut(strings.TrimSuffix(string(found), "@"), "://")
		if strings.HasSuffix(strings.ToLower(scheme), "ssh") {
			if name, _, protected := strings.Cut(user, ":"); !protected {
				return found
			} else if name != "" {
				return []byte(scheme + "://" + name + "@")
			}
		}
		return []byte(scheme + "://***@")
	})
}
