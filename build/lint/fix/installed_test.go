package fix

import (
	"fmt"
	"strings"
	"testing"
)

// TestReadInstalled: the lines are those that the managers print.
func TestReadInstalled(t *testing.T) {
	for _, c := range []struct{ output, want string }{
		{"Unpacking curl (7.88.1-10+deb12u8) ...\r\nSetting up libc6:amd64 (2.36-9+deb12u9) ...\r\nSetting up curl (7.88.1-10+deb12u8) ...\r\nSetting up tz (1:2) ...\r\n", "apt libc6 2.36-9+deb12u9, apt curl 7.88.1-10+deb12u8, apt tz 1:2"},
		{"fetch https://x/APKINDEX.tar.gz\n(1/5) Installing ca-certificates (20240705-r0)\n( 2/15) Upgrading musl (1.2.4-r0 -> 1.2.5-r0)\nOK: 12 MiB in 20 packages\n", "apk ca-certificates 20240705-r0, apk musl 1.2.5-r0"},
		{"\x1b[32mSuccessfully installed Flask-3.0.3 MarkupSafe-2.1.5 typing-extensions-4.12.2\x1b[0m\n", "pip Flask 3.0.3, pip MarkupSafe 2.1.5, pip typing-extensions 4.12.2"},
		{"Installed 2 packages in 3ms\n + click==8.1.7\n + flask==3.0.3\n", "pip click 8.1.7, pip flask 3.0.3"},
		{"  installed package black 24.2.0, installed using Python 3.12.1\n", "pip black 24.2.0"},
		{"+ @angular/cli@17.1.0\n+ npm@10.2.4\nadded 2 packages in 3s\n", "npm @angular/cli 17.1.0, npm npm 10.2.4"},
		{"Fetching rake-13.1.0.gem\nSuccessfully installed rake-13.1.0\n1 gem installed\n", "pip rake 13.1.0, gem rake 13.1.0"},
		{"  Installing       : curl-7.76.1-26.el9.x86_64   1/5\n\nInstalled:\n  curl-7.76.1-26.el9.x86_64    vim-2:8.2-20.el9.noarch   \n  zip-3.0-35.el9.x86_64\n\nComplete!\n", "rpm curl 7.76.1-26.el9, rpm vim 8.2-20.el9, rpm zip 3.0-35.el9"},
		{"Installed:\n  curl.x86_64 0:7.29.0-59.el7      vim-common.x86_64 2:7.4-1\n\nDependency Installed:\n  x.noarch 0:1-2\n", "rpm curl 7.29.0-59.el7, rpm vim-common 7.4-1, rpm x 1-2"},
		{"[ 3/10] Installing curl-0:8.6.0-8.fc40.x86_64  100% | 1 MiB/s\n", "rpm curl 8.6.0-8.fc40"},
		{"Installing: curl;7.61.1-34.el8;x86_64;ubi-8-baseos\n", "rpm curl 7.61.1-34.el8"},
		{"(1/5) Installing: curl-8.0.1-150400.5.x86_64 [...done]\n", "rpm curl 8.0.1-150400.5"},
		{"go: downloading golang.org/x/tools v0.20.0\n", "go golang.org/x/tools v0.20.0"},
		{"Setting up nothing\n(x) Installing\nSuccessfully installed\nInstalled:\nx\n  y-1-2.x86_64\n", ""},
	} {
		var list []string
		for _, p := range ReadInstalled(c.output) {
			list = append(list, fmt.Sprintf("%s %s %s", p.Manager, p.Name, p.Version))
		}
		if got := strings.Join(list, ", "); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.output, got, c.want)
		}
	}
	if n := len(ReadInstalled(strings.Repeat("+ a@1\n", 2*maxPackages))); n != maxPackages {
		t.Error(n)
	}
}

func FuzzReadInstalled(f *testing.F) {
	f.Add("Setting up a (1) ...\nSuccessfully installed a-1\nInstalled:\n  a-1-1.noarch\n")
	f.Fuzz(func(t *testing.T, output string) {
		for _, p := range ReadInstalled(output) {
			if p.Name == "" || p.Version == "" || !strings.Contains(output, p.Name) {
				t.Errorf("%q: %+v", output, p)
			}
		}
	})
}
