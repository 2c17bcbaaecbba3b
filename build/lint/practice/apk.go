package practice

import "strings"

var (
	apkTools  = set("apk")
	apkValued = []string{"-X", "--repository", "-p", "--root", "-t", "--virtual", "--arch", "--keys-dir", "--repositories-file", "--wait", "--cache-dir", "--cache-max-age", "--progress-fd"}
)

func apkUnpinned(t *text) {
	for _, c := range t.calls(apkTools, apkValued...) {
		if c.sub.Text != "add" {
			continue
		}
		for _, w := range c.operands {
			if !strings.ContainsAny(w.Text, "=<>~!/") && !strings.HasSuffix(w.Text, ".apk") && !w.Bare() {
				t.say(w.Place, "the version of %s is the newest of the day: pin it with %[1]s=VERSION", w.Text)
			}
		}
	}
}

func apkCaches(t *text) {
	const dir = "/var/cache/apk"
	for _, c := range t.calls(apkTools, apkValued...) {
		if c.sub.Text == "add" && !c.Has("--no-cache") && !t.keeps(dir, "/etc/apk/cache") && !removes(t.Commands[c.at:], dir) {
			t.say(c.sub.Place, "the index of packages stays in the image: add --no-cache, or mount a cache at /var/cache/apk")
		}
	}
}
