package lint

import (
	"context"
	"encoding/json"
	"go/ast"
	goparser "go/parser"
	gotoken "go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint/linttest"
)

// A mistake that does not depend on the image on which a stage stands is told whatever that is;
// one that does depend on it is not.
func TestUnknownBase(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"ARG A=\"${x:installZsh}\"", "3: failed to process"},
		{"ENV A=${PATH:?unset}", ""},
		{"ENV A=${PATH:?unset} B=${PATH:i}", "3: failed to process"},
		{"LABEL a=\"$PATH", "3: failed to process"},
		{"LABEL a=${PATH", "3: failed to process"},
		{"EXPOSE ${PORT} abc/tcp", "3: invalid"},
		{"EXPOSE ${PORT}/tcp", ""},
		{"EXPOSE ${PORT}x/foo", "3: invalid port"},
		{"EXPOSE ${PORT}/foo", "3: invalid port: invalid proto: foo"},
		{"EXPOSE ${PORT}x", "3: invalid containerPort"},
		{"EXPOSE 9999${PORT}9", ""},
		{"COPY --exclude=[ a /", "3: invalid excludepatterns"},
		{"ADD --exclude=\"[a-]\" a /", "3: invalid excludepatterns"},
		{"COPY --exclude=${PORT}[ --exclude=[ab]* --exclude=!x a /", ""},
		{"EXPOSE ${PORT:-abc}", ""},
		{"ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d $FROM_IT /", ""},
		{"ADD --checksum=$SUM https://example.com/a /", ""},
		{"ADD --checksum=x $FROM_IT /", ""},
		{"RUN --mount=type=cache,target=/a,sharing=$HOW true", ""},
		{"COPY --chmod=$MODE a /", ""},
		{"COPY --chmod=x $MODE /", "3: invalid"},
		{"WORKDIR $DIR/x", ""},
		{"WORKDIR x/$DIR", "3 WorkdirRelativePath"},
		{"LABEL a=$UNSET", ""},
		{"ONBUILD ENV A=${PATH:?unset}\nFROM % AS b\nFROM a", ""},
		{"ONBUILD ENV A=${PATH:i}\nFROM % AS b\nFROM a", "5: failed to process"},
		{"FROM a\nENV A=${PATH:?unset}\nENV B=${PATH:i}", "5: failed to process"},
		{"ARG PATH=1\nENV A=${PATH:+${NOPE:?unset}}", ""},
		{"ARG A\nENV B=${A:?unset}", ""},
		{"ENV A=1\nEXPOSE ${A:-x} $A/xyz", "4: invalid port"},
		{"ENV ä=${ö:?unset}", ""},
	} {
		for _, base := range []string{"debian:12", "--platform=linux/arm64 example.com/a/b@sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d", "$IMG"} {
			text := "ARG IMG=debian\nFROM " + base + " AS a\n" + strings.ReplaceAll(c.text, "%", base) + "\n"
			warnings, mistakes := split(new(Checker).find(t.Context(), File{Dockerfile: dockerfile.Parse([]byte(text))}))
			warnings = slices.DeleteFunc(warnings, func(w string) bool { return strings.Contains(w, "FromPlatformFlagConst") })
			told := strings.Join(append(mistakes, warnings...), "; ")
			if (told == "") != (c.want == "") || !strings.Contains(told, c.want) {
				t.Errorf("%s%s; want %q", text, told, c.want)
			}
		}
	}
}

// TestConverter holds what is said with no base image at hand to BuildKit's converter, on all
// Dockerfiles in its own tests: a mistake that it finds whatever the images set is found, and
// none is found in what it takes with some image.
func TestConverter(t *testing.T) {
	sheets := inSource(t)
	if len(sheets) < 400 {
		t.Fatalf("only %d Dockerfiles were found in BuildKit's tests", len(sheets))
	}
	n := 0
	for _, s := range enginetest.Sample(sheets) {
		for _, text := range []string{s.Dockerfile, onUnknown(s.Dockerfile)} {
			s.Dockerfile = text
			n += asConverter(t, s)
		}
	}
	t.Logf("%d Dockerfiles, %d with a mistake", len(sheets), n)
}

