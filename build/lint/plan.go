package lint

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/dockerfile"
)

// A plan is a file's stages and how they hang together.
type plan struct {
	global  []*instructionAt // ARGs before the first stage
	suspect bool             // one of them was at fault: what FROMs make of them says nothing
	stages  []*stage
	lex     *shell.Lex
	images  dockerfile.Images // that are known
	given   given
	built   map[*stage]bool // that a build of the target needs; nil: all
}

// A stage is one of the file's.
type stage struct {
	index   int
	from    *instructionAt
	standIn string // stands for a FROM that is at fault, so that others keep their stage
	name    string // in lower case, empty if it has none
	body    []*instructionAt
	base    *stage // nil if that is an image
	known   bool   // all that it inherits is in the file, or an image that is known
	args    *llb.EnvList
	given   given
}

// plan finds the stages, then what is wrong between them, then inside each.
func (k *check) plan(all []*instructionAt, target string) {
	p := &plan{images: k.images, given: k.given, lex: shell.NewLex(rune(k.header.escape))}
	k.split(p, all)
	if len(p.stages) == 0 {
		if len(k.problems) == 0 {
			k.mistake("dockerfile contains no stages to build", dockerfile.Lines{})
		}
		return
	}
	k.planned = p
	p.nameImages()
	k.limitExpansion(p)
	k.countTriggers(p)
	if k.over() {
		return
	}
	k.checkEpoch(p)
	k.checkExcludes(p)
	k.graph(p)
	k.casing(p)
	if s := p.named(target); s != nil {
		p.built = p.reachable(s)
	}
	for _, s := range p.stages {
		if k.over() {
			return
		}
		k.dispatch(p, s)
	}
}

// split parts the instructions into stages.
func (k *check) split(p *plan, all []*instructionAt) {
	orphaned := false
	for i, in := range all {
		switch {
		case in.keyword == "from" || in.broken && len(p.stages) == 0 && opensStage(all[i+1:]):
			p.stages = append(p.stages, newStage(in, len(p.stages)))
		case len(p.stages) > 0:
			s := p.stages[len(p.stages)-1]
			s.body = append(s.body, in)
		case in.broken:
			p.suspect = true
		case in.keyword == "arg":
			p.global = append(p.global, in)
		case !orphaned: // one word for all of them
			orphaned = true
			k.mistake("no build stage in current context", in.at)
		}
	}
}

// opensStage says whether instructions come that need a stage: one at fault before them
// was meant as their FROM.
func opensStage(next []*instructionAt) bool {
	i := slices.IndexFunc(next, func(in *instructionAt) bool { return !in.broken && in.keyword != "arg" })
	return i >= 0 && next[i].keyword != "from"
}

func newStage(from *instructionAt, index int) *stage {
	s := &stage{index: index, from: from}
	if from.broken {
		s.replace()
	} else {
		s.name = from.stage.Name
	}
	return s
}

// replace has an empty stage of the same name, on the same base if that can be told,
// stand for a FROM that is at fault. False if one does already.
func (s *stage) replace() bool {
	if s.standIn == "FROM scratch" || strings.HasPrefix(s.standIn, "FROM scratch AS ") {
		return false
	}
	base := "scratch"
	words := words(s.from.text)
	if s.standIn == "" && len(words) > 1 {
		if _, err := reference.ParseNormalizedNamed(words[1]); err == nil {
			base = words[1]
		}
	}
	s.from.excluded = true
	s.standIn = "FROM " + base
	for i, w := range words[:max(0, len(words)-1)] {
		if strings.EqualFold(w, "as") && stageName.MatchString(strings.ToLower(words[i+1])) {
			s.name = strings.ToLower(words[i+1])
		}
	}
	if s.name != "" {
		s.standIn += " AS " + s.name
	}
	return true
}

// words are those of an instruction, without flags.
func words(text string) []string {
	all := strings.Fields(strings.NewReplacer("\\\n", " ", "`\n", " ", "\\\r\n", " ", "`\r\n", " ").Replace(text))
	return slices.DeleteFunc(all, func(w string) bool { return strings.HasPrefix(w, "--") })
}

// inherit finds what each stage stands on.
func (p *plan) inherit() {
	args := p.args()
	byName := map[string]*stage{}
	for _, s := range p.stages {
		name := s.baseName()
		if res, err := p.lex.ProcessWordWithMatches(name, args); err == nil {
			name = res.Result
		}
		s.args, s.given, s.base = args, p.given, byName[name]
		s.known = s.standIn == "" && (s.base == nil && (name == "scratch" || p.images.Has(name)) || s.base != nil && s.base.known)
		if s.name != "" {
			byName[s.name] = s
		}
	}
}

func (s *stage) baseName() string {
	if s.standIn != "" {
		return strings.Fields(s.standIn)[1]
	}
	return s.from.stage.BaseName
}

