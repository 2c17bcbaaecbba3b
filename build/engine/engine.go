// Package engine finds the place where a build runs, and connects to it: a
// Docker engine, a buildkitd at an address, or the embedded engine. Whatever it
// is, behind it stands one BuildKit client.
//
// It knows nothing of Dockerfiles.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"

	"github.com/buildls/buildls/build/engine/docker"
	"github.com/buildls/buildls/build/engine/embedded"
)

// An Engine is a place where a build can run. Connecting is bounded: an engine
// that does not answer is an [*UnavailableError], never a hang.
type Engine interface {
	// Info says what is known without connecting.
	Info() Info
	// Connect returns a connection that answered. report is told in words what
	// takes time, and may be called until Connect returns.
	Connect(ctx context.Context, report func(string)) (*Conn, error)
}

// Info describes an engine.
type Info struct {
	Name      string   // "docker", "buildkitd" or "embedded"
	Address   string   // how it is reached, e.g. unix:///var/run/docker.sock
	Context   string   // the Docker context that names it; empty for the default one
	Builder   string   // the buildx builder that it is, if it is one
	Driver    string   // of that builder, as buildx calls it
	Node      string   // of that builder, if it has several; empty until connected
	Version   string   // of the engine; empty until connected, or if it does not say
	Frontend  string   // the version of docker/dockerfile inside, e.g. "1.19"; empty until connected, or if not known
	Platforms []string // that it can build for, its own first; empty until connected
	// ImageStore says that the engine keeps images that its user can see and
	// name, as a Docker engine does.
	ImageStore bool
	// MultiPlatform says that the image store can hold an image for several
	// platforms under one name.
	MultiPlatform bool
}

// Setting is the engine as Parse reads it.
func (i Info) Setting() string {
	switch {
	case i.Builder != "":
		return "builder:" + i.Builder
	case i.Name == "buildkitd":
		return i.Address
	}
	return i.Name
}

// String names the engine for a sentence: "Docker engine at unix:///…".
func (i Info) String() string {
	if i.Builder != "" && i.Address == "" {
		return "the buildx builder " + i.Builder
	}
	if i.Builder != "" {
		return fmt.Sprintf("the buildx builder %s (%s) at %s", i.Builder, i.Driver, i.Address)
	}
	switch i.Name {
	case "docker":
		if i.Address == "" {
			return "the Docker engine"
		}
		if i.Context != "" {
			return fmt.Sprintf("the Docker engine of the context %s at %s", i.Context, i.Address)
		}
		return "the Docker engine at " + i.Address
	case "embedded":
		return "the embedded engine"
	default:
		return i.Name + " at " + i.Address
	}
}

// A Conn is a connection to an engine. Its owner closes it.
type Conn struct {
	*client.Client
	Info   Info
	docker docker.Endpoint // of a Docker engine
	pool   *Pool           // that keeps it; nil: none does
}

// TakeNotes returns what the engine has to say of itself since somebody last asked, a
// sentence each. Who asks tells the author.
func (c *Conn) TakeNotes() []string {
	paths, ok := c.embedded()
	if !ok {
		return nil
	}
	notes := paths.TakeNotes()
	for _, remark := range embedded.Remarks(paths) {
		if _, told := c.pool.told.LoadOrStore(remark, true); !told {
			notes = append(notes, remark)
		}
	}
	return notes
}

// HasCertificates says whether the engine is this user's own, and reaches a registry with certificates
// of its configuration, or without a look at any.
func (c *Conn) HasCertificates(host string) bool {
	paths, ok := c.embedded()
	return ok && embedded.HasCertificates(paths, host)
}

// embedded are the places of the engine, if it is the embedded one, and somebody keeps c.
func (c *Conn) embedded() (embedded.Paths, bool) {
	if c.Info.Name != "embedded" || c.pool == nil {
		return embedded.Paths{}, false
	}
	paths, err := embeddedEngine{config: c.pool.configuration()}.paths()
	return paths, err == nil
}

// Push has a Docker engine push an image of its store, and returns the digest that the
// registry has it under.
func (c *Conn) Push(ctx context.Context, image string, tell func(docker.Layer)) (digest string, err error) {
	return docker.Push(ctx, c.docker, image, tell)
}

