package workspace

import (
	"bytes"
	"path"
	"path/filepath"
	"strings"
)

// EngineIgnore is an ignore file as engines are sent it, who read it on Linux. There "\" at the
// end of a pattern is an error, and on Windows a separator, as anywhere in a pattern. What an
// engine takes is sent as it is, so that it builds what docker build does.
func EngineIgnore(data []byte) []byte {
	if filepath.Separator == '/' {
		return data
	}
	return engineIgnore(data)
}

func engineIgnore(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		if _, err := path.Match(strings.TrimSpace(string(line)), "."); err != nil {
			line = bytes.ReplaceAll(line, []byte(`\`), []byte("/"))
		}
		out = append(out, line...)
	}
	return out
}