// args are the arguments that FROMs may use, as dockerfile2llb evaluates them.
func (p *plan) args() *llb.EnvList {
	env := &llb.EnvList{}
	target := p.stages[len(p.stages)-1].name
	if target == "" {
		target = "default"
	}
	for prefix, platform := range map[string]ocispecs.Platform{"BUILD": defaultPlatform(), "TARGET": p.given.target()} {
		name := platforms.Format(platform)
		if prefix == "TARGET" {
			name = platforms.FormatAll(platform)
		}
		env = env.AddOrReplace(prefix+"PLATFORM", name).AddOrReplace(prefix+"OS", platform.OS).
			AddOrReplace(prefix+"OSVERSION", platform.OSVersion).AddOrReplace(prefix+"ARCH", platform.Architecture).
			AddOrReplace(prefix+"VARIANT", platform.Variant)
	}
	env = env.AddOrReplace("TARGETSTAGE", target)
	for _, key := range env.Keys() {
		if value, ok := p.given.args[key]; ok {
			env = env.AddOrReplace(key, value)
		}
	}
	for _, in := range p.global {
		arg, ok := in.command.(*instructions.ArgCommand)
		if !ok || in.excluded {
			continue
		}
		for _, kv := range arg.Args {
			if value, ok := p.given.args[kv.Key]; ok {
				env = env.AddOrReplace(kv.Key, value)
				continue
			}
			if kv.Value == nil {
				continue
			}
			if res, err := p.lex.ProcessWordWithMatches(*kv.Value, env); err == nil {
				env = env.AddOrReplace(kv.Key, res.Result)
			}
		}
	}
	return env
}

// called finds the stage that a --from names, as dockerfile2llb does: the last of that
// name, or by number where numbers count.
func (p *plan) called(from string, numbers bool) *stage {
	if n, err := strconv.Atoi(from); err == nil && numbers {
		if n >= 0 && n < len(p.stages) {
			return p.stages[n]
		}
		return nil
	}
	return p.named(from)
}

// nameImages has a COPY that takes an image by its number take one by name. BuildKit
// counts images on from the stages, and resolves one that is used so twice at a time.
func (p *plan) nameImages() {
	states := len(p.stages)
	for _, s := range p.stages {
		for i, in := range s.body {
			switch c := in.command.(type) {
			case *instructions.RunCommand:
				for _, m := range instructions.GetMounts(c) {
					states += p.image(cmp.Or(m.From, "scratch"), false)
				}
			case *instructions.CopyCommand:
				number, err := strconv.Atoi(c.From)
				if err == nil && number >= len(p.stages) && number < states {
					s.body[i] = in.with(strings.Replace(in.text, "--from="+c.From, "--from=image", 1))
				}
				if c.From != "" && number < states {
					states += p.image(c.From, true)
				}
			}
		}
	}
}

// image counts one if a --from does not name a stage.
func (p *plan) image(from string, numbers bool) int {
	if p.called(from, numbers) == nil {
		return 1
	}
	return 0
}

// with is an instruction in the same place with another text.
func (in *instructionAt) with(text string) *instructionAt {
	other := *in.instruction
	other.text = text
	return &instructionAt{instruction: &other, at: in.at, excluded: in.excluded, added: in.added}
}

// uses are the stages that an instruction names, and whether one by its number.
func (p *plan) uses(in *instructionAt) (used []*stage, numbered bool) {
	switch c := in.command.(type) {
	case *instructions.CopyCommand:
		_, err := strconv.Atoi(c.From)
		numbered = err == nil
		used = append(used, p.called(c.From, true))
	case *instructions.RunCommand:
		for _, m := range instructions.GetMounts(c) {
			used = append(used, p.called(m.From, false))
		}
	}
	return slices.DeleteFunc(used, func(s *stage) bool { return s == nil }), numbered
}

// named is the stage that a target names, nil if none does.
func (p *plan) named(target string) *stage {
	for _, s := range slices.Backward(p.stages) {
		if s.name != "" && strings.EqualFold(s.name, target) {
			return s
		}
	}
	return nil
}

// reachable are the stages that one needs. ONBUILD counts in those of the last alone.
func (p *plan) reachable(from *stage) map[*stage]bool {
	seen := map[*stage]bool{}
	next := []*stage{from}
	for len(next) > 0 {
		s := next[len(next)-1]
		next = next[:len(next)-1]
		if s == nil || seen[s] {
			continue
		}
		seen[s] = true
		next = append(next, s.base)
		for _, in := range s.live() {
			used, _ := p.uses(in)
			next = append(next, used...)
		}
	}
	return seen
}

// live are the instructions of a stage that are not at fault.
func (s *stage) live() []*instructionAt {
	var live []*instructionAt
	for _, in := range s.body {
		if !in.excluded {
			live = append(live, in)
		}
	}
	return live
}

// triggers are the ONBUILDs that stages which stand on this one run.
func (s *stage) triggers() []*instructionAt {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(s.live(), func(in *instructionAt) bool { return in.keyword != "onbuild" })
}

// chain is a stage and those it stands on, the lowest first.
func (s *stage) chain() []*stage {
	var chain []*stage
	for ; s != nil; s = s.base {
		chain = append(chain, s)
	}
	slices.Reverse(chain)
	return chain
}

// bearing says whether one of some stages runs triggers.
func bearing(stages []*stage) bool {
	return slices.ContainsFunc(stages, func(s *stage) bool { return len(s.base.triggers()) > 0 })
}

// byIndex are stages, each once, in the order of the file.
func byIndex(stages map[*stage]bool) []*stage {
	return slices.SortedFunc(maps.Keys(stages), func(a, b *stage) int { return a.index - b.index })
}
