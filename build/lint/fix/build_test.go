package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/linttest"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// oneBase has the same config for each image, which lint does not know.
type oneBase struct{}

func (oneBase) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := `{"architecture":"amd64","os":"linux","config":{"WorkingDir":"/w","Env":["PATH=/bin","BASE=b"],"Cmd":["old"]}}`
	return ref, digest.FromString(ref), []byte(config), nil
}

// argSets are arguments of builds: what a fix leaves as it is, it does whatever is passed.
var argSets = []map[string]string{{}, {"A": "/abs", "DIR": "rel", "X": "x y", "VERSION": "2", "PORT": "81", "TOKEN": "$A"}}

// built is what a Dockerfile makes, for each stage that can be built and each set of
// arguments: the operations, and the image's config but for what changes with the time.
// Whether it is the same build tells nothing but this.
func built(text string) (map[string]string, error) {
	f := lint.File{Dockerfile: dockerfile.Parse([]byte(text))}
	targets := []string{""}
	for _, st := range f.Dockerfile.Instructions() {
		if st.Name() == "FROM" && len(st.Args) == 3 {
			targets = append(targets, strings.ToLower(st.Slice(st.Args[2])))
		}
	}
	all := map[string]string{}
	for _, target := range targets {
		for i, args := range argSets {
			one, err := buildOf(f.Dockerfile.Text(), target, args)
			if err != nil {
				return nil, err
			}
			all[fmt.Sprint(target, i)] = one
		}
	}
	return all, nil
}

func buildOf(text []byte, target string, args map[string]string) (_ string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	caps := pb.Caps.CapSet(pb.Caps.All())
	files := llb.Local("context", llb.LocalUniqueID("one"))
	opt := dockerfile2llb.ConvertOpt{MetaResolver: oneBase{}, MainContext: &files, LLBCaps: &caps, TargetPlatform: &ocispecs.Platform{OS: "linux", Architecture: "amd64"},
		Config: dockerui.Config{Target: target, BuildArgs: args}}
	res, err := dockerfile2llb.Dockerfile2LLB(context.Background(), text, opt)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	def, err := res.State.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		return "", err
	}
	for _, op := range def.Def {
		fmt.Fprintln(&b, digest.FromBytes(op))
	}
	res.Image.Created, res.Image.History = nil, nil
	config, err := json.Marshal(res.Image)
	b.Write(config)
	return b.String(), err
}

// without is a build but for some fields of its config.
func without(build map[string]string, fields ...string) map[string]string {
	out := map[string]string{}
	for key, one := range build {
		i := strings.LastIndex(one, "\n") + 1
		var image map[string]any
		if err := json.Unmarshal([]byte(one[i:]), &image); err != nil {
			panic(err)
		}
		config, _ := image["config"].(map[string]any)
		for _, f := range fields {
			delete(image, f)
			delete(config, f)
		}
		rest, _ := json.Marshal(image)
		out[key] = one[:i] + string(rest)
	}
	return out
}

// about are the fields of the config that a rule is about. Rules about variables say that
// the build is not what was meant, and are not here.
var about = map[string][]string{
	"JSONArgsRecommended": {"Cmd", "Entrypoint"}, "MaintainerDeprecated": {"author", "Labels"},
	"StageNameCasing": nil, "FromAsCasing": nil, "NoEmptyContinuation": nil, "ConsistentInstructionCasing": nil, "WorkdirRelativePath": nil,
	"LegacyKeyValueFormat": nil, "RedundantTargetPlatform": nil, "ExposeProtoCasing": nil, "ExposeInvalidFormat": nil, "InvalidDefinitionDescription": nil,
}

// TestPreferredFixesKeepTheBuild: with a preferred fix, or all safe ones, a Dockerfile is the
// same build but for what the rule is about; what is fixed twice is fixed once.
func TestPreferredFixesKeepTheBuild(t *testing.T) {
	tried := map[string]int{}
	for _, text := range buildTexts(t) {
		before, err := built(text)
		if err != nil {
			continue // no build, so none to keep
		}
		f := lint.File{Dockerfile: dockerfile.Parse([]byte(text))}
		problems := lint.Check(context.Background(), f)
		for _, p := range problems {
			fields, keeps := about[p.Code]
			for _, fix := range For(p, f.Dockerfile, Known{Images: f.Images}) {
				if !keeps || !fix.Preferred {
					continue
				}
				tried[p.Code]++
				mended := apply(text, fix.Edits)
				after, err := built(mended)
				if err != nil || !maps.Equal(without(before, fields...), without(after, fields...)) {
					t.Errorf("%s, %s\n%q\n%q: %v\n%s", p.Code, fix.Title, text, mended, err, firstDifference(before, after))
				}
				if p.Code == "JSONArgsRecommended" {
					sameWords(t, text, mended)
				}
			}
		}
		mended := text
		for range 5 {
			f.Dockerfile = dockerfile.Parse([]byte(mended))
			mended = apply(mended, All(lint.Check(context.Background(), f), f.Dockerfile, Known{Images: f.Images}))
		}
		f.Dockerfile = dockerfile.Parse([]byte(mended))
		if again := apply(mended, All(lint.Check(context.Background(), f), f.Dockerfile, Known{Images: f.Images})); again != mended {
			t.Errorf("FixAll has no end\n%q\n%q", mended, again)
		}
		if after, err := built(mended); err != nil || !maps.Equal(before, after) {
			t.Errorf("FixAll\n%q\n%q: %v\n%s", text, mended, err, firstDifference(before, after))
		}
	}
	for code := range about {
		if tried[code] == 0 && code != "InvalidDefinitionDescription" {
			t.Errorf("no fix for %s was tried", code)
		}
	}
}

