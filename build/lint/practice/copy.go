package practice

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

var (
	tarEnds = []string{".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".tb2", ".xz", ".txz", ".lzma", ".tlz", ".lz", ".Z", ".tZ", ".taZ"}
	remote  = lazyregexp.New(`^([a-zA-Z][a-zA-Z0-9+.-]*://|git@)`)
	drive   = lazyregexp.New(`^[a-zA-Z]:`)
)

func hasEnd(name string, ends []string) bool {
	for _, end := range ends {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// addAsCopy is about an ADD that only copies.
func addAsCopy(t *text) {
	words := t.words("ADD")
	if len(words) < 2 || len(t.FlagsNamed("--checksum")) > 0 {
		return
	}
	for _, w := range words[:len(words)-1] {
		source := t.raw(w)
		if hasEnd(source, tarEnds) || remote.MatchString(source) || strings.HasPrefix(source, "$") {
			return
		}
	}
	t.part(t.Keyword, "COPY does the same here, and nothing else: ADD also unpacks archives and fetches from addresses")
}

// copyIntoFile is about several sources that cannot all be one file.
func copyIntoFile(t *text) {
	words := t.words("COPY")
	if len(words) < 3 {
		return
	}
	last := words[len(words)-1]
	if to := t.raw(last); !strings.HasSuffix(to, "/") && !strings.HasSuffix(to, `\`) && to != "." && to != ".." && !strings.Contains(to, "$") {
		t.part(last.Part, "several files go into a folder, whose name ends with /: %s/", to)
	}
}

// copyNowhere is about a COPY to a place that depends on the WORKDIR of another file, or of none.
func copyNowhere(t *text) {
	words := t.words("COPY")
	if len(words) < 2 {
		return
	}
	last := words[len(words)-1]
	if to := t.raw(last); to != "" && !strings.ContainsAny(to[:1], `/\$`) && !drive.MatchString(to) {
		t.part(last.Part, "nothing here says where %s is: set a WORKDIR before, or name the whole path", to)
	}
}

// An archive is one that a COPY brings, and the names that it may have in the image.
type archive struct {
	at    dockerfile.Part
	names [2]string
}

func (t *text) archives() (list []archive) {
	words := t.words("COPY")
	if len(words) < 2 || len(t.FlagsNamed("--from")) > 0 {
		return nil
	}
	for _, w := range words[:len(words)-1] {
		if source := base(t.raw(w)); hasEnd(source, tarEnds) {
			list = append(list, archive{w.Part, [2]string{strings.Clone(source), strings.Clone(base(t.raw(words[len(words)-1])))}})
		}
	}
	return list
}

// base is the last part of a path of whatever system.
func base(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

// unpacks are the names of what a RUN may have tar unpack.
func (t *text) unpacks() (names []string) {
	commands := t.commands()
	for i := range commands {
		c := &commands[i]
		if c.Name != "tar" && c.Name != "bsdtar" || len(c.Words) < 2 {
			continue
		}
		first := c.Words[1].Text
		if !c.Has("-x", "--extract", "--get") && (!strings.Contains(first, "x") || strings.ContainsAny(first, "-/.")) {
			continue
		}
		for _, w := range c.Words[1:] {
			names = append(names, base(w.Text))
		}
	}
	return names
}

// unpacked is about an archive that is copied, and then unpacked.
func unpacked(s *stage, out *say) {
	type copied struct {
		st *step
		at dockerfile.Part
	}
	known, told := map[string]copied{}, map[copied]bool{}
	for _, st := range s.steps {
		for _, a := range st.archives {
			for _, name := range a.names {
				known[name] = copied{st, a.at}
			}
		}
		for _, name := range st.unpacks {
			if a, ok := known[name]; ok && !told[a] {
				told[a] = true
				out.part(a.st, a.at, "ADD unpacks an archive while it copies it, so that it is not in the image as well")
			}
		}
	}
}
