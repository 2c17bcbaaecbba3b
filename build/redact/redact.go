// Package redact hides in texts what lets somebody in at the URLs that stand there.
package redact

import (
	"bytes"
	"io"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// login is the user and password in a URL, wherever it stands: in an ADD, in what a
// step runs or prints.
var login = lazyregexp.New(`([a-zA-Z][a-zA-Z0-9+.-]*://)([^\s/?#"'<>\\]+)@`)

// URLs hides the logins in a text. The user's name of an SSH address stays, it is part
// of where.
func URLs(text string) string { return string(URLsIn([]byte(text))) }

// URLsIn is [URLs] of bytes. What holds no login is returned as it is.
func URLsIn(text []byte) []byte {
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

// Writer hides the logins in what is written to w, each call by itself.
type Writer struct{ W io.Writer }

func (w Writer) Write(text []byte) (int, error) {
	if _, err := w.W.Write(URLsIn(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}