func firstDifference(before, after map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if before[key] != after[key] {
			return key + "\n" + before[key] + "\n" + after[key]
		}
	}
	return ""
}

// sameWords checks that a shell makes of each command the words that its JSON form has.
func sameWords(t *testing.T, text, mended string) {
	old, now := dockerfile.Parse([]byte(text)).Instructions(), dockerfile.Parse([]byte(mended)).Instructions()
	for i, st := range old {
		command, list := st.Slice(st.Rest), now[i].Slice(now[i].Rest)
		var words []string
		if command == list || strings.HasPrefix(command, "[") || json.Unmarshal([]byte(list), &words) != nil {
			continue
		}
		out, err := exec.Command("/bin/sh", "-c", `printf '%s\0' `+command).Output()
		if err != nil || string(out) != strings.Join(words, "\x00")+"\x00" {
			t.Errorf("%s is %q to a shell, and became %s: %v", command, out, list, err)
		}
	}
}

// buildTexts are Dockerfiles to mend: of the tests here, of BuildKit's and of its
// documentation, odd ones, and random ones; each with line breaks of both kinds.
func buildTexts(t *testing.T) []string {
	var texts []string
	for _, s := range enginetest.Sample(linttest.Corpus(t)) {
		texts = append(texts, s.Dockerfile)
	}
	for _, c := range fixedCases {
		texts = append(texts, c.before)
	}
	for _, c := range linttest.UnderlinedCases {
		_, text := linttest.Marked(c.Text)
		texts = append(texts, text)
	}
	texts = append(texts, documented(t)...)
	s := linttest.Scribe{Rand: rand.New(rand.NewPCG(12, 34))}
	for range 20 {
		texts = append(texts, s.Dockerfile(1, 0))
	}
	for range enginetest.Some(400) {
		texts = append(texts, oddStage(s))
	}
	for _, text := range texts {
		if !strings.Contains(text, "\r") && len(text) < 10_000 && s.IntN(4) == 0 {
			texts = append(texts, strings.ReplaceAll(text, "\n", "\r\n"))
		}
	}
	return texts
}

// documented are the examples of BuildKit's pages about its rules.
func documented(t *testing.T) []string {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "frontend", "dockerfile", "docs", "rules", "*.md"))
	if err != nil || len(pages) < 20 {
		t.Fatal(pages, err)
	}
	var texts []string
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "```dockerfile\n")[1:] {
			example, _, _ := strings.Cut(part, "```")
			if !strings.Contains(strings.ToUpper(example), "FROM ") {
				example = "FROM scratch\n" + example
			}
			texts = append(texts, example)
		}
	}
	return texts
}

// oddStage is a stage of instructions that have fixes, in odd spellings.
func oddStage(s linttest.Scribe) string {
	escape, end := `\`, "\n"
	head := ""
	if s.IntN(4) == 0 {
		escape, head = "`", "# escape=`\n"
	}
	gap := func() string {
		return s.Pick(" ", "  ", "\t", " "+escape+end+"  ", " "+escape+end+"# c"+end, " "+escape+end+end+" ", " "+escape+" "+end+"\t# c"+end+"  ")
	}
	atom := func() string {
		return s.Pick("a", "b c", `"x y"`, `'p  q'`, "$A", "${DIR}", "${X:-d}", "'$A'", `"$X"`, escape+" ", escape+"$A", escape+`"`, `\`, "`", "=", "e=f", `"`+escape+`""`, "#", "é", "'", `"`, "", "<<E", "[", `"a\nb"`, `\n`, "--x", "*", "~", "&&", ";")
	}
	value := func() string {
		v := atom()
		for range s.IntN(4) {
			v += s.Pick("", "", gap()) + atom()
		}
		return v
	}
	var b strings.Builder
	b.WriteString(head + "ARG A" + end + s.Pick("FROM", "from", "From") + gap() + s.Pick("scratch", "image", "--platform=$TARGETPLATFORM image", "--platform=${TARGETPLATFORM}"+gap()+"scratch") + s.Pick("", gap()+s.Pick("as", "AS", "As")+gap()+s.Pick("One", "one", "ONE")) + end)
	b.WriteString("ARG A=1" + end + "ARG DIR=d" + end + "ARG X" + end)
	for range 1 + s.IntN(4) {
		kw := s.Pick("ENV", "LABEL", "CMD", "ENTRYPOINT", "WORKDIR", "MAINTAINER", "EXPOSE", "ENV", "LABEL")
		rest := value()
		switch kw {
		case "ENV", "LABEL":
			rest = s.Pick("K", "k.l", "A", "é", `"K"`, "K"+escape+" L") + gap() + rest
		case "EXPOSE":
			rest = s.Pick("80", "1:2", "$PORT", "80/TCP", "1.2.3.4:5:6/udp", "${PORT:-7}:8", "1-2/Udp") + gap() + s.Pick("90", "81/TCP", "2:3/TCP", "$PORT/TCP")
		case "WORKDIR":
			rest = s.Pick("", ".", "./", "..", "a/", "$DIR/", "'", `"`) + rest
		}
		if s.IntN(5) == 0 {
			kw = strings.ToLower(kw)
		}
		b.WriteString(s.Pick("", "", "  ", "# c"+end, "ONBUILD ") + kw + gap() + rest + s.Pick("", "  ", "\t") + end)
	}
	if s.IntN(3) == 0 {
		b.WriteString("FROM " + s.Pick("one", "ONE", "One", "image") + end + "COPY --from=" + s.Pick("ONE", "One", "0") + " a /" + end)
	}
	return b.String()
}
