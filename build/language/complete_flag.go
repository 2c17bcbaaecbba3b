package language

import (
	"slices"
	"strconv"
	"strings"

	"github.com/buildls/buildls/build/language/reference"
)

// flagValues are places of flags whose values are free.
var flagValues = map[string]string{
	"--chown": "${1:user:group}", "--chmod": "${1:755}", "--checksum": "${1:sha256:}", "--from": "${1:stage}",
	"--exclude": "${1:pattern}", "--device": "${1:vendor.com/device}", "--platform": "${1:\\$BUILDPLATFORM}",
	"--interval": "${1:30s}", "--timeout": "${1:30s}", "--start-period": "${1:5s}", "--start-interval": "${1:5s}", "--retries": "${1:3}",
}

// repeated are flags that may be given again.
var repeated = []string{"--mount", "--exclude", "--device"}

// flags completes the flags of an instruction, or the value of one.
func (c *completion) flags() {
	name, value, ok := strings.Cut(c.word, "=")
	if ok {
		c.flagValue(name, value)
		return
	}
	c.flagNames(c.word)
}

func (c *completion) flagNames(typed string) {
	instruction := reference.Find(reference.Instructions, c.st.Name())
	if instruction == nil {
		return
	}
	for i := range instruction.Values {
		flag := &instruction.Values[i]
		if used := c.st.FlagsNamed(flag.Name); len(used) > 0 && !slices.Contains(repeated, flag.Name) && !(len(used) == 1 && used[0].Start == c.at-len(typed)) {
			continue
		}
		item := Item{Kind: ItemFlag, Label: flag.Name, Text: flag.Name + valueSnippet(flag), Doc: c.st.Name() + " " + flag.Name}
		item.Snippet = strings.Contains(item.Text, "$")
		if strings.Contains(item.Text, "=") {
			item.Label += "="
		}
		c.since(&item, flag)
		c.add(typed, item)
	}
}

// valueSnippet is "=" and the places of a flag's value; nothing for one that needs none.
func valueSnippet(flag *reference.Entry) string {
	if place, ok := flagValues[flag.Name]; ok {
		return "=" + place
	}
	if flag.Name == "--mount" {
		return "=type=${1|" + nameList(reference.MountTypes) + "|},${2:target=}"
	}
	if flag.Value("true") != nil || len(flag.Values) == 0 {
		return ""
	}
	return "=${1|" + nameList(flag.Values) + "|}"
}

func nameList(list []reference.Entry) string {
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
	}
	return strings.Join(names, ",")
}

// since says what version an item needs, and puts it last if that is newer than what reads the
// text.
func (c *completion) since(item *Item, e *reference.Entry) {
	if e.Since == "" {
		return
	}
	item.Detail = "docker/dockerfile " + e.Since
	if older(c.frontend(), e.Since) {
		item.Detail, item.Last = "needs docker/dockerfile:"+e.Since+" or newer", true
	}
}

// frontend is the version of the front end that `# syntax=` or the engine has; empty: the newest.
func (c *completion) frontend() string {
	image, _, ok := c.file.Syntax()
	if !ok {
		return c.given.Frontend
	}
	name, tag, _ := strings.Cut(image, ":")
	tag, _, _ = strings.Cut(tag, "@")
	tag, _, _ = strings.Cut(tag, "-")
	if !strings.HasSuffix(name, "docker/dockerfile") || !strings.Contains(tag, ".") {
		return ""
	}
	return tag
}

// older says whether a version is before another, "1.4" before "1.20"; one that is not known is
// not.
func older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range min(len(a), len(b)) {
		x, err := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if err != nil || x != y {
			return err == nil && x < y
		}
	}
	return false
}

// platforms are what --platform takes, the ones that cross-compile first.
var platforms = []string{"$BUILDPLATFORM", "$TARGETPLATFORM", "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/riscv64", "linux/ppc64le", "linux/s390x", "windows/amd64"}

