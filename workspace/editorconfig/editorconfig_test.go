package editorconfig

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// wish is what some files want of /a/b/Dockerfile.
func wish(t *testing.T, files map[string]string) (Wishes, error) {
	t.Helper()
	root, err := filepath.Abs(string(filepath.Separator))
	if err != nil {
		t.Fatal(err)
	}
	return Of(filepath.Join(root, "a", "b", "Dockerfile"), func(path string) ([]byte, error) {
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		text, ok := files["/"+filepath.ToSlash(rel)]
		switch {
		case text == "!":
			return nil, fs.ErrPermission
		case !ok:
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	})
}

func TestOf(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		files map[string]string
		want  Wishes
	}{
		"none":       {nil, Wishes{}},
		"nearest":    {map[string]string{"/.editorconfig": "[*]\nindent_size=8\nend_of_line=crlf\n", "/a/b/.editorconfig": "[Dockerfile]\nindent_size = 2\nindent_style = space\n"}, Wishes{Style: "space", Width: 2, LineBreak: "\r\n"}},
		"root":       {map[string]string{"/.editorconfig": "[*]\nend_of_line=crlf\n", "/a/.editorconfig": "root=true\n[*]\nindent_style=tab\n"}, Wishes{Style: "tab"}},
		"last wins":  {map[string]string{"/a/.editorconfig": "[*]\ninsert_final_newline=true\n[b/{Dockerfile,x}]\ninsert_final_newline=false\ntrim_trailing_whitespace=true\n"}, Wishes{FinalNewline: &no, Trim: &yes}},
		"not about":  {map[string]string{"/a/.editorconfig": "[*.go]\nindent_style=tab\n[x/**]\nindent_size=3\n"}, Wishes{}},
		"mark":       {map[string]string{"/.editorconfig": "\ufeffroot=true\n[*]\nindent_size=3"}, Wishes{Width: 3}},
		"not known":  {map[string]string{"/.editorconfig": "[*]\nindent_style=unset\nindent_size=many\nend_of_line=cr\n"}, Wishes{}},
		"too wide":   {map[string]string{"/.editorconfig": "[{1..999999999}]\nindent_size=3\n[{-9223372036854775808..9223372036854775807}]\nindent_size=3\n[*]\nindent_size=999\n"}, Wishes{Width: maxWidth}},
		"no pattern": {map[string]string{"/.editorconfig": "[{9..1}]\nindent_size=3\n[a[/]]\nindent_size=3\n[[[:x:]]]\nindent_size=5"}, Wishes{}},
	} {
		got, err := wish(t, c.files)
		same := got.Style == c.want.Style && got.Width == c.want.Width && got.LineBreak == c.want.LineBreak
		if err != nil || !same || !equal(got.FinalNewline, c.want.FinalNewline) || !equal(got.Trim, c.want.Trim) {
			t.Errorf("%s: %+v, want %+v: %v", name, got, c.want, err)
		}
	}
}

func equal(a, b *bool) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// What cannot be read is said, and does not keep the others from counting.
func TestUnreadable(t *testing.T) {
	got, err := wish(t, map[string]string{"/a/b/.editorconfig": "!", "/a/.editorconfig": strings.Repeat("#\n", MaxBytes), "/.editorconfig": "[*]\nindent_size=3\n"})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "larger than 64 KiB") || got.Width != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestIndent(t *testing.T) {
	for _, c := range []struct {
		w               Wishes
		otherwise, want string
	}{
		{Wishes{}, "\t", "\t"}, {Wishes{Style: "tab", Width: 4}, "  ", "\t"}, {Wishes{Width: 2}, "    ", "  "},
		{Wishes{Width: 2}, "\t", "\t"}, {Wishes{Style: "space"}, "\t", "    "}, {Wishes{Style: "space"}, "  ", "  "}, {Wishes{Style: "space", Width: 1}, "\t", " "},
	} {
		if got := c.w.Indent(c.otherwise); got != c.want {
			t.Errorf("%+v: %q, want %q", c.w, got, c.want)
		}
	}
}

// Whatever is in the file, it is read in the end.
func FuzzOf(f *testing.F) {
	f.Add("[*]\nindent_size=2\n")
	f.Add("[{a,b}{1..9}[x-y]]\nend_of_line=lf\n")
	f.Fuzz(func(t *testing.T, text string) {
		wish(t, map[string]string{"/a/.editorconfig": text})
	})
}
