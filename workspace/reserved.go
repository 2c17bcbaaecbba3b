package workspace

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// CheckPath says why no file can have an absolute path, where the system would take it for
// something else without a word: on Windows there are names of devices, and characters that it
// drops or that name no file (Microsoft's "Naming Files, Paths, and Namespaces").
func CheckPath(path string) error { return checkPath(path, runtime.GOOS) }

func checkPath(path, goos string) error {
	if goos != "windows" {
		return nil
	}
	rest := strings.ReplaceAll(path, "/", `\`)
	if plain, ok := windowsPath("", path); ok {
		rest = plain
	} else if strings.HasPrefix(rest, `\\.\`) || strings.HasPrefix(rest, `\\?\`) {
		return fmt.Errorf("%s is a device of Windows, no file", path)
	}
	if len(rest) > 1 && isDrive(rest[:2]) {
		rest = rest[2:]
	}
	for name := range strings.SplitSeq(rest, `\`) {
		if why := wrongName(name); why != "" {
			return fmt.Errorf("%s: Windows has no file named %q: %s; choose another name", path, name, why)
		}
	}
	return nil
}

// wrongName says why Windows has no file of a name; empty if it may have.
func wrongName(name string) string {
	base, _, _ := strings.Cut(name, ".")
	if isDevice(strings.ToUpper(strings.TrimRight(base, " "))) {
		return "the name is a device's, whatever stands behind a dot"
	}
	if i := strings.IndexAny(name, `<>:"|?*`); i >= 0 {
		return fmt.Sprintf("%q may not be in a name", name[i])
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return "control characters may not be in a name"
	}
	if strings.TrimRight(name, ". ") != name {
		return "it drops dots and blanks at the end"
	}
	return ""
}

func isDevice(name string) bool {
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, name) {
		return true
	}
	digit, ok := strings.CutPrefix(name, "COM")
	if !ok {
		digit, ok = strings.CutPrefix(name, "LPT")
	}
	return ok && slices.Contains([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"}, digit)
}
