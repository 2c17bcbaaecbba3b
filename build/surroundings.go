package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/solver/pb"
)

// surroundings says what changed for an instruction whose text did not: variables, the
// working directory, the user, how it is run.
func (c *comparison) surroundings(text string, n, b *node) string {
	parts := c.buildArgs(text)
	switch a, z := n.op.GetExec(), b.op.GetExec(); {
	case a != nil && z != nil:
		parts = append(parts, c.environment(a, z)...)
		parts = append(parts, runChanges(a, z)...)
	case n.op.GetFile() != nil && b.op.GetFile() != nil && len(parts) == 0:
		parts = append(parts, pathChanges(n.op.GetFile(), b.op.GetFile())...)
	}
	if n.op.Platform.String() != b.op.Platform.String() {
		parts = append(parts, "the platform changed")
	}
	if len(parts) == 0 && len(n.inputs) != len(b.inputs) { // as when its sources became one
		return "it stands on, or takes files from, other steps than it did"
	}
	if len(parts) == 0 {
		return "its text is the same, but not what BuildKit makes of it"
	}
	return strings.Join(slices.Compact(parts[:min(len(parts), mostNamed)]), "; ")
}

// buildArgs are those that an instruction names and that are given otherwise than they were.
func (c *comparison) buildArgs(text string) (parts []string) {
	for _, name := range slices.Sorted(maps.Keys(c.now.buildArgs)) {
		if old, was := c.last.buildArgs[name]; (!was || old != c.now.buildArgs[name]) && named(text, name) {
			parts = append(parts, c.variable(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.last.buildArgs)) {
		if _, is := c.now.buildArgs[name]; !is && named(text, name) {
			parts = append(parts, c.variable(name))
		}
	}
	return parts
}

// named says whether a text uses a variable.
func named(text, name string) bool {
	refs := dockerfile.References(text, dockerfile.Part{End: len(text)}, 0, false)
	return slices.ContainsFunc(refs, func(r dockerfile.Reference) bool { return text[r.Name.Start:r.Name.End] == name })
}

// environment are the variables of a RUN that are not what they were.
func (c *comparison) environment(now, then *pb.ExecOp) (parts []string) {
	a, z := variables(now), variables(then)
	all := maps.Clone(a)
	maps.Copy(all, z)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		to, is := a[name]
		from, was := z[name]
		switch _, _, given := c.given(name); {
		case is == was && to == from:
		case given:
			parts = append(parts, c.variable(name))
		default:
			parts = append(parts, valueChange(name, shown(name, from), shown(name, to), was, is))
		}
	}
	return parts
}

func variables(exec *pb.ExecOp) map[string]string {
	m := map[string]string{}
	for _, pair := range exec.GetMeta().GetEnv() {
		name, value, _ := strings.Cut(pair, "=")
		m[name] = value
	}
	return m
}

// given says whether a build argument was given otherwise.
func (c *comparison) given(name string) (from, to string, ok bool) {
	from, was := c.last.buildArgs[name]
	to, is := c.now.buildArgs[name]
	return from, to, (was || is) && (was != is || from != to)
}

// variable says how a build argument changed.
func (c *comparison) variable(name string) string {
	from, was := c.last.buildArgs[name]
	to, is := c.now.buildArgs[name]
	return valueChange("build arg "+name, shown(name, from), shown(name, to), was, is)
}

func valueChange(what, from, to string, was, is bool) string {
	switch {
	case from == "" || to == "":
		return what + " changed"
	case !was:
		return fmt.Sprintf("%s was not given before, and is now %s", what, to)
	case !is:
		return fmt.Sprintf("%s was %s, and is not given now", what, from)
	}
	return fmt.Sprintf("%s changed from %s to %s", what, from, to)
}

// shown is a value, unless its name speaks of a secret.
func shown(name, value string) string {
	const longest = 80
	switch {
	case dockerfile.SecretName(name):
		return ""
	case len(value) > longest:
		return fmt.Sprintf("%q", strings.ToValidUTF8(value[:longest], "")+"…")
	}
	return fmt.Sprintf("%q", value)
}

// withSecretArgs has the mask hide the values that are not shown wherever else they are.
func (c *comparison) withSecretArgs(r *Record) *comparison {
	if r == nil {
		return c
	}
	for name, value := range r.buildArgs {
		if dockerfile.SecretName(name) {
			c.mask = c.mask.With([]byte(value))
		}
	}
	return c
}

// runChanges are what else changed about how a RUN is run.
func runChanges(now, then *pb.ExecOp) (parts []string) {
	a, z := now.GetMeta(), then.GetMeta()
	if a.GetCwd() != z.GetCwd() {
		parts = append(parts, fmt.Sprintf("the working directory changed from %s to %s", z.GetCwd(), a.GetCwd()))
	}
	if a.GetUser() != z.GetUser() {
		parts = append(parts, fmt.Sprintf("the user changed from %q to %q", z.GetUser(), a.GetUser()))
	}
	if !slices.Equal(a.GetArgs(), z.GetArgs()) {
		parts = append(parts, "the command line changed: the shell, or what is written into it")
	}
	if now.Network != then.Network {
		parts = append(parts, "the network mode changed")
	}
	if now.Security != then.Security {
		parts = append(parts, "its privileges changed")
	}
	if fmt.Sprint(a.GetExtraHosts()) != fmt.Sprint(z.GetExtraHosts()) {
		parts = append(parts, "the hosts that it can look up changed")
	}
	if fmt.Sprint(a.GetUlimit()) != fmt.Sprint(z.GetUlimit()) || a.GetCgroupParent() != z.GetCgroupParent() {
		parts = append(parts, "its limits changed")
	}
	return parts
}

// pathChanges are where a COPY, an ADD or a WORKDIR now reads or writes.
func pathChanges(now, then *pb.FileOp) (parts []string) {
	for i := range min(len(now.Actions), len(then.Actions)) {
		a, z := now.Actions[i], then.Actions[i]
		if x, y := a.GetCopy(), z.GetCopy(); x != nil && y != nil {
			parts = append(parts, pathChange("where it reads", y.Src, x.Src)...)
			parts = append(parts, pathChange("where it writes", y.Dest, x.Dest)...)
		}
		if x, y := a.GetMkdir(), z.GetMkdir(); x != nil && y != nil {
			parts = append(parts, pathChange("the directory", y.Path, x.Path)...)
		}
	}
	return parts
}

func pathChange(what, from, to string) []string {
	if from == to {
		return nil
	}
	return []string{fmt.Sprintf("%s changed from %s to %s", what, from, to)}
}
