package fix

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// relativePath is how a path begins that WORKDIR takes as the author means it. Nothing
// expands "~", and what begins with a bracket, a drive or a backslash is no path below
// the working directory.
var relativePath = lazyregexp.New(`^([\pL\pN_@.]$|[\pL\pN_@.][^:])`)

// mendWorkdir makes a path absolute, so that the directory stays the same. The fix is
// preferred only if the directory that the path starts from is known.
func mendWorkdir(m mending) []Fix {
	if strings.HasPrefix(m.Named(0), "[") {
		return m.workdirInJSON()
	}
	text := m.Slice(m.Rest)
	if text == "" || !relativePath.MatchString(m.Named(0)) || strings.Contains(text, `\`) ||
		strings.Contains(text, "$$") || m.src.Escape == '`' { // Windows has no one root
		return nil
	}
	dir, known := m.src.workdir(m.Instruction)
	root := strings.TrimSuffix(dir, "/") + "/"
	if text == m.Named(0) && !m.Commented {
		f := m.replace("Begin the path with "+root, path.Join(dir, text), m.Tokens(m.Rest))
		f.Preferred = known
		return one(f)
	}
	start := m.Rest.Start
	if strings.ContainsRune(`"'`, rune(text[0])) {
		start++
	}
	written := m.Text[start:m.Rest.End]
	if strings.HasPrefix(written, "$") && dir != "/" {
		return nil // the variable may hold an absolute path in another build
	}
	cut := dockerfile.Part{Start: start, End: start}
	switch {
	case strings.Trim(written, `"'`) == ".":
		cut.End++
	case strings.HasPrefix(written, "./"):
		cut.End += len("./")
	}
	f := m.replace("Begin the path with "+root, root, []dockerfile.Token{m.Token(cut)})
	// With a variable, or if it is not as short as can be, it is the same directory by another step.
	f.Preferred = known && !strings.Contains(written, "$") && path.Clean(m.Named(0)) == strings.TrimPrefix(m.Named(0), "./")
	return one(f)
}

// workdirInJSON takes the path out of an array: WORKDIR has no JSON form. It is not
// preferred, because the build gets another directory.
func (m mending) workdirInJSON() []Fix {
	_, list, ok := nearlyJSON(m.Slice(m.Rest))
	if !ok || m.Commented || len(list) != 1 {
		return nil
	}
	text := list[0]
	if !strings.HasPrefix(text, "/") || strings.TrimSpace(text) != text || strings.ContainsAny(text, "\"'\\`\n\r") {
		return nil
	}
	f := m.replace("Write the path without brackets and quotes", text, m.Tokens(m.Rest))
	f.Preferred = false
	return one(f)
}

// workdir is the directory that a relative WORKDIR starts from, which is the first of its
// stage and of those below it; "/" and false if that is not known.
func (s *source) workdir(st *dockerfile.Instruction) (dir string, known bool) {
	base := s.baseOf(st)
	if !st.Onbuild.Empty() || base == "scratch" {
		return "/", st.Onbuild.Empty()
	}
	var image ocispecs.Image
	if json.Unmarshal(s.Images.Config(base), &image) != nil || image.OS == "windows" {
		return "/", false
	}
	return "/" + strings.Trim(image.Config.WorkingDir, "/"), true
}

// BaseOf is the image that the stage of an instruction stands on in the end, as it is written; empty
// if it is in none.
func BaseOf(st *dockerfile.Instruction) string { return (&source{File: st.File}).baseOf(st) }

// baseOf is the image that the stage of an instruction stands on in the end, as it is
// written.
func (s *source) baseOf(st *dockerfile.Instruction) string {
	base := ""
	stages := map[string]string{} // what they stand on
	for _, from := range s.Instructions() {
		if from.First >= st.First {
			break
		}
		if from.Name() != "FROM" || len(from.Args) == 0 {
			continue
		}
		base = from.Unquoted(from.Args[0])
		if below, ok := stages[base]; ok {
			base = below
		}
		if len(from.Args) == 3 {
			stages[strings.ToLower(from.Slice(from.Args[2]))] = base
		}
	}
	return base
}
