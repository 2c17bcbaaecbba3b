package build

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine"
)

// CheckFile refuses a file that could not be written when the build has ended.
func CheckFile(path string) error {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return fmt.Errorf("%s is a directory; name a file", path)
	}
	if st, err := os.Stat(filepath.Dir(path)); err != nil || !st.IsDir() {
		return fmt.Errorf("the directory %s does not exist", filepath.Dir(path))
	}
	return nil
}

// checkFiles refuses to promise the id of an image that there will not be.
func (r *Request) checkFiles(info engine.Info) error {
	if r.IIDFile == "" || r.WantsImage() && (len(r.Outputs) > 0 || info.ImageStore) {
		return nil
	}
	return &RefusedError{fmt.Sprintf("iidFile: this build leaves no image on %s; ask for an output, push or load", info)}
}

// writeFiles tells a script what was built.
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

// decoded is a value of an exporter's response: objects come as JSON in base64.
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
		os.Remove(f.temp)
		return err
	}
	return f.keep()
}
