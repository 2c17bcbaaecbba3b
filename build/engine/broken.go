package engine

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"strings"

	"github.com/buildls/buildls/build/engine/docker"
)

// A broken engine was chosen by somebody, and what they wrote leads nowhere.
type broken struct {
	info Info
	err  error
	mend string
}

func (e broken) Info() Info { return e.info }

func (e broken) Connect(context.Context, func(string)) (*Conn, error) { return nil, e.unavailable() }

func (e broken) unavailable() *UnavailableError {
	return &UnavailableError{Info: e.info, Err: e.err, Mend: e.mend}
}

// currentDocker is the Docker engine that a `docker` command would talk to.
func currentDocker() Engine {
	at, err := docker.Current()
	if err != nil {
		return brokenDocker(err)
	}
	return Docker(at)
}

func brokenDocker(err error) broken {
	return broken{info: Info{Name: "docker"}, err: err, mend: "`docker context ls` lists the contexts, `docker context use NAME` chooses one."}
}

// mend says what makes a Docker engine answer.
func (e dockerEngine) mend(err error) string {
	at := e.at
	switch {
	case e.start != "":
		return "To use it, " + e.start + "."
	case strings.HasPrefix(at.Host, "ssh://"):
		return "Try `ssh " + strings.TrimPrefix(at.Host, "ssh://") + " docker version`: it must work without a question."
	case errors.Is(err, fs.ErrPermission):
		return "Let this user in: `sudo usermod -aG docker $USER`, then log in again."
	case runtime.GOOS == "linux" && at.Host == "unix:///var/run/docker.sock":
		return "Start it: `sudo systemctl start docker`, or set DOCKER_HOST to where it listens."
	case at.Context != "":
		return "Start Docker there, or choose another context: `docker context use NAME`."
	}
	return "Start Docker, or set DOCKER_HOST to where it listens."
}
