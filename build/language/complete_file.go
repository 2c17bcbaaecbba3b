package language

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// copy completes what a COPY or ADD takes, and where it puts that.
func (c *completion) copy(args []string) {
	word := strings.TrimLeft(c.word, `["`)
	if len(args) > 0 {
		for _, dir := range c.workdirs() {
			dir = strings.TrimSuffix(dir, "/") + "/"
			c.add(word, Item{Kind: ItemDirectory, Label: dir, Detail: "WORKDIR"})
		}
		c.directories(word)
	}
	from := c.st.FlagsNamed("--from")
	if len(from) == 0 {
		if len(args) == 0 || !strings.HasPrefix(word, "/") { // else it is where they are put
			c.paths(word)
		}
		return
	}
	_, name, _ := c.st.Cut(from[0], "=")
	c.stagePaths(c.st.Slice(name), word)
}

// stagePaths completes a path of a stage, a directory at a time.
func (c *completion) stagePaths(stage, typed string) {
	if ref, ok := c.stageNamed(stage); ok && c.given.StageFiles != nil {
		dir, name := path.Split(typed)
		c.list(name, c.given.StageFiles(ref, strings.Trim(dir, "/")))
	}
}

// directories completes the absolute path of a directory of the stage that the place is in.
func (c *completion) directories(typed string) {
	if c.given.StageFiles == nil || !strings.HasPrefix(typed, "/") {
		return
	}
	dir, name := path.Split(typed)
	files := slices.Clone(c.given.StageFiles(c.here(), strings.Trim(dir, "/")))
	c.list(name, slices.DeleteFunc(files, func(f File) bool { return !f.Directory }))
}

// fromsAbove are the FROMs of stages that begin before the place, in order. The last is that of the
// stage that the place is in.
func (c *completion) fromsAbove() (froms []*dockerfile.Instruction) {
	for _, st := range c.file.Instructions() {
		if beginsStage(st) && partOf(st, st.Keyword).Start <= c.offset {
			froms = append(froms, st)
		}
	}
	return froms
}

// refTo is the stage that the n-th FROM begins.
func refTo(froms []*dockerfile.Instruction, n int) StageRef {
	at, _ := froms[n].StageName()
	return StageRef{n, froms[n].Slice(at)}
}

// here is the stage that the place is in; the first if it is in none.
func (c *completion) here() (here StageRef) {
	if above := c.fromsAbove(); len(above) > 0 {
		here = refTo(above, len(above)-1)
	}
	return here
}

// stageNamed is the stage that --from means at the place.
func (c *completion) stageNamed(name string) (StageRef, bool) {
	above := c.fromsAbove()
	for i := len(above) - 2; i >= 0; i-- {
		if ref := refTo(above, i); strings.EqualFold(ref.Name, name) {
			return ref, true
		}
	}
	if n, err := strconv.Atoi(name); err == nil && 0 <= n && n < len(above)-1 {
		return refTo(above, n), true
	}
	return StageRef{}, false
}

// paths completes a path of the context, a directory at a time.
func (c *completion) paths(typed string) {
	if c.given.Files == nil || strings.Contains(typed, "$") || strings.Contains(typed, "://") {
		return
	}
	dir, name := path.Split(typed)
	c.list(name, c.given.Files(strings.Trim(strings.TrimPrefix(dir, "./"), "/"), name))
}

// list completes the name of a file, but for one that would be something else where it is written.
func (c *completion) list(name string, files []File) {
	array := c.st != nil && strings.HasPrefix(strings.TrimLeft(c.st.Slice(c.st.Rest), " \t"), "[")
	for _, f := range files {
		item := Item{Kind: ItemFile, Label: f.Name}
		if f.Directory {
			item = Item{Kind: ItemDirectory, Label: f.Name + "/"}
		}
		plain := plainFile.MatchString(f.Name)
		switch {
		case c.st == nil:
			if !plainIgnored.MatchString(f.Name) {
				continue
			}
		case array && !strings.ContainsAny(f.Name, `"\$*?[`) && spacedFile.MatchString(f.Name):
			if !strings.HasPrefix(c.word, `"`) && !strings.HasPrefix(c.word, `["`) { // its quotes are to be typed
				if item.Text = `"` + item.Label; !f.Directory {
					item.Text += `"`
				}
			}
		case array || !plain:
			continue
		}
		c.add(name, item)
	}
}

var (
	// plainFile is a name that COPY, ADD and mounts take as it is, and spacedFile one with blanks.
	plainFile  = lazyregexp.New(`^[^\s"'\\$*?\[<,#-][^\s"'\\$*?\[,]*$`)
	spacedFile = lazyregexp.New(`^[^\x00-\x1f]+$`)
	// plainIgnored is a name that is a pattern of itself alone (moby/patternmatcher).
	plainIgnored = lazyregexp.New(`^[^\s!#*?\[\\]([^\x00-\x1f*?\[\\]*[^\s*?\[\\])?$`)
)
