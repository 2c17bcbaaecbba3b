package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
)

// A Layer is what a push says of one.
type Layer struct {
	ID, Status     string
	Current, Total int64 // bytes
}

// Push has a Docker engine push an image of its store, and returns the digest of the
// manifest. The login is the one that the Docker configuration holds.
func Push(ctx context.Context, e Endpoint, name string, tell func(Layer)) (digest string, err error) {
	login, err := loginFor(name)
	if err != nil {
		return "", err
	}
	c, err := e.client(nil)
	if err != nil {
		return "", err
	}
	defer c.Close()
	said, err := c.ImagePush(ctx, name, image.PushOptions{RegistryAuth: login})
	if err != nil {
		return "", err
	}
	defer said.Close()
	for d := json.NewDecoder(said); ; { // what went wrong comes as a message
		var m struct {
			ID, Status, Error string
			ProgressDetail    struct{ Current, Total int64 }
			Aux               struct{ Digest string }
		}
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			if digest == "" {
				err = errors.New("the engine does not say that it was pushed")
				return "", err
			}
			return digest, nil
		case err != nil:
			return "", err
		case m.Error != "":
			return "", errors.New(m.Error)
		case m.Aux.Digest != "":
			digest = m.Aux.Digest
		case m.ID != "":
			tell(Layer{m.ID, m.Status, m.ProgressDetail.Current, m.ProgressDetail.Total})
		}
	}
}

// dockerHub is the name under which Docker's tools keep the login of docker.io.
const dockerHub = "https://index.docker.io/v1/"

// loginFor is the login for the registry of an image, as the engine's API takes it.
func loginFor(name string) (string, error) {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", err
	}
	host := reference.Domain(ref)
	if host == "docker.io" {
		host = dockerHub
	}
	found, err := config.LoadDefaultConfigFile(io.Discard).GetAuthConfig(host)
	if err != nil {
		return "", fmt.Errorf("the login for %s: %w", host, err)
	}
	return registry.EncodeAuthConfig(registry.AuthConfig{
		Username: found.Username, Password: found.Password, Auth: found.Auth, ServerAddress: found.ServerAddress,
		IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
	})
}
