package practice

import (
	"slices"
	"strings"

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

func goUnpinned(t *text) {
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
				name, _, _ := strings.Cut(w.Text, "@")
				t.say(w.Place, "the version of %s is the newest of the day: pin it with %[1]s@VERSION", name)
			}
		}
	}
}

func pinnedGo(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") || strings.HasSuffix(name, ".go") {
		return true
	}
	_, version, ok := strings.Cut(name, "@")
	return ok && !slices.Contains([]string{"", "latest", "upgrade", "patch", "master", "main", "HEAD"}, version)
}
