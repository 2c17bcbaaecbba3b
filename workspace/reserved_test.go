package workspace

import (
	"strings"
	"testing"
)

func TestCheckPath(t *testing.T) {
	for _, c := range []struct{ path, want string }{ // want "": it may be a file
		{`C:\proj\Dockerfile`, ""}, {`c:/proj/Dockerfile.web`, ""}, {`C:\`, ""}, {`\\server\share\x`, ""}, {`\\wsl$\Ubuntu\home\me`, ""},
		{`\\?\C:\proj\Dockerfile`, ""}, {`\\?\UNC\server\share\x`, ""}, {`C:\.git\..foo`, ""}, {`C:\console\nul-1\COM\COM10\com0\LPTX\auxiliary.txt`, ""},
		{`C:\` + strings.Repeat(`a\`, 500) + "Dockerfile", ""},
		{`C:\NUL`, `named "NUL"`}, {`C:\proj\nul.txt`, `named "nul.txt"`}, {`C:\CON\Dockerfile`, `named "CON"`}, {`C:\aux.tar.gz`, "device"}, {`C:\COM1`, "device"},
		{`C:\lpt9.x`, "device"}, {`C:\COM¹`, "device"}, {`C:\NUL .txt`, "device"}, {`C:\conin$`, "device"}, {`\\server\share\prn`, "device"}, {`\\?\C:\nul`, "device"},
		{`C:\out.`, "drops"}, {`C:\out `, "drops"}, {`C:\dir. \x`, "drops"}, {`C:\...`, "drops"},
		{`C:\a:b`, "':' may not"}, {`C:\a|b`, "'|' may not"}, {`C:\what?`, "'?' may not"}, {"C:\\a\tb", "control"},
		{`\\.\pipe\docker_engine`, "device"}, {`\\?\GLOBALROOT\x`, "device"}, {`//./PhysicalDrive0`, "device"},
	} {
		got := checkPath(c.path, "windows")
		if c.want == "" && got != nil || c.want != "" && (got == nil || !strings.Contains(got.Error(), c.want) || !strings.Contains(got.Error(), c.path)) {
			t.Errorf("%s: %v, want %q", c.path, got, c.want)
		}
		if got := checkPath(c.path, "linux"); got != nil {
			t.Errorf("%s, elsewhere: %v", c.path, got)
		}
	}
}
