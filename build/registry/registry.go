// Package registry asks image registries which tags an image has, which digest a tag has, and when
// its image was made. It speaks the protocol of OCI's distribution specification, with the login
// that Docker's configuration has for the registry.
//
// It knows nothing of Dockerfiles and engines: mirrors and certificates that an engine is
// configured with do not count.
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/lazyregexp"
)

const (
	// requestWithin bounds one request, askingWithin all that one question takes.
	requestWithin = 10 * time.Second
	askingWithin  = 20 * time.Second
	// maxBytes bounds what is read for one question, in bytes.
	maxBytes = 8 << 20
	// maxTags and maxPages bound a list of tags. Registries list them by the alphabet: what is
	// cut off need not be old.
	maxTags  = 10_000
	maxPages = 100
	// maxDepth is how many documents lead to an image's config at most; mostly two.
	maxDepth = 4
)

// accepted are the kinds of manifests that are understood.
var accepted = strings.Join([]string{ocispecs.MediaTypeImageIndex, images.MediaTypeDockerSchema2ManifestList,
	ocispecs.MediaTypeImageManifest, images.MediaTypeDockerSchema2Manifest, "*/*"}, ", ")

// A repository is an image in its registry, for one question.
type repository struct {
	client *http.Client
	auth   docker.Authorizer
	url    string // "https://registry-1.docker.io/v2/library/alpine"
}

func newRepository(ctx context.Context, transport http.RoundTripper, image reference.Named) (*repository, error) {
	client := &http.Client{Timeout: requestWithin, Transport: &bounded{RoundTripper: transport}}
	hosts, err := docker.ConfigureDefaultRegistries(docker.WithClient(client), docker.WithPlainHTTP(docker.MatchLocalhost))(reference.Domain(image))
	if err != nil {
		return nil, err
	}
	auth := docker.NewDockerAuthorizer(docker.WithAuthClient(client), docker.WithAuthCreds(func(host string) (string, string, error) { return login(ctx, host) }))
	return &repository{client, auth, hosts[0].Scheme + "://" + hosts[0].Host + hosts[0].Path + "/" + reference.Path(image)}, nil
}

// login is what Docker's configuration has for a registry; empty if that is nothing.
func login(ctx context.Context, host string) (name, secret string, err error) {
	type answer struct {
		types.AuthConfig
		err error
	}
	found := make(chan answer, 1)
	go func() { // a credential helper may wait for somebody; nobody waits for it, and it ends by itself
		auth, err := authprovider.LoadAuthConfig(config.LoadDefaultConfigFile(io.Discard))(ctx, host, nil, nil)
		found <- answer{auth, err}
	}()
	select {
	case a := <-found:
		if a.IdentityToken != "" {
			return "", a.IdentityToken, a.err
		}
		return a.Username, a.Password, a.err
	case <-ctx.Done():
		return "", "", fmt.Errorf("the login for %s: %w", host, ctx.Err())
	}
}

// do sends a request; once more, with the login, if the registry asks for one. The answer is a 200.
func (r *repository) do(ctx context.Context, method, url string) (*http.Response, error) {
	var refused []*http.Response
	for {
		req, err := http.NewRequestWithContext(ctx, method, url, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", accepted)
		if err := r.auth.Authorize(ctx, req); err != nil {
			return nil, err
		}
		resp, err := r.client.Do(req)
		if err != nil || resp.StatusCode == http.StatusOK {
			return resp, err
		}
		resp.Body.Close()
		refused = append(refused, resp)
		if resp.StatusCode != http.StatusUnauthorized || len(refused) > 1 {
			return nil, fmt.Errorf("%s %s: %s", method, url, resp.Status)
		}
		if err := r.auth.AddResponses(ctx, refused); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, url, err)
		}
	}
}

// read decodes the JSON at a URL.
func (r *repository) read(ctx context.Context, url string, into any) (*http.Response, error) {
	resp, err := r.do(ctx, http.MethodGet, url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, err)
	}
	return resp, nil
}

var isTag = lazyregexp.New(`^` + reference.TagRegexp.String() + `$`)

// tags are those of the repository, sorted. If there is an error, they may be some of them.
func (r *repository) tags(ctx context.Context, _ string) (tags []string, err error) {
	next := r.url + "/tags/list?n=1000"
	for page := 0; page < maxPages && next != "" && len(tags) < maxTags && err == nil; page++ {
		var list struct{ Tags []string }
		var resp *http.Response
		if resp, err = r.read(ctx, next, &list); err == nil {
			next = r.nextPage(resp)
		}
		for _, tag := range list.Tags {
			if len(tags) < maxTags && isTag.MatchString(tag) {
				tags = append(tags, tag)
			}
		}
	}
	Sort(tags)
	return slices.Compact(tags), err
}

var nextLink = lazyregexp.New(`<([^>]+)>\s*;\s*rel="?next\b`)

// nextPage is the URL of what comes behind an answer; empty if that is nothing, or of another
// repository.
func (r *repository) nextPage(resp *http.Response) string {
	link := nextLink.FindStringSubmatch(strings.Join(resp.Header.Values("Link"), ", "))
	if link == nil {
		return ""
	}
	next, err := resp.Request.URL.Parse(link[1])
	if err != nil || !strings.HasPrefix(next.String(), r.url+"/tags/list?") {
		return ""
	}
	return next.String()
}

// digest is that of the manifest, or index, with a tag or digest.
func (r *repository) digest(ctx context.Context, ref string) (string, error) {
	url := r.url + "/manifests/" + ref
	resp, err := r.do(ctx, http.MethodHead, url)
	if err != nil {
		return "", err
	}
	resp.Body.Close()
	if said := digest.Digest(resp.Header.Get("Docker-Content-Digest")); said.Validate() == nil {
		return said.String(), nil
	}
	if resp, err = r.do(ctx, http.MethodGet, url); err != nil {
		return "", err
	}
	defer resp.Body.Close()
	made, err := digest.FromReader(resp.Body)
	return made.String(), err
}

// created is when the image with a tag or digest was made: its manifest, or that of an index,
// names the config, which says so.
func (r *repository) created(ctx context.Context, ref string) (time.Time, error) {
	url := r.url + "/manifests/" + ref
	for range maxDepth {
		var said struct {
			Manifests []ocispecs.Descriptor
			Config    ocispecs.Descriptor
			Created   *time.Time
		}
		if _, err := r.read(ctx, url, &said); err != nil {
			return time.Time{}, err
		}
		if said.Created != nil {
			return *said.Created, nil
		}
		kind, next := "/blobs/", said.Config.Digest
		if len(said.Manifests) > 0 {
			kind, next = "/manifests/", forHost(said.Manifests).Digest
		}
		if next.Validate() != nil {
			break
		}
		url = r.url + kind + next.String()
	}
	return time.Time{}, errors.New("the image does not say when it was made")
}

// forHost is the manifest of an index for Linux on this machine's processor; if there is none, the
// first.
func forHost(list []ocispecs.Descriptor) ocispecs.Descriptor {
	host := platforms.Only(ocispecs.Platform{OS: "linux", Architecture: runtime.GOARCH})
	i := slices.IndexFunc(list, func(d ocispecs.Descriptor) bool { return d.Platform != nil && host.Match(*d.Platform) })
	return list[max(i, 0)]
}
