package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/opencontainers/go-digest"
)

// newRegistry starts a registry on a free port of loopback, and fills it.
func newRegistry(program, busybox string) (*Daemon, error) {
	h, err := newHome()
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf(`version: 0.1
log: {level: info, formatter: json, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0"}
`, h.path("d"))
	if err := os.WriteFile(h.path("config.yml"), []byte(config), 0o600); err != nil {
		return nil, errors.Join(err, h.remove())
	}
	d, err := begin(&Daemon{
		Name:    "registry",
		Log:     h.path("log"),
		home:    h,
		argv:    []string{program, "serve", h.path("config.yml")},
		answers: registryAnswers,
	})
	if err != nil {
		return nil, err
	}
	if err := pushBases(d.Address, busybox); err != nil {
		return nil, errors.Join(fmt.Errorf("pushing the base images: %w", err), d.end())
	}
	return d, nil
}

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// registryAnswers finds the port, which the registry chose, in its log.
func registryAnswers(ctx context.Context, d *Daemon) error {
	log, err := os.ReadFile(d.Log)
	if err != nil {
		return err
	}
	match := listening.FindSubmatch(log)
	if match == nil {
		return errors.New("it does not listen yet")
	}
	d.Address = string(match[1])
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.Address+"/v2/", nil)
	if err != nil {
		return err
	}
	return do(request, http.StatusOK)
}

// pushBases pushes base:latest and multi:latest.
func pushBases(registry, busybox string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	base, multi, err := baseImages(busybox)
	if err != nil {
		return err
	}
	if err := push(ctx, registry, "base", "latest", base); err != nil {
		return err
	}
	for _, image := range multi.of {
		if err := push(ctx, registry, "multi", image.descriptor.Digest.String(), image); err != nil {
			return err
		}
	}
	return push(ctx, registry, "multi", "latest", multi)
}

// push puts the blobs of an image or index, and then its manifest.
func push(ctx context.Context, registry, name, reference string, image *image) error {
	to := "http://" + registry + "/v2/" + name
	for _, blob := range image.blobs {
		if err := putBlob(ctx, to, blob); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return put(ctx, to+"/manifests/"+reference, image.descriptor.MediaType, image.manifest)
}

func putBlob(ctx context.Context, to string, blob []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to+"/blobs/uploads/", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("POST %s: %s", request.URL, response.Status)
	}
	location, err := response.Location()
	if err != nil {
		return fmt.Errorf("POST %s: %w", request.URL, err)
	}
	query := location.Query()
	query.Set("digest", digest.FromBytes(blob).String())
	location.RawQuery = query.Encode()
	return put(ctx, location.String(), "application/octet-stream", blob)
}

func put(ctx context.Context, to, mediaType string, content []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, to, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", mediaType)
	return do(request, http.StatusCreated)
}

func do(request *http.Request, want int) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != want {
		says, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return fmt.Errorf("%s %s: %s: %s", request.Method, request.URL, response.Status, says)
	}
	return nil
}
