package language

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language/reference"
	"github.com/buildls/buildls/build/lazyregexp"
)

// givenDetail says what a build argument is given, unless that may be a secret.
func (c *completion) givenDetail(name string) string {
	if dockerfile.SecretName(name) {
		return "as the build is given it"
	}
	return short(c.given.Args[name]) + ", as the build is given it"
}

var typedVariable = lazyregexp.New(`\$(\{?)([A-Za-z_][A-Za-z0-9_]*)?$`)

// variables completes a variable that is typed, and says whether one is.
func (c *completion) variables(before string) bool {
	m := typedVariable.FindStringSubmatchIndex(before)
	if m == nil || m[0] > 0 && before[m[0]-1] == c.file.Escape {
		return false
	}
	typed, braces := before[m[0]:], m[2] < m[3]
	add := func(item Item, name string) {
		item.Kind, item.Label = ItemVariable, "$"+name
		if braces || typed == "$" {
			item.Label = "${" + name + "}"
		}
		item.Filter = "$" + name
		if braces {
			item.Filter = "${" + name
		}
		c.add(typed, item)
	}
	where := c.names.scopeAt(c.file, c.offset)
	if c.st.Name() == "FROM" || where == outside {
		where = global
	}
	seen := map[string]bool{}
	runtime := slices.Contains([]string{"CMD", "ENTRYPOINT", "HEALTHCHECK"}, c.st.Name())
	for _, v := range c.names.visible(c.file, where, c.offset) {
		if seen[v.name] = true; runtime && v.arg {
			continue // no ARG is left when the container runs
		}
		detail := v.detail()
		if _, ok := c.given.Args[v.name]; ok && v.arg {
			detail = c.givenDetail(v.name)
		}
		add(Item{Detail: detail}, v.name)
	}
	for _, a := range reference.Args {
		proxy := strings.HasSuffix(strings.ToLower(a.Name), "_proxy")
		if !seen[a.Name] && (proxy && c.st.Name() == "RUN" || where == global && !strings.Contains(a.Name, "_")) {
			add(Item{Doc: "arg " + a.Name, Last: proxy}, a.Name)
		}
	}
	if !seen["PATH"] && where != global {
		add(Item{Detail: "as the base image or BuildKit sets it", Last: true}, "PATH")
	}
	return true
}
