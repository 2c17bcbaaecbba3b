package practice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// tagOf splits the name of an image.
func tagOf(image string) (name, tag string, digest bool) {
	image, _, digest = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:], digest
	}
	return image, "", digest
}

// onImage is a stage whose FROM names an image, in letters alone.
func (s *stage) onImage() bool {
	return s.from != nil && s.base == nil && s.image != "" && s.image != "scratch" && !strings.Contains(s.image, "$") && !s.file.isContext(s.image)
}

func untagged(s *stage, out *say) {
	if _, tag, digest := tagOf(s.image); s.onImage() && tag == "" && !digest {
		out.part(s.from, s.from.Args[0], fmt.Sprintf("%s without a tag is :latest, which is another image each time: name its version", s.image))
	}
}

func latest(s *stage, out *say) {
	if _, tag, digest := tagOf(s.image); s.onImage() && tag == "latest" && !digest {
		out.part(s.from, s.from.Args[0], fmt.Sprintf("%s is another image each time: name its version", s.image))
	}
}

// fromNowhere is about a --from that names neither a stage nor an image with its version.
func fromNowhere(s *stage, out *say) {
	for _, st := range s.steps {
		if st.name != "COPY" || len(st.Flags) == 0 {
			continue
		}
		for _, f := range st.FlagsNamed("--from") {
			_, value, _ := st.Cut(f, "=")
			if name := st.Unquoted(value); name != "" && !strings.ContainsAny(name, "$:@") && !s.sees(name) {
				out.part(st, value, fmt.Sprintf("no stage %s stands above: is it misspelt? If it is an image, name its version", name))
			}
		}
	}
}

// isContext says whether a name is that of a context which builds are given.
func (f *file) isContext(name string) bool {
	return slices.ContainsFunc(f.cfg.Contexts, func(given string) bool { return strings.EqualFold(given, name) })
}

// sees says whether a name or number is that of a stage above, as --from has it, or of a context.
func (s *stage) sees(name string) bool {
	if s.file.isContext(name) {
		return true
	}
	if n, err := strconv.Atoi(name); err == nil {
		return n >= 0 && n < s.index
	}
	other := s.file.named[strings.ToLower(name)]
	return other != nil && other.index < s.index
}

// untrusted is about images of registries that the project does not trust.
func untrusted(s *stage, out *say) {
	trusted := s.file.cfg.TrustedRegistries
	if len(trusted) == 0 {
		return
	}
	for _, st := range s.steps {
		for _, at := range st.ImageNames() {
			image := st.Unquoted(at)
			if image == "" || image == "scratch" || strings.Contains(image, "$") || s.sees(image) {
				continue
			}
			registry, explicit := registryOf(image)
			if slices.ContainsFunc(trusted, func(pattern string) bool { return trusts(pattern, registry) }) {
				continue
			}
			what := "is of " + registry
			if !explicit {
				what = "names no registry, and is of docker.io"
			}
			out.part(st, at, fmt.Sprintf("%s %s, which is none of the trusted registries", image, what))
		}
	}
}

// registryOf is the registry in an image's name, or that of a name without one.
func registryOf(image string) (registry string, explicit bool) {
	first, _, more := strings.Cut(image, "/")
	if more && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return first, true
	}
	return "docker.io", false
}

func trusts(pattern, registry string) bool {
	if below, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(registry, below)
	}
	return pattern == registry
}

// healthless is about an image of which nobody can tell whether it works.
func healthless(f *file, out *say) {
	if len(f.stages) == 0 {
		return
	}
	last := f.stages[len(f.stages)-1]
	for s := range last.chain {
		for _, st := range s.steps {
			if st.name == "HEALTHCHECK" {
				return
			}
		}
	}
	if last.from != nil {
		out.part(last.from, last.from.Keyword, "nothing says whether a container of this image works: add a HEALTHCHECK, or HEALTHCHECK NONE")
	}
}

// rootAtEnd is about a USER root behind which no other user comes.
func rootAtEnd(s *stage, out *say) {
	for _, st := range slices.Backward(s.steps) {
		if st.name != "USER" || len(st.Args) == 0 {
			continue
		}
		user, _, _ := strings.Cut(st.Unquoted(st.Args[0]), ":")
		if user == "root" || user == "0" {
			out.part(st, st.Args[0], "what runs in a container of this stage is root: end with a USER that is not")
		}
		return
	}
}

// inlineIgnores is about comments that turn off rules.
func inlineIgnores(f *file, out *say) {
	if !strings.Contains(f.String(), "hadolint") {
		return
	}
	for i := range f.Count() {
		line, column := f.Trimmed(i)
		rest, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(line, "#")), "hadolint ")
		if ok && strings.HasPrefix(line, "#") && strings.Contains(rest, "ignore") && strings.Contains(rest, "=") {
			out.token(dockerfile.Token{First: i, Start: column, Last: i, End: column + len(strings.TrimRight(line, " \t\r"))}, "a comment turns off rules here")
		}
	}
}

var (
	secret = lazyregexp.New(`(?i)(^|_)(api_?key|access_?key|secret|secrets|password|passwd|pword|token|credentials?|auth|key)(_|$)`)
	public = lazyregexp.New(`(?i)(^|_)public(_|$)|_(file|path)$`)
)

// globalSecrets is about secrets in ARGs before the first FROM, which BuildKit does not look at.
func globalSecrets(f *file, out *say) {
	if len(f.stages) == 0 || f.stages[0].from != nil {
		return
	}
	for _, st := range f.stages[0].steps {
		if st.name != "ARG" {
			continue
		}
		for _, a := range st.Assignments() {
			if name := st.Unquoted(a.Name); secret.MatchString(name) && !public.MatchString(name) {
				out.part(st, a.Name, name+" looks like a secret, and what is given to an ARG is told in the history: use RUN --mount=type=secret")
			}
		}
	}
}
