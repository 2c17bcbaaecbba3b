package practice

import (
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/shell"
)

// A manager is one of those that install packages in the format of RPM.
type manager struct {
	tools    map[string]bool
	installs map[string]bool // commands that bring packages
	named    map[string]bool // those of them that name packages
	asks     map[string]bool
	yes      []string
	valued   []string
	pinned   func(string) bool
	pin      string // how to pin
	cleans   map[string]bool
	caches   []string
	clean    string // how to clean
}

var rpmVersion = lazyregexp.New(`-[0-9]`)

func hasRPMVersion(name string) bool { return rpmVersion.MatchString(name) }

var rpmValued = []string{"-c", "--config", "-x", "--exclude", "--enablerepo", "--disablerepo", "--repo", "--repoid", "--installroot", "--releasever", "--setopt", "-d", "-e", "--forcearch", "--comment"}

var (
	yum = &manager{
		tools:    set("yum"),
		installs: set("install", "in", "update", "upgrade", "localinstall", "groupinstall", "reinstall", "module", "group", "distro-sync"),
		named:    set("install", "in"),
		asks:     set("install", "in", "update", "upgrade", "localinstall", "groupinstall", "groupupdate", "reinstall", "remove", "erase", "autoremove", "module", "group", "swap", "downgrade"),
		yes:      []string{"-y", "--assumeyes"}, valued: rpmValued, pinned: hasRPMVersion, pin: "-VERSION",
		cleans: set("yum", "dnf"), caches: []string{"/var/cache/yum", "/var/cache/dnf"}, clean: "yum clean all",
	}
	dnf = &manager{
		tools: set("dnf", "dnf5", "microdnf"),
		installs: set("install", "in", "upgrade", "up", "update", "upgrade-minimal", "up-min", "reinstall", "rei", "localinstall", "group",
			"groupinstall", "module", "distro-sync", "dsync", "downgrade", "dg"),
		named:  set("install", "in"),
		asks:   set("install", "in", "upgrade", "up", "update", "upgrade-minimal", "up-min", "reinstall", "rei", "localinstall", "group", "groupinstall", "module", "remove", "rm", "erase", "autoremove", "swap", "distro-sync", "dsync", "downgrade", "dg"),
		yes:    []string{"-y", "--assumeyes"},
		valued: rpmValued, pinned: hasRPMVersion, pin: "-VERSION",
		cleans: set("dnf", "dnf5", "microdnf", "yum"), caches: []string{"/var/cache/libdnf5", "/var/cache/dnf", "/var/cache/yum"}, clean: "dnf clean all",
	}
	zypper = &manager{
		tools:    set("zypper"),
		installs: set("install", "in", "update", "up", "patch", "dist-upgrade", "dup", "source-install", "si"),
		named:    set("install", "in"),
		asks:     set("install", "in", "update", "up", "patch", "dist-upgrade", "dup", "remove", "rm", "source-install", "si", "install-new-recommends", "inr"),
		yes:      []string{"-n", "--non-interactive", "-y", "--no-confirm"},
		valued:   []string{"-r", "--repo", "--from", "-t", "--type", "-R", "--root", "-D", "--reposd-dir", "-C", "--cache-dir", "-c", "--config", "--solv-cache-dir", "--pkg-cache-dir", "--raw-cache-dir", "-p", "--plus-repo", "--plus-content", "--download"},
		pinned:   func(name string) bool { return strings.ContainsAny(name, "=<>") }, pin: "=VERSION",
		cleans: set("zypper"), caches: []string{"/var/cache/zypp"}, clean: "zypper clean",
	}
)

// asking is about what asks before it goes on.
func asking(m *manager) func(*text) {
	return func(t *text) {
		for _, c := range t.calls(m.tools, m.valued...) {
			if m.asks[c.sub.Text] && !c.Has(m.yes...) && !answered(t) && (!isGroup(c) || c.doesInstall()) {
				t.say(c.sub.Place, "%s %s asks before it goes on, and nobody can answer in a build: add %s", c.Name, c.sub.Text, m.yes[0])
			}
		}
	}
}

func isGroup(c call) bool { return c.sub.Text == "group" || c.sub.Text == "module" }

// doesInstall is of a command in two words: module install.
func (c call) doesInstall() bool { return len(c.operands) > 0 && c.operands[0].Text == "install" }

// unpinned is about packages without a version.
func unpinned(m *manager) func(*text) {
	return func(t *text) {
		for _, c := range t.calls(m.tools, m.valued...) {
			switch {
			case m.named[c.sub.Text]:
				m.versions(t, c.operands, m.pin, m.pinned)
			case c.sub.Text == "module" && c.doesInstall():
				m.versions(t, c.operands[1:], ":STREAM", func(name string) bool { return strings.Contains(name, ":") })
			}
		}
	}
}

func (m *manager) versions(t *text, words []shell.Word, pin string, pinned func(string) bool) {
	for _, w := range words {
		elsewhere := strings.HasSuffix(w.Text, ".rpm") || strings.Contains(w.Text, "/") || strings.HasPrefix(w.Text, "@") || strings.HasPrefix(w.Text, "-")
		if !elsewhere && !w.Bare() && !pinned(w.Text) {
			t.say(w.Place, "the version of %s is the newest of the day: pin it with %[1]s%[2]s", w.Text, pin)
		}
	}
}

// cachesStay is about what a manager keeps of what it has fetched.
func cachesStay(m *manager) func(*text) {
	return func(t *text) {
		var last *call
		for _, c := range t.calls(m.tools, m.valued...) {
			if m.installs[c.sub.Text] && (!isGroup(c) || c.doesInstall()) {
				last = &c
			}
		}
		if last == nil || t.keeps(m.caches...) || removes(t.Commands[last.at:], m.caches...) || m.cleaned(t, last) {
			return
		}
		t.say(last.sub.Place, "what %s has fetched stays in the image: end with %s, or mount a cache at %s", last.Name, m.clean, m.caches[0])
	}
}

// cleaned says whether the caches are emptied behind some command, by the same program: microdnf
// has others than dnf, while yum is dnf by another name.
func (m *manager) cleaned(t *text, after *call) bool {
	for _, c := range t.calls(m.cleans, m.valued...) {
		same := c.Name == after.Name || c.Name == "yum" || after.Name == "yum"
		if c.at > after.at && same && (c.sub.Text == "clean" || c.sub.Text == "cc") {
			return true
		}
	}
	return false
}

func zypperUpgrades(t *text) {
	for _, c := range t.calls(zypper.tools, zypper.valued...) {
		if c.sub.Text == "dist-upgrade" || c.sub.Text == "dup" {
			t.say(c.sub.Place, "what this brings is another thing each day: use a newer base image, or update the packages that need it")
		}
	}
}
