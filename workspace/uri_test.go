package workspace

import "testing"

func TestURIPath(t *testing.T) {
	for _, c := range []struct{ goos, uri, path string }{ // path "": not ok
		{"linux", "file:///home/me/Dockerfile", "/home/me/Dockerfile"},
		{"linux", "file:///a%20b/c%25d%2Be%23f%3Fg", "/a b/c%d+e#f?g"},
		{"linux", "file:///a b/c+d#e?f", "/a b/c+d#e?f"}, // a client that escapes nothing
		{"linux", "file:///100%/x%zz%4", "/100%/x%zz%4"}, // "%" that is no escape
		{"linux", "file:///%C3%A4/%F0%9F%90%B3", "/ä/🐳"},
		{"linux", "file:///ä/🐳", "/ä/🐳"},
		{"linux", "file:///%ff", "/\xff"},
		{"linux", "file://localhost/x", "/x"},
		{"linux", "file:/x", "/x"},
		{"linux", "FILE:///x", "/x"},
		{"linux", "file:///x/../y/./z/", "/y/z"},
		{"linux", "file:///", "/"},
		{"linux", "file:///c%3A/x", "/c:/x"},
		{"linux", `file:///a%5Cb`, `/a\b`},
		{"linux", "file://", ""},
		{"linux", "file:", ""},
		{"linux", "file:x", ""},
		{"linux", "file://server/share", ""},
		{"linux", "file:///a%00b", ""},
		{"linux", "untitled:Untitled-1", ""},
		{"linux", "vscode-notebook-cell:/x", ""},
		{"linux", "", ""},
		{"linux", "/plain/path", ""},

		{"windows", "file:///c%3A/x%20y/Dockerfile", `C:\x y\Dockerfile`},
		{"windows", "file:///C:/x", `C:\x`},
		{"windows", "file:///c:/x", `C:\x`},
		{"windows", "file:///c:", `C:\`},
		{"windows", "file:///C%3A/", `C:\`},
		{"windows", "file://c:/x", `C:\x`},
		{"windows", `file:///c:\x\y`, `C:\x\y`},
		{"windows", "file://server/share/x", `\\server\share\x`},
		{"windows", "file://Server/share/", `\\server\share`},
		{"windows", "file://wsl.localhost/Ubuntu/home/me", `\\wsl.localhost\Ubuntu\home\me`},
		{"windows", "file://localhost/c:/x", `C:\x`},
		{"windows", "file://server/", ""},
		{"windows", "file:///x/y", ""},
		{"windows", "file:///", ""},
		{"windows", "file:///c:x", ""},
		{"windows", "file://", ""},
		{"windows", "untitled:Untitled-1", ""},
	} {
		got, ok := URI(c.uri).path(c.goos)
		if got != c.path || ok != (c.path != "") {
			t.Errorf("%s: path of %q = %q, %v, want %q", c.goos, c.uri, got, ok, c.path)
		}
	}
}

func TestFileURI(t *testing.T) {
	for _, c := range []struct{ goos, path, uri string }{
		{"linux", "/home/me/Dockerfile", "file:///home/me/Dockerfile"},
		{"linux", "/a b/100%/c+d#e?f", "file:///a%20b/100%25/c%2Bd%23e%3Ff"},
		{"linux", "/ä/🐳", "file:///%C3%A4/%F0%9F%90%B3"},
		{"linux", "/\xff", "file:///%FF"},
		{"linux", `/a\b`, `file:///a%5Cb`},
		{"linux", "/", "file:///"},
		{"windows", `C:\x y\Dockerfile`, "file:///C:/x%20y/Dockerfile"},
		{"windows", `c:\`, "file:///C:/"},
		{"windows", `\\server\share\x y`, "file://server/share/x%20y"},
	} {
		got := fileURI(c.path, c.goos)
		if got != URI(c.uri) {
			t.Errorf("%s: URI of %q = %q, want %q", c.goos, c.path, got, c.uri)
		}
		if got.key(c.goos) != got {
			t.Errorf("%s: %q is not its own key, but %q", c.goos, got, got.key(c.goos))
		}
		if back, ok := got.path(c.goos); !ok || c.path != `c:\` && back != c.path {
			t.Errorf("%s: %q comes back as %q", c.goos, c.path, back)
		}
	}
}

func TestURIKey(t *testing.T) {
	for _, c := range []struct {
		goos      string
		spellings []URI
	}{
		{"windows", []URI{"file:///c%3A/x", "file:///C:/x", "file:///c:/x", "file:///C%3a/x", "file:///c:/./x/"}},
		{"windows", []URI{"file://Server/s/x", "file://server/s/x"}},
		{"linux", []URI{"file:///a b", "file:///a%20b", "file://localhost/a%20b", "file:/a b"}},
		{"linux", []URI{"file:///c%3A/x", "file:///c:/x", "file:///c%3a/x"}},
		{"linux", []URI{"file:///a+b%40", "file:///a%2Bb@"}},
	} {
		for _, u := range c.spellings {
			if got, want := u.key(c.goos), c.spellings[0].key(c.goos); got != want {
				t.Errorf("%s: key of %q is %q, that of %q is %q", c.goos, u, got, c.spellings[0], want)
			}
		}
	}
	for _, u := range []URI{"file://", "untitled:Untitled-1", "git:/x%20y?ref", "", "file://host/x"} {
		if got := u.key("linux"); got != u {
			t.Errorf("key of %q is %q", u, got)
		}
	}
	if a, b := URI("file:///a").Key(), URI("file:///b").Key(); a == b {
		t.Error("two files have one key")
	}
}