// asConverter compares a sheet's mistakes, and says how many BuildKit finds: at most one.
func asConverter(t *testing.T, s linttest.Sheet) int {
	t.Helper()
	text := []byte(s.Dockerfile)
	if _, _, foreign := foreignFrontend(dockerfile.Parse(text)); foreign || dockerfile.Readable(text) != nil {
		return 0
	}
	problems := new(Checker).find(t.Context(), File{Dockerfile: dockerfile.Parse(text)})
	_, mistakes := split(problems)
	names := variablesIn(s.Dockerfile)
	for i := range mistakes {
		mistakes[i] = plain(mistakes[i])
	}
	first, always, sometimes := "", true, false
	for i, value := range append([]string{""}, values...) {
		var env []string
		for _, name := range names {
			if value != "" {
				env = append(env, name+"="+value)
			}
		}
		mistake := plain(stubConverted(text, env)) // of two that are as near, BuildKit names any
		if i <= 1 {
			first = mistake // what the next have in common; with nothing set there may be another before
		} else {
			always = always && mistake == first
		}
		always, sometimes = always && mistake != "", sometimes || mistake == ""
	}
	switch {
	case always && !contains(mistakes, first):
		t.Errorf("%s: missing: %q among %q\n%s", s.Name, first, mistakes, numbered(clip(s.Dockerfile)))
	case sometimes && len(mistakes) > 0:
		t.Errorf("%s: extra: %q\n%s", s.Name, mistakes, numbered(clip(s.Dockerfile)))
	}
	if always {
		return 1
	}
	return 0
}

// stubConverted is BuildKit's mistake in a Dockerfile whose images set some variables.
func stubConverted(text []byte, env []string) (mistake string) {
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", text)
	sm.Definition = &llb.Definition{}
	caps := pb.Caps.CapSet(pb.Caps.All())
	res, err := dockerfile2llb.DockerfileLint(context.Background(), text, dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: imageWith(env), LLBCaps: &caps})
	switch {
	case err != nil:
		return located(err.Error(), nil)
	case res.Error == nil || strings.HasPrefix(res.Error.Message, "lint violation found"):
		return ""
	}
	return located(res.Error.Message, res.Error.Location.Ranges)
}

// imageWith is every image: it sets some variables.
type imageWith []string

func (env imageWith) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(map[string]any{"os": "linux", "architecture": "amd64", "config": map[string]any{"Env": []string(env)}})
	if err != nil {
		return "", "", nil, err
	}
	return dockerfile.Images{ref: config}.ResolveImageConfig(ctx, ref, opt)
}

var fromScratch = regexp.MustCompile(`(?im)^(\s*FROM\s+(?:--platform=\S+\s+)?)scratch\b`)

// onUnknown is a Dockerfile on an image of which nothing is known.
func onUnknown(text string) string {
	return fromScratch.ReplaceAllString(text, "${1}example.com/unknown:1")
}

// inSource are the Dockerfiles in the tests of BuildKit's front end.
func inSource(t *testing.T) (sheets []linttest.Sheet) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(dir)), "frontend", "dockerfile")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := gotoken.NewFileSet()
		f, err := goparser.ParseFile(files, path, nil, goparser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
				text, err := strconv.Unquote(lit.Value)
				if at := files.Position(lit.Pos()); err == nil && fromLine.MatchString(text) && !strings.Contains(text, "%") { // that is a format
					sheets = append(sheets, linttest.Sheet{Name: filepath.Base(at.Filename) + ":" + strconv.Itoa(at.Line), Dockerfile: text})
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sheets
}

var fromLine = regexp.MustCompile(`(?im)^\s*FROM\s+\S+.*\n`)

// plain is a message without what BuildKit thinks was meant.
func plain(message string) string {
	message, _, _ = strings.Cut(message, " (did you mean ")
	return message
}
