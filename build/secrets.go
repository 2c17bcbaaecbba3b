package build

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"

	"github.com/buildls/buildls/build/redact"
)

// A Secret says where a value is that a step may mount. The value itself is read when
// the build needs it, and kept nowhere.
type Secret struct {
	ID   string
	File string // absolute; or
	Env  string
}

// Read returns the value. Its errors do not hold it.
func (s Secret) Read() ([]byte, error) {
	if s.Env != "" {
		value, ok := os.LookupEnv(s.Env)
		if !ok {
			return nil, fmt.Errorf("secret %q: the environment variable %s is not set", s.ID, s.Env)
		}
		return s.limited([]byte(value))
	}
	st, err := os.Stat(s.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("secret %q: %s does not exist", s.ID, s.File)
	case err != nil:
		return nil, fmt.Errorf("secret %q: %w", s.ID, err)
	case st.IsDir():
		return nil, fmt.Errorf("secret %q: %s is a directory", s.ID, s.File)
	case st.Size() > secretsprovider.MaxSecretSize:
		return nil, s.tooLarge(st.Size())
	}
	value, err := os.ReadFile(s.File)
	if err != nil {
		return nil, fmt.Errorf("secret %q: %w", s.ID, err)
	}
	return s.limited(value)
}

func (s Secret) limited(value []byte) ([]byte, error) {
	if len(value) > secretsprovider.MaxSecretSize {
		return nil, s.tooLarge(int64(len(value)))
	}
	return value, nil
}

func (s Secret) tooLarge(size int64) error {
	return fmt.Errorf("secret %q: it has %d bytes, and BuildKit takes %d", s.ID, size, secretsprovider.MaxSecretSize)
}

// An SSH is an agent that steps may use: that at a socket, or one made of keys.
type SSH struct {
	ID    string
	Paths []string // none: the agent at $SSH_AUTH_SOCK
}

// CheckSSH says what is wrong with the agents, before a build needs them.
func CheckSSH(list []SSH) error {
	for _, s := range list {
		if len(s.Paths) > 0 {
			continue
		}
		socket := os.Getenv("SSH_AUTH_SOCK")
		if socket == "" {
			return fmt.Errorf("ssh %q: there is no agent: SSH_AUTH_SOCK is not set; start ssh-agent, or name a key", s.ID)
		}
		c, err := net.Dial("unix", socket)
		if err != nil {
			return fmt.Errorf("ssh %q: no agent answers at SSH_AUTH_SOCK: %w", s.ID, err)
		}
		c.Close()
	}
	_, err := sshAgents(list)
	return err
}

// sshAgents are the agents as the session offers them.
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

// session is what the engine may ask of this side while it builds, and what must
// not be shown.
func (r *Request) session() ([]session.Attachable, redact.Mask, error) {
	parts := []session.Attachable{registryCredentials()}
	hidden := r.hidden()
	if len(r.Secrets) > 0 {
		values := map[string][]byte{}
		for _, s := range r.Secrets {
			value, err := s.Read()
			if err != nil {
				return nil, nil, &RefusedError{err.Error()}
			}
			values[s.ID] = value
			hidden = hidden.With(value)
		}
		parts = append(parts, secretsprovider.FromMap(values))
	}
	if len(r.SSH) > 0 {
		agents, err := sshAgents(r.SSH)
		if err != nil {
			return nil, nil, &RefusedError{err.Error()}
		}
		parts = append(parts, agents)
	}
	return parts, hidden, nil
}

// hideStatus masks what a step prints, and what BuildKit says itself. It sees each piece of
// output by itself: a value that a program writes in pieces is found by output.write.
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
			w.SourceInfo.Data = redact.URLsIn(w.SourceInfo.Data) // the Dockerfile, see fold.problems
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
