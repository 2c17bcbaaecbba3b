package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Nodes are what BuildKit's parser makes of the text, of which its instructions and then the steps
// are made. They are not to be changed. The error is that of a text that the parser refuses, or
// that is not read here (see [Readable]).
func (f *File) Nodes() (*parser.Result, error) {
	p, err := f.parsed()
	if err != nil {
		return nil, err
	}
	return p.Result, nil
}

// ForeignFrontend is the image that `# syntax=` names, and the lines that do, if it is not Docker's
// own front end: the one that is linked here.
func (f *File) ForeignFrontend() (image string, at Lines, ok bool) {
	image, at, ok = f.Syntax()
	if !ok {
		return "", Lines{}, false
	}
	own := strings.TrimPrefix(image, "docker.io/")
	for _, name := range []string{"docker/dockerfile", "docker/dockerfile-upstream"} {
		if rest, ok := strings.CutPrefix(own, name); ok && (rest == "" || rest[0] == ':' || rest[0] == '@') {
			return "", Lines{}, false
		}
	}
	return image, at, true
}
