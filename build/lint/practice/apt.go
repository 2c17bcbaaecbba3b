package practice

import (
	"strings"

	"github.com/buildls/buildls/build/shell"
)

var (
	aptTools  = set("apt-get", "apt", "aptitude")
	aptAsking = set("install", "upgrade", "dist-upgrade", "full-upgrade", "remove", "purge", "autoremove", "build-dep", "reinstall", "satisfy")
	aptValued = []string{"-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a", "--host-architecture", "-P", "--build-profiles"}
)

func (t *text) apt() []call { return t.calls(aptTools, aptValued...) }

func aptUnpinned(t *text) {
	for _, c := range t.apt() {
		if c.sub.Text != "install" {
			continue
		}
		for _, w := range c.operands {
			pinned := strings.ContainsAny(w.Text, "=/") || strings.HasSuffix(w.Text, ".deb") || strings.HasSuffix(w.Text, "-")
			if !pinned && !w.Bare() {
				t.say(w.Place, "the version of %s is the newest of the day: pin it with %[1]s=VERSION", w.Text)
			}
		}
	}
}

func aptAsks(t *text) {
	for _, c := range t.apt() {
		if !aptAsking[c.sub.Text] || strings.Contains(t.Text, "Assume-Yes") || answered(t) {
			continue
		}
		quiet := c.Count('q') > 1 || c.Has("-q=2", "--quiet=2") || twice(c.Command, "--quiet")
		if value, ok := c.Value("-q", "--quiet"); ok && value == "2" {
			quiet = true
		}
		if !quiet && !c.Has("-y", "--yes", "--assume-yes", "--force-yes", "-s", "--simulate", "--dry-run", "--print-uris", "--trivial-only") {
			t.say(c.sub.Place, "%s %s asks before it goes on, and nobody can answer in a build: add -y", c.Name, c.sub.Text)
		}
	}
}

// answered says whether something answers the questions of others: yes |.
func answered(t *text) bool {
	for _, c := range t.Commands {
		if c.Name == "yes" {
			return true
		}
	}
	return false
}

func twice(c *shell.Command, flag string) bool {
	n := 0
	for _, w := range c.Words {
		if w.Text == flag {
			n++
		}
	}
	return n > 1
}

func aptRecommends(t *text) {
	for _, c := range t.apt() {
		if c.sub.Text != "install" || c.Has("--no-install-recommends") || c.Name == "aptitude" && c.Has("-R", "--without-recommends") {
			continue
		}
		if !strings.Contains(strings.ToLower(t.Text), "install-recommends") || c.Has("--install-recommends") {
			t.say(c.sub.Place, "packages come along that are only recommended: add --no-install-recommends")
		}
	}
}

const aptLists = "/var/lib/apt/lists"

func aptListsStay(t *text) {
	var update *call
	for _, c := range t.apt() {
		switch c.sub.Text {
		case "update":
			update = &c
		case "distclean", "dist-clean":
			update = nil
		}
	}
	if update != nil && !removes(t.Commands[update.at:], aptLists) && !t.keeps(aptLists) {
		t.say(update.sub.Place, "the lists of packages stay in the image: end with rm -rf /var/lib/apt/lists/*, or mount a cache at /var/lib/apt")
	}
}

// aptPackagesStay is about who has apt keep the packages that it fetches, and no place for them.
func aptPackagesStay(s *stage, out *say) {
	keeping := false
	for _, st := range s.steps {
		if st.name != "RUN" || !s.kept {
			continue
		}
		keeping = keeping || removes(st.Commands, "/etc/apt/apt.conf.d/docker-clean")
		if !keeping || !strings.Contains(st.Text, "install") {
			continue
		}
		t := &text{Instruction: st.Instruction, Reading: st.Reading, name: st.name}
		for _, c := range t.apt() {
			if c.sub.Text == "install" && !t.keeps("/var/cache/apt/archives") && !removes(t.Commands[c.at:], "/var/cache/apt/archives") && t.keeps(aptLists) {
				out.at(st, c.sub.Place, "the packages that apt fetches stay in the image since docker-clean is removed: mount a cache at /var/cache/apt too")
			}
		}
	}
}

func aptForPeople(t *text) {
	commands := t.commands()
	for i := range commands {
		if c := &commands[i]; c.Name == "apt" {
			t.say(c.Words[0].Place, "apt is made for people, and what it takes and prints may change: use apt-get or apt-cache")
		}
	}
}
