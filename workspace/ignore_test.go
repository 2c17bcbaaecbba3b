package workspace

import "testing"

func TestEngineIgnore(t *testing.T) {
	const on = "bin\\\r\n\\obj\n!out\\x\\ \nsrc\\*.log\n[a\n"
	equal(t, "on Windows", string(engineIgnore([]byte(on))), "bin/\r\n\\obj\n!out/x/ \nsrc\\*.log\n[a\n")
}
