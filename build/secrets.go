package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/redact"
)

// A Secret says where a value is that a step may mount. The value is read when the build needs it.
// A value from a stream, which can be read but once, is kept.
type Secret struct {
	ID   string
	File string // absolute; or Env
	Env  string

	stream *stream // nil: it can be read again; set by Check
}

// Check says what is wrong with a secret, before a build needs it. It leaves a stream for the build
// to read. Its errors do not have the value.
func (s *Secret) Check() error {
	if s.Env == "" {
		switch st, err := os.Stat(s.File); {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("secret %q: %s does not exist", s.ID, s.File)
		case err != nil:
			return fmt.Errorf("secret %q: %w", s.ID, err)
		case st.IsDir():
			return fmt.Errorf("secret %q: %s is a directory", s.ID, s.File)
		case IsStream(s.File):
			s.stream = newStream()
			return nil
		case st.Size() > secretsprovider.MaxSecretSize:
			return s.tooLarge(fmt.Sprint(st.Size()))
		}
	}
	_, err := s.read(context.Background())
	return err
}

// read returns the value. Its errors do not have it.
func (s Secret) read(ctx context.Context) (value []byte, err error) {
	switch {
	case s.Env != "":
		text, ok := os.LookupEnv(s.Env)
		if !ok {
			return nil, fmt.Errorf("secret %q: the environment variable %s is not set", s.ID, s.Env)
		}
		if len(text) > secretsprovider.MaxSecretSize {
			return nil, s.tooLarge(fmt.Sprint(len(text)))
		}
		return []byte(text), nil
	case s.stream != nil:
		value, err = s.stream.read(ctx, s.File, secretsprovider.MaxSecretSize)
	default:
		value, err = ReadNamed(ctx, s.File, secretsprovider.MaxSecretSize)
	}
	switch {
	case errors.As(err, new(*TooLargeError)):
		return nil, s.tooLarge(fmt.Sprintf("more than %d", secretsprovider.MaxSecretSize))
	case err != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("secret %q: %w", s.ID, err)
	}
	return value, err
}

func (s Secret) tooLarge(size string) error {
	return fmt.Errorf("secret %q: it has %s bytes, and BuildKit takes %d", s.ID, size, secretsprovider.MaxSecretSize)
}

// An SSH is an agent that steps may use: one at a socket, or one that is made of keys.
type SSH struct {
	ID    string
	Paths []string // of a socket or of keys; empty: the agent at $SSH_AUTH_SOCK
}

// Once says whether a key is a stream, which can be read but once.
func (s SSH) Once() bool {
	return slices.ContainsFunc(s.Paths, func(path string) bool {
		st, err := os.Stat(path)
		return err == nil && st.Mode()&fs.ModeSocket == 0 && IsStream(path)
	})
}

// CheckSSH says what is wrong with the agents, before a build needs them. It leaves keys that are
// streams for the build to read.
func CheckSSH(list []SSH) error {
	for _, s := range list {
		if len(s.Paths) > 0 {
			continue
		}
		socket := os.Getenv("SSH_AUTH_SOCK")
		if socket == "" {
			return fmt.Errorf("ssh %q: there is no agent: SSH_AUTH_SOCK is not set; start ssh-agent, or name a key", s.ID)
		}
		c, err := net.DialTimeout("unix", socket, 2*time.Second) // as long as BuildKit's client
		if err != nil {
			return fmt.Errorf("ssh %q: no agent answers at SSH_AUTH_SOCK: %w", s.ID, err)
		}
		c.Close()
	}
	_, err := sshAgents(slices.DeleteFunc(slices.Clone(list), SSH.Once))
	return err
}

// agents returns the part of the session that offers the SSH agents. It fails with ctx's cause if ctx
// ends before the keys are read.
func (r *Request) agents(ctx context.Context) (session.Attachable, error) {
	var agents session.Attachable
	var err error
	read := make(chan struct{})
	go func() { // waits for a key in a pipe until somebody writes, or the process ends
		defer close(read)
		agents, err = sshAgents(r.SSH)
	}()
	select {
	case <-read:
		return agents, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// sshAgents is the part of the session that offers the agents.
func sshAgents(list []SSH) (session.Attachable, error) {
	var agents []sshprovider.AgentConfig
	for _, s := range list {
		agents = append(agents, sshprovider.AgentConfig{ID: s.ID, Paths: slices.Clone(s.Paths)})
	}
	a, err := sshprovider.NewSSHAgentProvider(agents)
	if err != nil {
		return nil, fmt.Errorf("ssh: %w", err)
	}
	return a, nil
}

// Session returns what the engine may ask of this side while it builds: credentials, secrets and
// agents. hidden are the values that must not be shown. The error is a *RefusedError if a secret or
// a key cannot be read. Session may be called more than once.
func (r *Request) Session(ctx context.Context, conn *engine.Conn) (parts []session.Attachable, hidden redact.Mask, err error) {
	parts = []session.Attachable{registryCredentials(conn)}
	hidden = r.hidden()
	if len(r.Secrets) > 0 {
		values := map[string][]byte{}
		for _, s := range r.Secrets {
			value, err := s.read(ctx)
			if err != nil {
				return nil, nil, &RefusedError{err.Error()}
			}
			values[s.ID] = value
			hidden = hidden.With(value)
		}
		parts = append(parts, secretsprovider.FromMap(values))
	}
	if len(r.SSH) > 0 {
		agents, err := r.agents(ctx)
		if err != nil {
			return nil, nil, &RefusedError{err.Error()}
		}
		parts = append(parts, agents)
	}
	return parts, hidden, nil
}

// hideStatus masks what a step prints, and what BuildKit says itself. It sees one piece of output at
// a time: logs.Output.Write finds a value that a program writes in pieces.
func hideStatus(m redact.Mask, s *client.SolveStatus) {
	for _, l := range s.Logs {
		l.Data = m.Hide(l.Data)
	}
	for _, v := range s.Vertexes {
		v.Name, v.Error = m.HideText(v.Name), m.HideText(v.Error)
	}
	for _, v := range s.Statuses {
		v.ID, v.Name = m.HideText(v.ID), m.HideText(v.Name)
	}
	for _, w := range s.Warnings {
		w.Short = m.Hide(w.Short)
		for i, d := range w.Detail {
			w.Detail[i] = m.Hide(d)
		}
		if w.SourceInfo != nil {
			w.SourceInfo.Data = redact.URLsIn(w.SourceInfo.Data) // the Dockerfile, see buildState.problems
		}
	}
}

// hideLines masks the names of steps.
func hideLines(m redact.Mask, lines LineMap) LineMap {
	for i := range lines {
		lines[i].Name = m.HideText(lines[i].Name)
	}
	return lines
}
