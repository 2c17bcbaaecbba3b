package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lazyregexp"
)

// A world is all that a build of the random rounds depends on.
type world struct {
	lines   []string // of the Dockerfile; no two are alike
	files   map[string]string
	args    map[string]string
	noCache bool
	filter  []string
}

func (w world) clone() world {
	return world{slices.Clone(w.lines), maps.Clone(w.files), maps.Clone(w.args), false, nil}
}

func (w world) argument() map[string]any {
	arg := map[string]any{"buildArgs": w.args, "noCache": w.noCache}
	if w.filter != nil {
		arg["noCacheFilter"] = w.filter
	}
	return arg
}

// changed are the files that two worlds do not have in common, and how they differ.
func (w world) changed(old world) map[string]string {
	what := map[string]string{}
	for name, content := range w.files {
		if before, ok := old.files[name]; !ok {
			what[name] = "new"
		} else if before != content {
			what[name] = "changed"
		}
	}
	for name := range old.files {
		if _, ok := w.files[name]; !ok {
			what[name] = "gone"
		}
	}
	return what
}

// rounds are what a round does to the world. Each leaves the others' traces alone.
type rounds struct {
	*desk
	*rand.Rand
	now   world
	count int
}

func (r *rounds) unique() string {
	r.count++
	return fmt.Sprintf("%s-%d", filepath.Base(r.dir), r.count)
}

// instruction is a random line that is in no text yet.
func (r *rounds) instruction(stage int) string {
	n := r.unique()
	choices := []string{"RUN echo " + n, "RUN cat /proc/sys/kernel/random/uuid > /u # " + n, "RUN echo $VERSION ${OTHER} " + n,
		"COPY a.txt /" + n, "COPY src /" + n, "COPY src/c.* b.tx? /" + n + "/", "COPY . /" + n, "ENV E=" + n, "WORKDIR /" + n, "RUN --mount=target=/m true " + n}
	if r.old {
		choices = choices[:len(choices)-1]
	}
	if stage > 0 {
		choices = append(choices, "COPY --from=one /etc /"+n, "COPY --from=one / /"+n)
	}
	return choices[r.IntN(len(choices))]
}

// place is a random line that may be edited, and its stage.
func (r *rounds) place() (line, stage int) {
	for {
		line = 1 + r.IntN(len(r.now.lines)-1)
		if text := r.now.lines[line]; !strings.HasPrefix(text, "FROM") && !strings.HasPrefix(text, "ARG") {
			return line, min(1, strings.Count(strings.Join(r.now.lines[:line], "\n"), "FROM")-1)
		}
	}
}

func (r *rounds) step() (did string, pruned bool) {
	switch r.IntN(13) {
	case 0, 1:
		i, stage := r.place()
		was := r.now.lines[i]
		r.now.lines[i] = r.instruction(stage)
		return fmt.Sprintf("%s became %s", was, r.now.lines[i]), false
	case 2:
		i, stage := r.place()
		r.now.lines = slices.Insert(r.now.lines, i, r.instruction(stage))
		return "insert " + r.now.lines[i], false
	case 3:
		if len(r.now.lines) < 9 {
			return "nothing", false
		}
		i, _ := r.place()
		was := r.now.lines[i]
		r.now.lines = slices.Delete(r.now.lines, i, i+1)
		return "delete " + was, false
	case 4, 5:
		names := []string{"a.txt", "b.txt", "src/c.txt", "src/d.txt", "ignored.txt"}
		name := names[r.IntN(len(names))]
		r.now.files[name] = []string{"1", "2", "33"}[r.IntN(3)]
		r.write(name, r.now.files[name])
		return "write " + name + " " + r.now.files[name], false
	case 6:
		name := "src/" + []string{"e", "f"}[r.IntN(2)]
		if _, ok := r.now.files[name]; ok {
			delete(r.now.files, name)
			if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
				r.Fatal(err)
			}
			return "remove " + name, false
		}
		r.now.files[name] = "x"
		r.write(name, "x")
		return "add " + name, false
	case 7, 8:
		name := []string{"VERSION", "OTHER", "UNUSED"}[r.IntN(3)]
		r.now.args[name] = []string{"a", "b"}[r.IntN(2)]
		if r.IntN(4) == 0 {
			delete(r.now.args, name)
		}
		return "arg " + name + "=" + r.now.args[name], false
	case 9:
		r.prune(r.T)
		return "prune", true
	case 10:
		if r.IntN(2) == 0 {
			r.now.noCache = true
			return "noCache", false
		}
		r.now.filter = []string{"one"}
		return "noCacheFilter", false
	case 11:
		i, _ := r.place()
		r.now.lines = slices.Insert(r.now.lines, i, "RUN exit 1 # "+r.unique())
		return "fail at " + r.now.lines[i], false
	default: // written again, and the same
		r.write("a.txt", r.now.files["a.txt"])
		return "touch", false
	}
}

