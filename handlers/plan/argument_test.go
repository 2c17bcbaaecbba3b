package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/project"
)

// TestTwice holds that what is given twice and is the same is no error, and that of two
// contexts of one name both are named.
func TestTwice(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Build: project.Build{Contexts: map[string]string{"alpine": dir, "alpine:latest": ".", "docker.io/library/alpine": dir + "/"}}}
	if got, err := o.contexts(dir); err != nil || len(got) != 1 || got["alpine"].Dir != dir {
		t.Errorf("%v, %v", got, err)
	}
	o.Contexts["alpine:latest"] = "docker-image://busybox"
	_, err := o.contexts(dir)
	for _, want := range []string{"alpine and alpine:latest are one name", dir, "docker-image://busybox"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("two contexts of one name: %v; want %q", err, want)
		}
	}
	if got, err := tagsOf([]string{"a", "a:latest", "docker.io/library/a", "b"}); err != nil || fmt.Sprint(got) != "[docker.io/library/a:latest docker.io/library/b:latest]" {
		t.Errorf("tags %v, %v", got, err)
	}
	o.Secrets = []project.Secret{{ID: "s", Env: "PATH"}, {ID: "s", Src: key}}
	if got, err := o.secrets(dir); err != nil || len(got) != 1 || got[0].File != key {
		t.Errorf("secrets %v, %v", got, err)
	}
}
