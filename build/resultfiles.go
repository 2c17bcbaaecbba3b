package build

// A build writes two files for scripts: iidFile has the ID of the image, and metadataFile what the
// exporters said.

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/engine"
)

// CheckFile refuses a path at which the build could not write a file at its end.
func CheckFile(path string) error {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return fmt.Errorf("%s is a directory; name a file", path)
	}
	if st, err := os.Stat(filepath.Dir(path)); err != nil || !st.IsDir() {
		return fmt.Errorf("the directory %s does not exist", filepath.Dir(path))
	}
	return nil
}

// An OldFile is a kind of file that a build may find where it will write one at its end.
type OldFile struct {
	What string // for people
	Made func(data []byte) bool
}

// The files that an earlier build may have left, ours or another builder's: an iidFile and a
// metadataFile.
var (
	OldID       = OldFile{"the id of an image", madeID}
	OldMetadata = OldFile{"what a build says of its outputs", madeMetadata}
)

func madeID(data []byte) bool {
	_, err := digest.Parse(strings.TrimSpace(string(data)))
	return err == nil
}

func madeMetadata(data []byte) bool {
	var keys map[string]json.RawMessage
	if json.Unmarshal(data, &keys) != nil || keys == nil {
		return false
	}
	for key := range keys {
		for _, of := range []string{"containerimage.", "image.name", "buildx.", "cache."} {
			if strings.HasPrefix(key, of) {
				return true
			}
		}
	}
	return len(keys) == 0
}

// maxOld is how many bytes of an old file are read. Some have provenance, which may be long.
const maxOld = 64 << 20

// Check refuses to overwrite a file that no earlier build can have left, because somebody would lose
// it. path may be empty.
func (o OldFile) Check(path string) error {
	if path == "" || IsStream(path) {
		return nil
	}
	data, err := readRegular(path, maxOld)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && (len(data) == 0 || o.Made(data)):
		return nil
	case err != nil && !errors.As(err, new(*TooLargeError)):
		return err
	}
	return fmt.Errorf("%s is there, and is not %s, so no build wrote it; name another file, or remove it", path, o.What)
}

// RemoveOld removes a file, or a symlink to one, that the build will write at its end: nobody shall
// take the old one for the new. It leaves directories, devices, pipes and what IsStream says. It also
// leaves an empty file, which nobody takes for an answer. path may be empty.
func RemoveOld(path string) error {
	if path == "" || IsStream(path) {
		return nil
	}
	if st, err := os.Stat(path); err == nil && st.Size() == 0 {
		return nil
	}
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// IsStream says whether a path leads to something else than a regular file, or to a file that a
// process has open, as /dev/stdout does.
func IsStream(path string) bool {
	for range 40 { // links, as Linux
		st, err := os.Lstat(path)
		switch {
		case err != nil:
			return false
		case strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/dev/fd/"):
			return true
		case st.Mode()&fs.ModeSymlink == 0:
			return !st.Mode().IsRegular()
		}
		link, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return false
}

// checkFiles refuses an iidFile if the build leaves no image.
func (r *Request) checkFiles(info engine.Info) error {
	if r.IIDFile == "" || r.WantsImage() && (len(r.Outputs) > 0 || info.ImageStore) {
		return nil
	}
	return &RefusedError{fmt.Sprintf("iidFile: this build leaves no image on %s; ask for an output, push or load", info)}
}

// writeFiles writes the files for scripts.
func (r *Request) writeFiles(out *Outcome, resp *client.SolveResponse) error {
	if r.IIDFile != "" {
		if err := r.writeFile(r.IIDFile, []byte(cmp.Or(out.ImageID, out.Digest))); err != nil {
			return fmt.Errorf("iidFile: %w", err)
		}
	}
	if r.MetadataFile == "" {
		return nil
	}
	metadata := map[string]any{}
	for key, value := range resp.ExporterResponse {
		metadata[key] = decoded(value)
	}
	data, err := json.MarshalIndent(metadata, "", "  ")
	if err == nil {
		err = r.writeFile(r.MetadataFile, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("metadataFile: %w", err)
	}
	return nil
}

// decoded decodes a value of an exporter's response, where objects are JSON in base64.
func decoded(value string) any {
	data, err := base64.StdEncoding.DecodeString(value)
	if err == nil && len(data) > 0 && data[0] == '{' && json.Valid(data) {
		return json.RawMessage(data)
	}
	return value
}

// writeFile writes a file whole or not at all.
func (r *Request) writeFile(path string, data []byte) error {
	f := &outputFile{dest: path, temp: path + ".buildls-" + r.ID}
	w, err := f.open(nil)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err := cmp.Or(err, w.Close()); err != nil {
		f.drop()
		return err
	}
	return f.keep()
}
