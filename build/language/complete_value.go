package language

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/language/reference"
)

// directiveValue completes the value of a parser directive.
func (c *completion) directiveValue(name, typed string) {
	switch name {
	case "syntax":
		c.words(ItemImage, typed, "docker/dockerfile:1", "docker/dockerfile:1-labs", "docker/dockerfile-upstream:master")
		c.tags(typed)
	case "escape":
		c.words(ItemValue, typed, "`", `\`)
	case "check":
		option := typed[strings.LastIndexByte(typed, ';')+1:]
		key, value, ok := strings.Cut(option, "=")
		switch {
		case !ok:
			c.words(ItemFlag, option, "skip=", "error=true", "experimental=")
		case key == "error":
			c.words(ItemValue, value, "true", "false")
		default:
			used := strings.Split(value, ",")
			rule := used[len(used)-1]
			rules := slices.DeleteFunc(slices.Clone(reference.Rules), func(e reference.Entry) bool { return slices.Contains(used, e.Name) })
			if len(used) == 1 {
				c.words(ItemValue, rule, "all")
			}
			c.entries(rule, rules, "rule")
		}
	}
}

// argument completes an argument, by the instruction and what stands before it.
func (c *completion) argument() {
	args := c.typedArgs()
	if len(args) == 0 && c.word == "" {
		c.flagNames("")
	}
	switch name := c.st.Name(); name {
	case "FROM":
		switch len(args) {
		case 0:
			c.stages(c.word)
			c.images(c.word)
		case 1:
			c.words(ItemKeyword, c.word, "AS")
		}
	case "COPY", "ADD":
		c.copy(args)
	case "HEALTHCHECK":
		if len(args) == 0 {
			c.words(ItemKeyword, c.word, "CMD", "NONE")
		}
	case "EXPOSE":
		if port, typed, ok := strings.Cut(c.word, "/"); ok && port != "" {
			c.words(ItemValue, typed, "tcp", "udp", "sctp")
			return
		}
		c.words(ItemValue, c.word, "80", "443", "3000", "5000", "5432", "6379", "8000", "8080", "8443", "9090")
	case "STOPSIGNAL":
		c.words(ItemValue, c.word, "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGWINCH")
	case "USER":
		if len(args) == 0 {
			c.words(ItemValue, c.word, c.users()...)
		}
	case "WORKDIR":
		if len(args) == 0 {
			c.words(ItemDirectory, c.word, c.workdirs("/app", "/src")...)
			c.directories(c.word)
		}
	case "SHELL":
		if len(args) == 0 {
			forms := []string{`["/bin/bash", "-o", "pipefail", "-c"]`, `["/bin/sh", "-c"]`, `["powershell", "-Command"]`, `["cmd", "/S", "/C"]`}
			if c.given.Shells != nil {
				for _, shell := range c.given.Shells(c.here()) {
					if form := fmt.Sprintf(`[%q, "-c"]`, shell); !slices.Contains(forms, form) {
						forms = append(forms, form)
					}
				}
			}
			c.words(ItemValue, c.word, forms...)
		}
	case "LABEL", "ENV", "ARG":
		if !strings.Contains(c.word, "=") && (name == "LABEL" || name != "ENV" || len(args) == 0 || strings.Contains(args[0], "=")) {
			c.keys(name)
		}
	}
}

// labels are the keys of OCI's image specification (annotations.md).
var labels = []string{ocispecs.AnnotationTitle, ocispecs.AnnotationDescription, ocispecs.AnnotationVersion, ocispecs.AnnotationSource, ocispecs.AnnotationRevision,
	ocispecs.AnnotationLicenses, ocispecs.AnnotationVendor, ocispecs.AnnotationAuthors, ocispecs.AnnotationURL, ocispecs.AnnotationDocumentation,
	ocispecs.AnnotationCreated, ocispecs.AnnotationRefName, ocispecs.AnnotationBaseImageName, ocispecs.AnnotationBaseImageDigest}

// environment are names that well-known programs read.
var environment = []string{"PATH", "LANG", "LC_ALL", "TZ", "HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR", "UV_LINK_MODE", "NODE_ENV",
	"NODE_OPTIONS", "NPM_CONFIG_LOGLEVEL", "PNPM_HOME", "GOPATH", "GOPROXY", "GOFLAGS", "CGO_ENABLED", "CARGO_HOME", "RUSTUP_HOME", "JAVA_HOME", "JAVA_TOOL_OPTIONS",
	"DOTNET_CLI_TELEMETRY_OPTOUT", "ASPNETCORE_URLS", "COMPOSER_ALLOW_SUPERUSER", "RAILS_ENV", "BUNDLE_WITHOUT", "LD_LIBRARY_PATH", "PORT"}

// keys completes a name that is given a value.
func (c *completion) keys(instruction string) {
	if instruction == "ARG" {
		declared := map[string]bool{}
		for _, v := range c.names.visible(c.file, global, c.offset) {
			if declared[v.name] = c.behindFrom(); declared[v.name] {
				c.add(c.word, Item{Kind: ItemVariable, Label: v.name, Detail: v.detail()})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(c.given.Args)) {
			if !declared[name] {
				c.add(c.word, Item{Kind: ItemVariable, Label: name, Detail: c.givenDetail(name)})
			}
		}
		for _, a := range reference.Args {
			if c.behindFrom() || !strings.HasPrefix(a.Name, "TARGET") && !strings.HasPrefix(a.Name, "BUILDP") {
				c.add(c.word, Item{Kind: ItemVariable, Label: a.Name, Doc: "arg " + a.Name, Last: strings.Contains(strings.ToLower(a.Name), "_")})
			}
		}
		return
	}
	list := labels
	if instruction == "ENV" {
		list = environment
	}
	next, _, _ := strings.Cut(strings.TrimSpace(c.st.Text[c.at:]), " ")
	valued := len(c.typedArgs()) == 0 && next != "" && !strings.Contains(next, "=") // the old form: a value stands behind a blank
	for _, name := range list {
		item := Item{Kind: ItemName, Label: name}
		if !valued {
			item.Text, item.Snippet = name+"=${1:value}", true
		}
		c.add(c.word, item)
	}
}

// stages completes the name of a stage that stands above, or the number of one without a name. The
// stage that the place is in is none of them.
func (c *completion) stages(typed string) {
	above := c.fromsAbove()
	for i, from := range above[:max(0, len(above)-1)] {
		if at, ok := from.StageName(); ok {
			c.add(typed, Item{Kind: ItemStage, Label: from.Slice(at), Detail: "stage, FROM " + short(from.Slice(from.Args[0]))})
		} else if c.st.Name() == "COPY" { // elsewhere a number is an image's name
			c.add(typed, Item{Kind: ItemStage, Label: strconv.Itoa(i), Detail: "stage without a name, " + short(from.Written())})
		}
	}
}

// images completes the name of an image, or of a named context, which goes before an image; and what
// stands behind a name.
func (c *completion) images(typed string) {
	var known []Image
	for _, name := range c.given.Contexts {
		known = append(known, Image{name, "a named context"})
	}
	for _, l := range Links(c.file) {
		if l.Image != "" && !l.Holds(c.offset) && c.file.LineOf(l.Start) != c.file.LineOf(c.offset) {
			known = append(known, Image{l.Image, fmt.Sprintf("line %d", c.file.LineOf(l.Start)+1)})
		}
	}
	if c.given.Images != nil {
		known = append(known, c.given.Images()...)
	}
	if c.st.Name() == "FROM" {
		known = append(known, Image{"scratch", "the empty image"})
	}
	seen := map[string]bool{}
	for _, from := range c.fromsAbove() { // which are completed as stages
		if at, ok := from.StageName(); ok {
			seen[from.Slice(at)] = true
		}
	}
	for _, i := range known {
		// A front end is nobody's base, and a variable of another file has no value here.
		if repository, _, _ := strings.Cut(i.Name, ":"); !seen[i.Name] && !strings.Contains(i.Name, "$") && !strings.HasSuffix(repository, "docker/dockerfile") {
			seen[i.Name] = true
			c.add(typed, Item{Kind: ItemImage, Label: i.Name, Detail: i.Detail})
		}
	}
	c.tags(typed)
}

// workdirs are the directories that WORKDIRs name, and others.
func (c *completion) workdirs(more ...string) []string {
	dirs := slices.DeleteFunc(c.others("WORKDIR"), func(dir string) bool { return !strings.HasPrefix(dir, "/") })
	return unique(append(dirs, more...))
}

// users are those that the text names, and those that the stage has, or else most images have.
func (c *completion) users() []string {
	more := []string{"root", "nobody", "nonroot", "1000:1000", "65532:65532"}
	if c.given.Users != nil {
		if has := c.given.Users(c.here()); len(has) > 0 {
			more = has
		}
	}
	return unique(append(c.others("USER"), more...))
}

// others are what instructions of a name say, but for the one that the place is in.
func (c *completion) others(name string) (values []string) {
	for _, st := range c.file.Instructions() {
		if value := st.Slice(st.Rest); st.Name() == name && st != c.st && value != "" {
			values = append(values, value)
		}
	}
	return values
}

// unique is a list without what stands in it before.
func unique(list []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// owners are users as --chown has them.
func (c *completion) owners() (owners []string) {
	for _, user := range c.users() {
		if !strings.Contains(user, ":") {
			user += ":" + user
		}
		owners = append(owners, user)
	}
	return owners
}
