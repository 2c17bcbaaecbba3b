package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	docker "github.com/docker/docker/client"
)

// A Loader takes images into a Docker engine's store.
type Loader struct{ client *docker.Client }

// NewLoader asks the engine whether it is there.
func NewLoader(ctx context.Context, e Endpoint) (*Loader, error) {
	c, err := e.client(nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := c.Ping(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return &Loader{c}, nil
}

// Load reads a tar as `docker save` makes it, and ends the loader.
func (l *Loader) Load(ctx context.Context, tar io.Reader) error {
	defer l.client.Close()
	resp, err := l.client.ImageLoad(ctx, tar, docker.ImageLoadWithQuiet(true))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for d := json.NewDecoder(resp.Body); ; { // what went wrong comes as a message
		var message struct {
			Error string `json:"error"`
		}
		switch err := d.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case message.Error != "":
			return errors.New(message.Error)
		}
	}
}