// In random rounds of edits and builds, no reason is false: each is checked against what
// the round did and what BuildKit did.
func TestWhyRandom(t *testing.T) {
	test := func(t *testing.T, s site) {
		seed := uint64(os.Getpid())
		t.Logf("seed %d", seed)
		files := []string{"a.txt", "1", "b.txt", "1", "src/c.txt", "1", "src/d.txt", "1", "ignored.txt", "1", ".dockerignore", "ignored.txt\nDockerfile\n"}
		r := &rounds{desk: newDesk(t, s, "FROM BASE\n", files...), Rand: rand.New(rand.NewPCG(seed, 1))}
		from := "FROM " + enginetest.Registry(t) + "/base"
		r.now = world{args: map[string]string{}, files: map[string]string{}}
		for i := 0; i < len(files)-2; i += 2 {
			r.now.files[files[i]] = files[i+1]
		}
		r.now.lines = []string{from + " AS one", "ARG VERSION=0", "ARG OTHER", "COPY a.txt /a-" + r.unique(), "RUN cat /proc/sys/kernel/random/uuid > /r # " + r.unique(),
			from, "ARG VERSION=0", "ARG OTHER", "COPY --from=one / /" + r.unique(), "RUN echo $VERSION " + r.unique(), "COPY src /" + r.unique()}
		seen := map[string]int{}
		var old world
		var before result
		for round := range 1 + enginetest.Some(30) {
			now := r.now.clone()
			now.lines = slices.DeleteFunc(now.lines, func(l string) bool { return strings.HasPrefix(l, "RUN exit") })
			r.now = now
			did, pruned := "first build", false
			for range 1 + r.IntN(2) {
				if round > 0 {
					what, emptied := r.step()
					did, pruned = did+"; "+what, pruned || emptied
				}
			}
			r.e.Replace(r.uri, strings.Join(r.now.lines, "\n")+"\n")
			result := buildNow(t, r.e, r.now.argument())
			if round > 0 {
				c := &claims{rounds: r, old: old, before: before, result: result, did: did, pruned: pruned, seen: seen}
				c.check()
			}
			old, before = r.now.clone(), result
			if t.Failed() {
				t.Fatalf("round %d: %s\n%s\n%s", round, did, strings.Join(r.now.lines, "\n"), whys(result))
			}
		}
		t.Log(seen)
		r.e.Shutdown()
	}
	t.Run("embedded", func(t *testing.T) { test(t, embeddedSite(t)) }) // the newest BuildKit, and the oldest
	t.Run("docker-20.10", func(t *testing.T) { test(t, dockerSite(enginetest.Docker(t, "20.10"), "20.10")) })
}

// claims are what a build said of its steps.
type claims struct {
	*rounds
	old            world
	before, result result
	did            string
	pruned         bool
	seen           map[string]int // how often each reason was given
}

func (c *claims) check() {
	for _, s := range c.result.Steps {
		ran := s.Status == "done" || s.Status == "failed"
		line := c.now.lines[s.Range.Start.Line]
		switch {
		case ran != (s.Why != ""):
			c.Errorf("%s is %s: %q", line, s.Status, s.Why)
		case ran && !c.holds(line, s.Why):
			c.Errorf("%s: %s", line, s.Why)
		}
	}
}

var (
	fileClaim  = lazyregexp.New(`(?:^|; )([^;]+?) (changed|(?:is|are) new|(?:is|are) gone)`)
	argClaim   = lazyregexp.New(`^build arg (\w+) (?:changed from "(.*?)" to "(.*?)"|was not given before, and is now "(.*?)"|was "(.*?)", and is not given now)(; .*)?$`)
	stepClaim  = lazyregexp.New(`^the step it (?:stands on|takes files from) (was not cached either|is not the one of the last build): \[(?:\S+ )?(?:\S+ )?\d+/\d+\] (.*)$`)
	otherClaim = lazyregexp.New(`^it (?:stands on|takes files from) another step than it did: (.*), before (.*)$`)
	environs   = lazyregexp.New(`^E (?:changed from|was )`)
	textsClaim = lazyregexp.New(`^(where it (reads|writes)|the working directory|the directory) changed from`)
)

