//go:build linux && !portable

package daemon

import (
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
)

// What the Dockerfile front end makes of a COPY is recognized where it can be, and there only.
func TestDirectoryCopy(t *testing.T) {
	for text, want := range map[string]bool{
		"COPY . /src":                   true,
		"COPY src /":                    true,
		"COPY --chown=1:2 . /src":       true,
		"COPY --chmod=755 . /src":       true,
		"COPY --link . /src":            true,
		"COPY --from=base /usr /usr":    true,
		"COPY --chown=nobody . /src":    false, // looked up in the image
		"COPY --chmod=u=rwX . /src":     false,
		"COPY --exclude=*.md . /src":    false,
		"COPY --parents src/a /":        false,
		"COPY src/* /src":               false,
		"COPY src docs /src/":           false,
		"ADD src /src":                  false, // may be an archive
		"COPY <<EOF /file\ntext\nEOF":   false,
		"WORKDIR /src":                  false,
		"ADD https://example.com/x /x/": false,
	} {
		t.Run(text, func(t *testing.T) {
			found := 0
			for _, op := range fileOps(t, "FROM scratch AS base\nCOPY <<EOF /one\nEOF\nFROM scratch\n"+text+"\n") {
				if directoryCopy(op) != nil {
					found++
				}
			}
			if found > 1 || (found == 1) != want {
				t.Errorf("%d of its operations are taken for a copy", found)
			}
		})
	}
}

// fileOps are the file operations of a Dockerfile.
func fileOps(t *testing.T, text string) []*pb.FileOp {
	t.Helper()
	res, err := dockerfile2llb.Dockerfile2LLB(t.Context(), []byte(text), dockerfile2llb.ConvertOpt{})
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	var ops []*pb.FileOp
	for _, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		if f := op.GetFile(); f != nil {
			ops = append(ops, f)
		}
	}
	return ops
}
