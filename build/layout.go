package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/identity"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// parseLayout reads PATH[:TAG][@DIGEST], as buildx does. Without tag and digest, it takes the image
// with the tag latest, or the only image.
func parseLayout(value string, locate func(path string) (string, error)) (Context, error) {
	path, dgst := value, digest.Digest("")
	if i := strings.LastIndexByte(path, '@'); i >= 0 && reference.DigestRegexp.MatchString(path[i+1:]) {
		path, dgst = path[:i], digest.Digest(path[i+1:])
	}
	tag := "latest"
	if i := strings.LastIndexByte(path, ':'); i > 1 && !strings.ContainsAny(path[i:], `/\`) { // not C:\
		path, tag = path[:i], path[i+1:]
	}
	dir, err := locate(path)
	if err != nil {
		return Context{}, err
	}
	if !isDir(dir) {
		return Context{}, fmt.Errorf("OCI layout %w", whyNoDir(dir))
	}
	if dgst == "" {
		if dgst, err = digestIn(dir, tag); err != nil {
			return Context{}, err
		}
	}
	if err := dgst.Validate(); err != nil {
		return Context{}, fmt.Errorf("OCI layout %s: %q: %w", dir, dgst, err)
	}
	return Context{Kind: LayoutContext, Dir: dir, Source: string(dgst)}, nil
}

// maxIndex is how many bytes of a layout's index are read.
const maxIndex = 16 << 20

// digestIn finds the image with a tag in an OCI layout's index. If there is only one image, any tag
// finds it. BuildKit's client/ociindex is not used, because it leaves a lock file in the folder.
func digestIn(dir, tag string) (digest.Digest, error) {
	data, err := readRegular(filepath.Join(dir, ocispecs.ImageIndexFile), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is no OCI layout: it has no %s", dir, ocispecs.ImageIndexFile)
	}
	var index ocispecs.Index
	if err == nil {
		err = json.Unmarshal(data, &index)
	}
	if err != nil {
		return "", fmt.Errorf("OCI layout %s: %w", dir, err)
	}
	var tags []string
	for _, m := range index.Manifests {
		name := m.Annotations[ocispecs.AnnotationRefName]
		if name == tag {
			return m.Digest, nil
		}
		tags = append(tags, name)
	}
	if len(index.Manifests) == 1 {
		return index.Manifests[0].Digest, nil
	}
	if len(tags) == 0 {
		return "", fmt.Errorf("OCI layout %s holds no image: its %s names none", dir, ocispecs.ImageIndexFile)
	}
	return "", fmt.Errorf("OCI layout %s has no tag %q; it has %s", dir, tag, strings.Join(tags, ", "))
}

// layouts are the stores from which the engine reads OCI layouts.
type layouts map[string]content.Store

// add adds the store of a layout, and returns how the Dockerfile front end names it.
func (l layouts) add(c Context) (string, error) {
	store, err := local.NewStore(c.Dir)
	if err != nil {
		return "", fmt.Errorf("OCI layout %s: %w", c.Dir, err)
	}
	id := identity.NewID()
	l[id] = store
	return "oci-layout://" + id + "@" + c.Source, nil
}