// holds says whether a reason is true.
func (c *claims) holds(line, why string) bool {
	wasThere := slices.Contains(c.old.lines, line)
	count := func(kind string, ok bool) bool { c.seen[kind]++; return ok }
	switch {
	case why == "the text of the instruction was changed":
		return count("text", !wasThere)
	case why == "it is new: the last build did not have it":
		return count("new", !wasThere)
	case why == "the last build did not need it":
		return count("not needed", wasThere && !c.built(line))
	case why == "it stands on, or takes files from, other steps than it did":
		return count("other steps", !slices.Equal(c.old.lines, c.now.lines))
	case strings.HasSuffix(why, "(noCache)"):
		return count("noCache", c.now.noCache)
	case strings.HasSuffix(why, "(noCacheFilter)"):
		return count("noCacheFilter", len(c.now.filter) > 0)
	case strings.HasPrefix(why, "an image is looked up"):
		return strings.HasPrefix(line, "FROM")
	case strings.HasPrefix(why, "the last build did not come to it"), strings.HasPrefix(why, "it was canceled"), strings.HasPrefix(why, "it failed"):
		return count("not reached", c.before.Status == "failed")
	case strings.HasPrefix(why, "nothing has changed"):
		return count("gone", c.pruned && wasThere)
	case strings.HasPrefix(why, "this cannot be told"):
		return count("untold", true) // no reason, so no false one
	case argClaim.MatchString(why):
		return count("arg", c.argHolds(argClaim.FindStringSubmatch(why)) && (strings.Contains(line, "$") || strings.HasPrefix(line, "RUN")))
	case stepClaim.MatchString(why):
		return count("step", c.stepHolds(line, stepClaim.FindStringSubmatch(why)))
	case otherClaim.MatchString(why):
		m := otherClaim.FindStringSubmatch(why)
		return count("other step", m[1] != m[2] && hasStep(c.result, m[1]) && hasStep(c.before, m[2]) && !slices.Equal(c.old.lines, c.now.lines))
	case environs.MatchString(why):
		return count("environment", strings.Join(only(c.old.lines, "ENV"), "\n") != strings.Join(only(c.now.lines, "ENV"), "\n"))
	case textsClaim.MatchString(why):
		return count("directory", strings.Join(only(c.old.lines, "WORKDIR"), "\n") != strings.Join(only(c.now.lines, "WORKDIR"), "\n"))
	case fileClaim.MatchString(why):
		return count("files", c.filesHold(line, why))
	}
	return false
}

// built says whether the last build came to the stage of a line. The image that both stages stand
// on says nothing.
func (c *claims) built(line string) bool {
	stageOf := func(i int) int { return strings.Count(strings.Join(c.old.lines[:i+1], "\n"), "FROM ") }
	stage := stageOf(slices.Index(c.old.lines, line))
	for _, s := range c.before.Steps {
		i := s.Range.Start.Line
		if !strings.HasPrefix(c.old.lines[i], "FROM") && stageOf(i) == stage {
			return true
		}
	}
	return false
}

func hasStep(r result, name string) bool {
	for _, s := range r.Steps {
		if s.Name == name {
			return true
		}
	}
	return false
}

func only(lines []string, keyword string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, keyword) })
}

func (c *claims) argHolds(m []string) bool {
	from, was := c.old.args[m[1]]
	to, is := c.now.args[m[1]]
	switch {
	case m[2]+m[3] != "":
		return was && is && from == m[2] && to == m[3] && from != to
	case m[4] != "":
		return !was && is && to == m[4]
	}
	return was && !is && from == m[5]
}

// stepHolds checks that the step is one on which the line stands, and that it is what is
// said of it.
func (c *claims) stepHolds(line string, m []string) bool {
	at := slices.Index(c.now.lines, line)
	for _, s := range c.result.Steps {
		i := s.Range.Start.Line
		if !strings.HasSuffix(s.Name, "] "+m[2]) || i >= at {
			continue
		}
		between := c.now.lines[i+1 : at]
		stage := slices.ContainsFunc(between, func(l string) bool { return strings.HasPrefix(l, "FROM") })
		if stage != (strings.Contains(line, "--from=one") && strings.Contains(c.why(line), "takes files from")) {
			continue
		}
		ran := s.Status == "done" || s.Status == "failed"
		return ran == (m[1] == "was not cached either")
	}
	return false
}

func (c *claims) why(line string) string {
	for _, s := range c.result.Steps {
		if c.now.lines[s.Range.Start.Line] == line {
			return s.Why
		}
	}
	return ""
}

// filesHold checks that just the files are named that the line takes and that differ.
func (c *claims) filesHold(line, why string) bool {
	takes := func(name string) bool {
		switch {
		case name == "ignored.txt":
			return false
		case strings.HasPrefix(line, "COPY a.txt"):
			return name == "a.txt"
		case strings.HasPrefix(line, "COPY src "):
			return strings.HasPrefix(name, "src/")
		case strings.HasPrefix(line, "COPY src/c"):
			return name == "src/c.txt" || name == "b.txt"
		}
		return strings.HasPrefix(line, "COPY . ") || strings.Contains(line, "--mount")
	}
	want := map[string]string{}
	for name, what := range c.now.changed(c.old) {
		if takes(name) {
			want[name] = what
		}
	}
	got := map[string]string{}
	for _, m := range fileClaim.FindAllStringSubmatch(why, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			got[name] = strings.TrimPrefix(strings.TrimPrefix(m[2], "is "), "are ")
		}
	}
	return maps.Equal(got, want)
}
