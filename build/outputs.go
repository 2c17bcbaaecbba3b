package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/docker"
)

// An Output is what a build leaves, spelled as in `docker build --output`.
type Output struct {
	Type  string // "local", "tar", "oci", "docker" or "image"
	Dest  string // absolute, or Stdout; empty for images that an engine or a registry keeps
	Attrs map[string]string
}

// Stdout as the Dest of an Output is the terminal's standard output.
const Stdout = "-"

// CheckOutput returns the normal form of an output, in which "registry" is an image that is pushed.
// It refuses an output that could not be written.
func CheckOutput(o Output) (Output, error) {
	o.Attrs = maps.Clone(o.Attrs)
	if o.Attrs == nil {
		o.Attrs = map[string]string{}
	}
	wrong := func(format string, args ...any) (Output, error) {
		return o, fmt.Errorf("output %s: %s", o.Type, fmt.Sprintf(format, args...))
	}
	switch o.Type {
	case "registry":
		o.Type, o.Attrs["push"] = client.ExporterImage, "true"
	case client.ExporterImage, client.ExporterLocal, client.ExporterTar, client.ExporterOCI, client.ExporterDocker:
	case "":
		return o, errors.New("an output lacks its type")
	default:
		return o, fmt.Errorf("output %q: it can be local, tar, oci, docker, image or registry", o.Type)
	}
	switch {
	case o.Type == client.ExporterImage && o.Dest != "":
		return wrong("it goes to a registry or an image store, not to %s", o.Dest)
	case o.Dest == "" && o.Type != client.ExporterImage && o.Type != client.ExporterDocker:
		return wrong("it needs dest")
	case o.Dest == "":
		return o, nil
	case o.Dest == Stdout && o.inDir():
		return wrong("it is a directory, and cannot go to the standard output")
	case o.Dest == Stdout:
		return o, nil
	}
	st, err := os.Stat(o.Dest)
	switch {
	case err == nil && o.inDir() && !st.IsDir():
		return wrong("%s is not a directory", o.Dest)
	case err == nil && !o.inDir() && st.IsDir():
		return wrong("%s is a directory; name a file", o.Dest)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return wrong("%v", err)
	}
	if dir := filepath.Dir(o.Dest); !o.inDir() {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			return wrong("the directory %s does not exist", dir)
		}
	}
	return o, nil
}

// File is the path of the file that the output writes; empty if it writes none, or a stream.
func (o Output) File() string {
	if o.Dest == Stdout || o.Dest == "" || o.inDir() || IsStream(o.Dest) {
		return ""
	}
	return o.Dest
}

// inDir says whether the output is a directory and not one file.
func (o Output) inDir() bool {
	if o.Type == client.ExporterLocal {
		return true
	}
	tar, err := strconv.ParseBool(o.Attrs["tar"])
	return err == nil && !tar && (o.Type == client.ExporterOCI || o.Type == client.ExporterDocker)
}

// Pushes says whether the output goes to a registry.
func (o Output) Pushes() bool {
	push, _ := strconv.ParseBool(o.Attrs["push"])
	return o.Type == client.ExporterImage && push
}

// loads says whether the output goes into a Docker engine.
func (o Output) loads() bool { return o.Type == client.ExporterDocker && o.Dest == "" }

// outputsOn are the outputs of the build on an engine: a Docker engine keeps the image unasked.
func (r *Request) outputsOn(info engine.Info) []Output {
	if len(r.Outputs) == 0 && info.ImageStore && r.Linked == "" && !r.Discard {
		return []Output{{Type: client.ExporterImage}}
	}
	return r.Outputs
}

// graphStore says whether an engine is Docker without the containerd image store. Such an engine
// keeps layers and configs, and no manifests.
func graphStore(info engine.Info) bool { return info.ImageStore && !info.MultiPlatform }

// checkOutputs refuses outputs that the engine lacks or would only pretend to write.
func (r *Request) checkOutputs(info engine.Info) error {
	for _, o := range r.outputsOn(info) {
		switch {
		case o.Pushes() && graphStore(info) && o.Attrs["push-by-digest"] != "":
			return &RefusedError{fmt.Sprintf("%s pushes images by their tags only (push-by-digest); "+
				"switch Docker to the containerd image store, or choose another engine", info)}
		case graphStore(info) && (o.Type == client.ExporterOCI || o.Type == client.ExporterDocker && o.Dest != ""):
			return &RefusedError{fmt.Sprintf("%s has no exporter %q; it has image, local and tar; choose another engine, or use `docker save`", info, o.Type)}
		case o.loads() && !info.ImageStore && len(r.Platforms) > 1:
			return &RefusedError{"an image for several platforms cannot be loaded; write an oci tar, or build for one"}
		}
	}
	return nil
}

// supportedOutputs refuses several outputs if the engine would drop all but the first.
func (r *Request) supportedOutputs(info engine.Info, caps apicaps.CapSet) error {
	if len(r.Outputs) > 1 && !caps.Contains(pb.CapMultipleExporters) {
		return &RefusedError{fmt.Sprintf("%s makes one output of a build, not %d: its BuildKit is too old", info, len(r.Outputs))}
	}
	return nil
}

// lostAnnotations notes that a Docker engine without manifests drops annotations in silence.
func (r *Request) lostAnnotations(info engine.Info) []string {
	for _, o := range r.Outputs {
		for name := range o.Attrs {
			if _, is, _ := exptypes.ParseAnnotationKey(name); is && graphStore(info) && (o.Type == client.ExporterImage || o.loads()) {
				return []string{fmt.Sprintf("the image is without its annotations: %s keeps no manifests; "+
					"switch Docker to the containerd image store, or choose another engine", info)}
			}
		}
	}
	return nil
}

