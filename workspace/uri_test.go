package workspace

import (
	"strings"
	"testing"
)

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
		{"windows", "file:////server/share/x", `\\server\share\x`},
		{"windows", "file://///server/share/x", `\\server\share\x`},
		{"windows", `file://\\server\share\x/y`, `\\server\share\x\y`},
		{"windows", `file://C:\x`, `C:\x`},
		{"windows", "file:////c:/x", `C:\x`},
		{"windows", "file://%3F/C:/x", `C:\x`},
		{"windows", "file:////?/c%3A/x", `C:\x`},
		{"windows", `file:///\\?\C:\x`, `C:\x`},
		{"windows", "file://?/UNC/Server/share/x", `\\server\share\x`},
		{"windows", `file:///\\?\UNC\server\share\x`, `\\server\share\x`},
		{"windows", "file:////./C:/x", `C:\x`},
		{"windows", "file:////./pipe/docker_engine", ""},
		{"windows", "file://wsl%24/docker-desktop/tmp/Dockerfile", `\\wsl$\docker-desktop\tmp\Dockerfile`},
		{"windows", "file://wsl$/docker-desktop/tmp/Dockerfile", `\\wsl$\docker-desktop\tmp\Dockerfile`},
		{"windows", "file://server/", ""},
		{"windows", "file:////server", ""},
		{"windows", "file://?/UNC/server", ""},
		{"windows", "file://///", ""},
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

func TestElsewhere(t *testing.T) {
	for goos, want := range map[string]map[URI]bool{
		"linux": {"file://wsl%24/u/x": true, "file://wsl$/u/x": true, "file://server/share/x": true, "vscode-remote://wsl%2Bubuntu/x": true, "vscode-vfs://github/a/b": true,
			"file:///x": false, "file://localhost/x": false, "file://": false, "file:///": false, "untitled:Untitled-1": false, "git:/x?ref": false, "vscode-notebook-cell:/x": false, "": false},
		"windows": {"file://wsl%24/u/x": false, "file://server/share/x": false, "vscode-remote://wsl%2Bubuntu/x": true, "file:///c%3A/x": false, "untitled:x": false},
	} {
		for u, want := range want {
			if got := u.elsewhere(goos); got != want {
				t.Errorf("%s: %q is elsewhere: %v", goos, u, got)
			}
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
		{"windows", `\\?\C:\x`, "file:///C:/x"},
		{"windows", `\\?\UNC\server\share\x`, "file://server/share/x"},
		{"windows", `\\wsl$\Ubuntu\x`, "file://wsl%24/Ubuntu/x"},
	} {
		got := fileURI(c.path, c.goos)
		if got != URI(c.uri) {
			t.Errorf("%s: URI of %q = %q, want %q", c.goos, c.path, got, c.uri)
		}
		if key := got.key(c.goos); c.goos == "linux" && key != got || key.key(c.goos) != key {
			t.Errorf("%s: the key of %q is %q, and of that %q", c.goos, got, key, key.key(c.goos))
		}
		if back, ok := got.path(c.goos); !ok || c.path != `c:\` && !strings.HasPrefix(c.path, `\\?`) && back != c.path {
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
		{"windows", []URI{"file:///c%3A/Proj/Dockerfile", "file:///C:/proj/dockerfile", "file://c:/PROJ/DOCKERFILE", "file:////?/C:/proj/Dockerfile", "FILE:///c:/proj/DockerFile"}},
		{"windows", []URI{"file:///c:/%C3%84/%CF%83", "file:///c:/%C3%A4/%CF%82", "file:///C:/ä/Σ"}},
		{"windows", []URI{"file://Server/s/x", "file://server/s/x", "file:////SERVER/S/X", "file://///server/s/x", "file://%3F/UNC/server/s/x"}},
		{"windows", []URI{"file://wsl%24/Ubuntu/x", "file://wsl$/ubuntu/x", "file://wsl.localhost/Ubuntu/x", "file://WSL.LocalHost/ubuntu/X", "file:////wsl$/Ubuntu/x"}},
		{"linux", []URI{"file://wsl%24/Ubuntu/x", "file://wsl$/Ubuntu/x", "file://wsl.localhost/Ubuntu/x", "file://WSL$/Ubuntu/./x"}},
		{"linux", []URI{"vscode-remote://wsl%2Bubuntu/home/me/x", "vscode-remote://wsl+ubuntu/home/me/x", "VSCODE-remote://wsl%2bubuntu/home/me/x"}},
		{"linux", []URI{"untitled:Untitled-1", "untitled:Untitled%2D1"}},
		{"linux", []URI{"file:///a b", "file:///a%20b", "file://localhost/a%20b", "file:/a b"}},
		{"linux", []URI{"file:///c%3A/x", "file:///c:/x", "file:///c%3a/x"}},
		{"linux", []URI{"file:///a+b%40", "file:///a%2Bb@"}},
		{"linux", []URI{"file:///a/b-c_d~1.x", "file:///a//b-c_d~1.x", "file:///a/b-c_d~1.x/", "file:///a/./b-c_d~1.x", "file:///a/n/../b-c_d~1.x", "file:///a/%62-c_d~1.x", "file:/a/b-c_d~1.x"}},
		{"linux", []URI{"file:///a/.b", "file:///a/%2Eb", "file:///a/.b/"}},
		{"linux", []URI{"file:///", "file:////", "file:///."}},
	} {
		for _, u := range c.spellings {
			if got, want := u.key(c.goos), c.spellings[0].key(c.goos); got != want {
				t.Errorf("%s: key of %q is %q, that of %q is %q", c.goos, u, got, c.spellings[0], want)
			}
		}
	}
	for _, u := range []URI{"file://", "untitled:Untitled-1", "git:/x%20y", "", "file://host/x"} {
		if got := u.key("linux"); got != u {
			t.Errorf("key of %q is %q", u, got)
		}
	}
	for _, c := range []struct {
		goos string
		a, b URI
	}{
		{"linux", "file:///a", "file:///b"}, {"linux", "file:///a", "file:///A"}, {"linux", "file://wsl$/u/a", "file://wsl$/u/A"},
		{"linux", "file://", "file:///"}, {"windows", "file:///c:/a", "file:///d:/a"}, {"windows", "file://server/s/a", "file://wsl$/s/a"},
		{"windows", "file:///c:/i", "file:///c:/%C4%B1"}, // a dotless i is a letter of its own
	} {
		if a, b := c.a.key(c.goos), c.b.key(c.goos); a == b {
			t.Errorf("%s: %s and %s have one key, %s", c.goos, c.a, c.b, a)
		}
	}
}
