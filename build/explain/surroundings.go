package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/solver/pb"
)

// surroundings says what changed for an instruction whose text is the same: variables, the working
// directory, the user, how it is run.
func (c *comparison) surroundings(text string, cur, prev *node) string {
	parts := c.buildArgs(text)
	switch curExec, prevExec := cur.op.GetExec(), prev.op.GetExec(); {
	case curExec != nil && prevExec != nil:
		parts = append(parts, c.environment(curExec, prevExec)...)
		parts = append(parts, runChanges(curExec, prevExec)...)
	case cur.op.GetFile() != nil && prev.op.GetFile() != nil && len(parts) == 0:
		parts = append(parts, pathChanges(cur.op.GetFile(), prev.op.GetFile())...)
	}
	if cur.op.Platform.String() != prev.op.Platform.String() {
		parts = append(parts, "the platform changed")
	}
	if len(parts) == 0 && len(cur.inputs) != len(prev.inputs) { // as when its sources became one
		return "it stands on, or takes files from, other steps than it did"
	}
	if len(parts) == 0 {
		return "its text is the same, but not what BuildKit makes of it"
	}
	return strings.Join(slices.Compact(parts[:min(len(parts), mostNamed)]), "; ")
}

// buildArgs says of each build argument that an instruction names how its value changed.
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

// environment says of each variable of a RUN how its value changed.
func (c *comparison) environment(cur, prev *pb.ExecOp) (parts []string) {
	curVars, prevVars := variables(cur), variables(prev)
	all := maps.Clone(curVars)
	maps.Copy(all, prevVars)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		to, is := curVars[name]
		from, was := prevVars[name]
		switch _, _, given := c.given(name); {
		case is == was && to == from:
		case given:
			parts = append(parts, c.variable(name))
		default:
			parts = append(parts, valueChange(name, displayValue(name, from), displayValue(name, to), was, is))
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

// given returns the values of a build argument. ok says whether they differ.
func (c *comparison) given(name string) (from, to string, ok bool) {
	from, was := c.last.buildArgs[name]
	to, is := c.now.buildArgs[name]
	return from, to, (was || is) && (was != is || from != to)
}

// variable says how a build argument changed.
func (c *comparison) variable(name string) string {
	from, was := c.last.buildArgs[name]
	to, is := c.now.buildArgs[name]
	return valueChange("build arg "+name, displayValue(name, from), displayValue(name, to), was, is)
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

// displayValue is a value for people: quoted and cut. It is empty if the name looks like a secret's,
// or the value is sealed.
func displayValue(name, value string) string {
	const longest = 80
	switch {
	case dockerfile.SecretName(name), strings.HasPrefix(value, sealed):
		return ""
	case len(value) > longest:
		return fmt.Sprintf("%q", strings.ToValidUTF8(value[:longest], "")+"…")
	}
	return fmt.Sprintf("%q", value)
}

// runChanges says what else changed about how a RUN is run.
func runChanges(cur, prev *pb.ExecOp) (parts []string) {
	to, from := cur.GetMeta(), prev.GetMeta()
	if to.GetCwd() != from.GetCwd() {
		parts = append(parts, fmt.Sprintf("the working directory changed from %s to %s", from.GetCwd(), to.GetCwd()))
	}
	if to.GetUser() != from.GetUser() {
		parts = append(parts, fmt.Sprintf("the user changed from %q to %q", from.GetUser(), to.GetUser()))
	}
	if !slices.Equal(to.GetArgs(), from.GetArgs()) {
		parts = append(parts, "the command line changed: the shell, or what is written into it")
	}
	if cur.Network != prev.Network {
		parts = append(parts, "the network mode changed")
	}
	if cur.Security != prev.Security {
		parts = append(parts, "its privileges changed")
	}
	if fmt.Sprint(to.GetExtraHosts()) != fmt.Sprint(from.GetExtraHosts()) {
		parts = append(parts, "the hosts that it can look up changed")
	}
	if fmt.Sprint(to.GetUlimit()) != fmt.Sprint(from.GetUlimit()) || to.GetCgroupParent() != from.GetCgroupParent() {
		parts = append(parts, "its limits changed")
	}
	return parts
}

// pathChanges says which paths of a COPY, an ADD or a WORKDIR changed.
func pathChanges(cur, prev *pb.FileOp) (parts []string) {
	for i := range min(len(cur.Actions), len(prev.Actions)) {
		to, from := cur.Actions[i], prev.Actions[i]
		if x, y := to.GetCopy(), from.GetCopy(); x != nil && y != nil {
			parts = append(parts, pathChange("where it reads", y.Src, x.Src)...)
			parts = append(parts, pathChange("where it writes", y.Dest, x.Dest)...)
		}
		if x, y := to.GetMkdir(), from.GetMkdir(); x != nil && y != nil {
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
