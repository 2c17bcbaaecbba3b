package practice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/shell"
)

var (
	npmTools    = set("npm")
	npmInstalls = set("install", "i", "in", "ins", "inst", "add", "isntall")
	npmValued   = []string{"--loglevel", "--registry", "--prefix", "-C", "--cache", "--userconfig", "--globalconfig", "-w", "--workspace", "--omit", "--include", "--tag", "--install-strategy", "--fetch-retries", "--fetch-timeout", "--cpu", "--os", "--libc", "--script-shell", "--proxy", "--https-proxy", "--cafile", "--auth-type", "--before"}
)

func npmUnpinned(t *text) {
	for _, c := range t.calls(npmTools, npmValued...) {
		if !npmInstalls[c.sub.Text] {
			continue
		}
		for _, w := range c.operands {
			if !pinnedNode(w.Text) && !w.Bare() {
				t.say(w.Place, "the version of %s is the newest of the day: pin it with %s", w.Text, pinOfNode(w.Text))
			}
		}
	}
}

func isGit(name string) bool {
	return strings.HasPrefix(name, "git+") || strings.HasPrefix(name, "git:") || strings.HasPrefix(name, "git@") || strings.HasPrefix(name, "github:")
}

func pinOfNode(name string) string {
	if isGit(name) {
		return "#COMMIT behind its address"
	}
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		name = name[:at]
	}
	return name + "@VERSION"
}

func pinnedNode(name string) bool {
	if isGit(name) {
		return strings.Contains(name, "#")
	}
	for _, end := range []string{".tar", ".tar.gz", ".tgz"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	for _, start := range []string{"/", "./", "../", "~/", "http:", "https:", "file:"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	at := strings.LastIndexByte(name, '@')
	return name == "." || name == ".." || at > 0 && name[at:] != "@latest"
}

var yarnTools = set("yarn", "yarnpkg")

// yarnCaches is about yarn install, in whose cache all is twice.
func yarnCaches(t *text) {
	var last *call
	for _, c := range t.calls(yarnTools, "--cwd", "--cache-folder", "--modules-folder", "--registry", "--network-timeout", "--mutex") {
		switch {
		case c.sub.Text == "install":
			last = &c
		case c.sub.Text == "cache" && len(c.operands) > 0 && c.operands[0].Text == "clean":
			last = nil
		}
	}
	if last != nil && !t.keeps(".cache/yarn", "/root/.cache/yarn", "/usr/local/share/.cache/yarn", ".yarn/cache") && !removes(t.Commands[last.at:], "/usr/local/share/.cache/yarn", "/root/.cache/yarn") {
		t.say(last.sub.Place, "what yarn has fetched stays in the image: end with yarn cache clean, or mount a cache at its cache folder")
	}
}

var gemValued = []string{"-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-P", "--trust-policy", "-p", "--http-proxy", "-s", "--source", "-B", "--bulk-threshold", "-g", "--file", "--platform", "--build-root", "--config-file", "--use-system-libraries"}

func gemUnpinned(t *text) {
	for _, c := range t.calls(set("gem"), gemValued...) {
		if c.sub.Text != "install" && c.sub.Text != "i" || c.Has("-v", "--version", "-g", "--file") {
			continue
		}
		for _, w := range beforeDashes(c) {
			if !strings.ContainsAny(w.Text, ":/") && !strings.HasSuffix(w.Text, ".gem") && !w.Bare() {
				t.say(w.Place, "the version of %s is the newest of the day: pin it with %[1]s:VERSION", w.Text)
			}
		}
	}
}

// beforeDashes are the operands that do not stand behind --.
func beforeDashes(c call) []shell.Word {
	end := slices.IndexFunc(c.Words, func(w shell.Word) bool { return w.Text == "--" })
	if end < 0 {
		return c.operands
	}
	return slices.DeleteFunc(slices.Clone(c.operands), func(w shell.Word) bool { return w.Start > c.Words[end].Start })
}

var goValued = []string{"-C", "-p", "-asmflags", "-buildmode", "-compiler", "-gccgoflags", "-gcflags", "-installsuffix", "-ldflags", "-mod", "-modfile", "-overlay", "-pkgdir", "-tags", "-toolexec", "-exec", "-o", "-coverpkg", "-covermode", "-pgo", "-buildvcs"}

// goUnpinned is about versions that are none, as in a@latest, and about go get, which takes the newest.
func goUnpinned(t *text) {
	for _, w := range t.goPackages() {
		if w.gets || strings.Contains(w.Text, "@") {
			t.say(w.Place, newestOfGo, nameOfGo(w.Text))
		}
	}
}

// goOutside is about what go installs or runs without a version where nothing has brought a go.mod,
// which would say it.
func goOutside(s *stage, out *say) {
	for i, st := range s.steps {
		if len(st.goNames) == 0 {
			continue
		}
		for at := range s.chain {
			steps := at.steps
			if at == s {
				steps = steps[:i+1]
			}
			if slices.ContainsFunc(steps, bringsModule) {
				return
			}
		}
		for _, w := range st.goNames {
			out.at(st, w.Place, fmt.Sprintf(newestOfGo, nameOfGo(w.Text)))
		}
	}
}

// versionless are the packages that a RUN has Go install or run without a version, but for those of the
// standard library.
func (t *text) versionless() (list []shell.Word) {
	for _, w := range t.goPackages() {
		if !w.gets && !strings.Contains(w.Text, "@") && strings.Contains(w.Text, ".") {
			list = append(list, w.Word)
		}
	}
	return list
}

const newestOfGo = "the version of %s is the newest of the day: pin it with %[1]s@VERSION"

func nameOfGo(word string) string {
	name, _, _ := strings.Cut(word, "@")
	return name
}

// bringsModule says whether a step may bring a go.mod.
func bringsModule(st *step) bool {
	return st.name == "COPY" || st.name == "ADD" || st.name == "RUN" && moduleMaker.MatchString(st.Text)
}

var moduleMaker = lazyregexp.New(`--mount=|\bgit\b|\bgo mod\b|go\.mod`)

type goPackage struct {
	shell.Word
	gets bool // by go get
}

// goPackages are those that a RUN has Go fetch, without a version that stays.
func (t *text) goPackages() (list []goPackage) {
	for _, c := range t.calls(set("go"), goValued...) {
		words := c.operands
		switch c.sub.Text {
		case "install", "get":
		case "run":
			words = words[:min(1, len(words))]
		default:
			continue
		}
		for _, w := range words {
			if !pinnedGo(w.Text) && !w.Bare() {
				list = append(list, goPackage{w, c.sub.Text == "get"})
			}
		}
	}
	return list
}

// pinnedGo says whether a package has a version that stays, or is one of a module that is there.
func pinnedGo(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") || strings.HasSuffix(name, ".go") {
		return true
	}
	_, version, ok := strings.Cut(name, "@")
	return ok && !slices.Contains([]string{"", "latest", "upgrade", "patch", "master", "main", "HEAD"}, version)
}