// An export is what the outputs of a build write to. Its owner ends it with keep or drop.
type export struct {
	entries []client.ExportEntry
	files   []*outputFile
	load    *loading // nil if nothing is loaded
	push    []string // images that the engine pushes when they are in its store
}

// newExport opens what the build writes to.
func (r *Request) newExport(ctx context.Context, info engine.Info) (*export, error) {
	e := &export{}
	for _, o := range r.outputsOn(info) {
		entry := client.ExportEntry{Type: o.Type, Attrs: maps.Clone(o.Attrs)}
		if entry.Attrs == nil {
			entry.Attrs = map[string]string{}
		}
		if o.Type != client.ExporterLocal && o.Type != client.ExporterTar && entry.Attrs["name"] == "" && len(r.Tags) > 0 {
			entry.Attrs["name"] = strings.Join(r.Tags, ",")
		}
		switch {
		case info.ImageStore && (o.Type == client.ExporterImage || o.loads()):
			entry.Type = "moby"
			if graphStore(info) {
				e.push = append(e.push, pushLater(entry)...)
			}
		case o.loads():
			if e.load == nil {
				load, err := newLoading(ctx)
				if err != nil {
					e.drop()
					return nil, err
				}
				e.load = load
			}
			entry.Output = e.load.open
		case o.inDir():
			entry.OutputDir = o.Dest
		case o.Dest == Stdout:
			entry.Output = func(map[string]string) (io.WriteCloser, error) { return unclosed{r.Stdout}, nil }
		case o.Dest != "":
			f := &outputFile{dest: o.Dest, temp: o.Dest + ".buildls-" + r.ID}
			e.files = append(e.files, f)
			entry.Output = f.open
		}
		e.entries = append(e.entries, entry)
	}
	return e, nil
}

// keep puts what was written in its place. It ends a build that succeeded.
func (e *export) keep() error {
	var errs []error
	for _, f := range e.files {
		errs = append(errs, f.keep())
	}
	if e.load != nil {
		errs = append(errs, e.load.end(nil))
	}
	return errors.Join(errs...)
}

// drop removes what was written. It ends a build that did not succeed: what was there before stays.
func (e *export) drop() {
	for _, f := range e.files {
		f.drop()
	}
	if e.load != nil {
		e.load.end(errors.New("the build did not succeed"))
	}
}

// An outputFile is written beside its place, and put there when it is whole.
type outputFile struct {
	dest, temp string
	direct     bool // a device or pipe: nothing can be put in its place
	written    atomic.Pointer[os.File]
}

func (f *outputFile) open(map[string]string) (io.WriteCloser, error) {
	if IsStream(f.dest) {
		f.direct = true
		return os.OpenFile(f.dest, os.O_WRONLY|os.O_APPEND, 0)
	}
	if real, err := filepath.EvalSymlinks(f.dest); err == nil {
		f.dest = real
	}
	w, err := os.OpenFile(f.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	f.written.Store(w)
	return w, err
}

func (f *outputFile) keep() error {
	if f.direct {
		return nil
	}
	err := os.Rename(f.temp, f.dest)
	if err != nil { // on Windows, if a program has the old file open
		f.drop()
	}
	return err
}

// drop removes what was written.
func (f *outputFile) drop() {
	if w := f.written.Load(); w != nil {
		w.Close() // a canceled build may have left it open, and Windows removes no open file
	}
	os.Remove(f.temp)
}

// unclosed is a writer that outlives the build.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// A loading streams an image into the Docker engine while it is built.
type loading struct {
	w     *io.PipeWriter
	ended chan error // one value, when Docker has answered
}

// newLoading finds the Docker engine that takes the image.
func newLoading(ctx context.Context) (*loading, error) {
	at, err := docker.Current()
	if err != nil {
		return nil, &RefusedError{fmt.Sprintf("the image cannot be loaded: %v; mend that, or write a tar with an output of type oci or docker", err)}
	}
	d, err := docker.NewLoader(ctx, at)
	if err != nil {
		return nil, &RefusedError{fmt.Sprintf("the image cannot be loaded: no Docker engine answers at %s (%v); "+
			"start it, or write a tar with an output of type oci or docker", at.Host, err)}
	}
	r, w := io.Pipe()
	l := &loading{w: w, ended: make(chan error, 1)}
	go func() { // ends when w is closed, see end
		err := d.Load(ctx, r)
		r.CloseWithError(cmp.Or(err, io.ErrClosedPipe))
		l.ended <- err
	}()
	return l, nil
}

func (l *loading) open(map[string]string) (io.WriteCloser, error) { return l.w, nil }

// end waits for Docker's answer. A cause ends the stream halfway.
func (l *loading) end(cause error) error {
	l.w.CloseWithError(cause) // nil is the end of the file; if w is closed, this does nothing
	if err := <-l.ended; err != nil && cause == nil {
		return fmt.Errorf("loading the image into Docker: %w", err)
	}
	return nil
}

// WantsImage says whether the outputs leave an image somewhere.
func (r *Request) WantsImage() bool {
	return len(r.Outputs) == 0 && r.Linked == "" && !r.Discard || slices.ContainsFunc(r.Outputs, Output.IsImage)
}

// IsImage says whether the output is an image, and not only the files of one.
func (o Output) IsImage() bool { return o.Type != client.ExporterLocal && o.Type != client.ExporterTar }
