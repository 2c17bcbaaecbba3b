package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestReadArchive tells tars from Dockerfiles, whatever the tar begins with, and sends each
// as BuildKit knows it.
func TestReadArchive(t *testing.T) {
	long := strings.Repeat("long/", 40) + "name"
	for _, c := range []struct {
		name    string
		headers []*tar.Header
		wrapped bool
	}{
		{"ustar", []*tar.Header{{Name: "a", Format: tar.FormatUSTAR}}, false},
		{"GNU", []*tar.Header{{Name: "a", Format: tar.FormatGNU}}, false},
		{"pax", []*tar.Header{{Name: "a", Format: tar.FormatPAX, PAXRecords: map[string]string{"comment": "x"}}}, true},
		{"a long pax header", []*tar.Header{{Name: "a", Format: tar.FormatPAX, PAXRecords: map[string]string{"comment": strings.Repeat("x", 5000)}}}, true},
		{"a global pax header", []*tar.Header{{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, {Name: "a"}}, false},
		{"a long GNU name", []*tar.Header{{Name: long, Format: tar.FormatGNU}}, true},
	} {
		var sent bytes.Buffer
		w := tar.NewWriter(&sent)
		for _, h := range c.headers {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		from, text, err := ReadContext(iotest.OneByteReader(bytes.NewReader(sent.Bytes())))
		if err != nil || from.Kind != ArchiveContext {
			t.Errorf("%s: %v, %q, %v", c.name, from.Kind, text, err)
			continue
		}
		got, err := io.ReadAll(from.archive)
		if r, gzipErr := gzip.NewReader(bytes.NewReader(got)); gzipErr == nil {
			got, err = io.ReadAll(r)
		} else if c.wrapped {
			t.Errorf("%s: BuildKit would not know it", c.name)
		}
		if err != nil || !bytes.Equal(got, sent.Bytes()) {
			t.Errorf("%s: %d bytes of %d, %v", c.name, len(got), sent.Len(), err)
		}
	}
	for _, text := range []string{"FROM scratch\n", "FROM scratch\n" + strings.Repeat("# a comment\n", 1000), strings.Repeat("\x00", 2048), strings.Repeat("x", headerSize)} {
		if from, got, err := ReadContext(strings.NewReader(text)); err != nil || from.Kind == ArchiveContext || string(got) != text {
			t.Errorf("%.20q: %v, %v", text, from.Kind, err)
		}
	}
}