func (c *completion) flagValue(name, typed string) {
	switch name {
	case "--from":
		c.stages(typed)
		c.images(typed)
	case "--mount":
		c.mount(typed)
	case "--platform":
		c.words(ItemValue, typed, platforms...)
	case "--chown":
		c.words(ItemValue, typed, c.owners()...)
	case "--chmod":
		c.words(ItemValue, typed, "755", "644", "0440", "+x", "u=rwX,go=rX")
	case "--checksum":
		c.words(ItemValue, typed, "sha256:")
	case "--interval", "--timeout", "--start-period", "--start-interval":
		c.words(ItemValue, typed, "5s", "10s", "30s", "1m", "5m")
	case "--retries":
		c.words(ItemValue, typed, "1", "3", "5")
	case "--exclude":
		if from := c.st.FlagsNamed("--from"); len(from) > 0 {
			_, stage, _ := c.st.Cut(from[0], "=")
			c.stagePaths(c.st.Slice(stage), typed)
			return
		}
		c.paths(typed)
	default:
		instruction := reference.Find(reference.Instructions, c.st.Name())
		if instruction == nil {
			return
		}
		if flag := instruction.Value(name); flag != nil {
			c.entries(typed, flag.Values, c.st.Name()+" "+name)
		}
	}
}

// entries adds values that the reference has.
func (c *completion) entries(typed string, list []reference.Entry, of string) {
	for i := range list {
		item := Item{Kind: ItemValue, Label: list[i].Name, Doc: of + " " + list[i].Name}
		if list[i].Default {
			item.Detail = "the default"
		}
		c.since(&item, &list[i])
		c.add(typed, item)
	}
}

// caches are directories that package managers and compilers fill.
var caches = []string{"/root/.cache/go-build", "/go/pkg/mod", "/root/.npm", "/root/.cache/pip", "/root/.cache/uv", "/var/cache/apt", "/var/lib/apt",
	"/var/cache/apk", "/var/cache/dnf", "/usr/local/cargo/registry", "/root/.m2", "/root/.gradle", "/root/.nuget/packages", "/root/.composer/cache"}

// mount completes a key or a value of a mount.
func (c *completion) mount(typed string) {
	fields := strings.Split(typed, ",")
	key, value, inValue := strings.Cut(fields[len(fields)-1], "=")
	used := map[string]string{}
	for _, f := range fields[:len(fields)-1] {
		k, v, _ := strings.Cut(f, "=")
		used[strings.ToLower(k)] = v
	}
	kind := used["type"]
	if kind == "" {
		kind = "bind"
	}
	if !inValue {
		if used["type"] == "" {
			c.add(key, Item{Kind: ItemFlag, Label: "type=", Text: "type=${1|" + nameList(reference.MountTypes) + "|}", Snippet: true, Doc: "RUN --mount"})
		}
		c.mountKeys(key, kind, used)
		return
	}
	switch strings.ToLower(key) {
	case "type":
		c.entries(value, reference.MountTypes, "mount")
	case "from":
		c.stages(value)
		c.images(value)
	case "source", "src":
		if rest, _, _ := strings.Cut(c.st.Text[c.at:], " "); strings.Contains(rest, ",from=") {
			_, used["from"], _ = strings.Cut(rest, ",from=")
			used["from"], _, _ = strings.Cut(used["from"], ",")
		}
		switch {
		case used["from"] != "":
			c.stagePaths(used["from"], value)
		case kind == "bind":
			c.paths(value)
		}
	case "target", "dst", "destination":
		if kind == "cache" {
			c.words(ItemDirectory, value, caches...)
		}
		c.words(ItemDirectory, value, c.workdirs()...)
	case "required", "rw", "readwrite", "ro", "readonly":
		c.words(ItemValue, value, "true", "false")
	case "id":
		c.words(ItemValue, value, c.mountIDs(kind)...)
	default:
		if m := reference.Find(reference.MountTypes, kind); m != nil && m.Value(key) != nil {
			c.entries(value, m.Value(key).Values, "mount "+kind+" "+key)
		}
	}
}

func (c *completion) mountKeys(typed, kind string, used map[string]string) {
	m := reference.Find(reference.MountTypes, kind)
	if m == nil {
		return
	}
	for i := range m.Values {
		key := &m.Values[i]
		if _, ok := used[key.Name]; ok || slices.ContainsFunc(key.Aliases, func(a string) bool { _, ok := used[a]; return ok }) {
			continue
		}
		item := Item{Kind: ItemFlag, Label: key.Name + "=", Doc: "mount " + kind + " " + key.Name}
		if slices.Contains([]string{"rw", "ro", "required"}, key.Name) {
			item.Label = key.Name
		}
		c.since(&item, key)
		c.add(typed, item)
	}
}

// mountIDs are those that other mounts of the kind have.
func (c *completion) mountIDs(kind string) (ids []string) {
	for _, st := range c.file.Instructions() {
		for _, f := range st.Fields() {
			if id := st.Unquoted(f.Value); st != c.st && st.KeyOf(f) == "id" && st.TypeOf(f) == kind && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