// Docker is the Docker engine whose image store the builds go to; ok is false if there is none.
func (c *Conn) Docker() (at docker.Endpoint, ok bool) {
	return c.docker, c.docker != (docker.Endpoint{})
}

// Images are the names with tags of the images that a Docker engine has, those first that are new.
// Others have none to build on.
func (c *Conn) Images(ctx context.Context) ([]string, error) {
	at, ok := c.Docker()
	if !ok {
		return nil, nil
	}
	return docker.Images(ctx, at)
}

// An UnavailableError says that an engine cannot be used, and what mends it.
type UnavailableError struct {
	Info Info
	Err  error
	Mend string // a sentence, or empty
}

func (e *UnavailableError) Error() string {
	s := e.reason().Error()
	if e.Info.Name != "embedded" { // whose errors name it
		s = fmt.Sprintf("cannot use %s: %s", e.Info, s)
	}
	if e.Mend != "" {
		s += ". " + e.Mend
	}
	return s
}

// reason says why. The embedded engine's own errors are about more than its socket.
func (e *UnavailableError) reason() error {
	if e.Info.Name == "embedded" {
		return e.Err
	}
	return plain(e.Err)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// answerWithin bounds the wait for an engine's first answer. A healthy one
// answers in milliseconds; one that is being started by socket activation, in a
// few seconds.
const answerWithin = 10 * time.Second

// plain says a connection error in the words a person would use.
func plain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("its socket does not exist")
	case errors.Is(err, errRefused):
		return errors.New("nothing listens there")
	case errors.Is(err, errNoHost), errors.Is(err, errNoNet), errors.Is(err, errLate):
		return fmt.Errorf("its machine is not reached: %w", err)
	case errors.Is(err, fs.ErrPermission):
		return errors.New("permission denied on its socket")
	case errors.Is(err, context.DeadlineExceeded), grpcerrors.Code(err) == codes.DeadlineExceeded:
		return fmt.Errorf("it did not answer within %s", answerWithin)
	}
	// A helper's own words, else what gRPC or HTTP says of the connection.
	said, newline := strings.TrimPrefix(err.Error(), "failed to list workers: Unavailable: "), `\n`
	if u := (*url.Error)(nil); errors.As(err, &u) {
		said = "desc = " + u.Err.Error()
	}
	if _, stderr, ok := strings.Cut(said, "stderr="); ok && strings.Trim(stderr, "\" \n") != "" {
		said, _, _ = strings.Cut(stderr, "\"")
	} else if i := strings.LastIndex(said, "desc = "); i >= 0 {
		said = said[i+len("desc = "):]
		if text, err := strconv.Unquote(said); err == nil { // a path on Windows has backslashes
			said, newline = text, "\n"
		}
	} else if said == err.Error() && !strings.HasSuffix(said, ".") { // it ends a part of a sentence
		return err
	}
	said = strings.ReplaceAll(strings.Trim(said, "\". \r\n"), newline, "; ")
	for _, prefix := range []string{"transport: ", "Error while dialing: ", "Error response from daemon: "} {
		said = strings.TrimPrefix(said, prefix)
	}
	return &plainError{said, err}
}

// A plainError is an error in fewer words.
type plainError struct {
	said string
	err  error
}

func (e *plainError) Error() string { return e.said }
func (e *plainError) Unwrap() error { return e.err }

// helpers are the programs that dial where this process cannot, by the scheme of the
// address.
var helpers = map[string]string{"ssh": "ssh", "podman-container": "podman", "kube-pod": "kubectl"}

// probe dials an address as a stream and closes it: the quickest way to learn
// that nobody is there, before gRPC begins to retry.
func probe(ctx context.Context, address string) error {
	network, addr, ok := strings.Cut(address, "://")
	if !ok {
		return fmt.Errorf("address %q has no scheme", address)
	}
	if program := helpers[network]; program != "" {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("it is reached by the program %s, which is not on PATH", program)
		}
	}
	if network != "unix" && network != "tcp" {
		return nil // dialled by a helper
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return err
	}
	return c.Close()
}
