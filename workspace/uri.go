package workspace

// The one place where URIs become paths and paths URIs. Every client spells
// them in its own way: VS Code writes file:///c%3A/x where Neovim writes
// file:///C:/x; some escape "+", some don't; Neovim calls all its unnamed
// buffers "file://". Nothing else in the program looks inside a URI.
//
// The rules of Windows are functions of an operating system's name, not of the
// machine, so that they are tested everywhere.

import (
	"path"
	"runtime"
	"strings"
	"unicode"
)

// URI names a document, as its client spells it. To compare two, compare their
// Key.
type URI string

// Path is the absolute path of the file that u names. ok is false for other
// schemes, for "file://" alone, and for a file on another host, which only
// Windows can reach.
func (u URI) Path() (path string, ok bool) { return u.path(runtime.GOOS) }

// Key is the same for all spellings of one document: they may differ in what is
// escaped, and on Windows in case. It is made to be compared, not to be shown.
func (u URI) Key() URI { return u.key(runtime.GOOS) }

// Elsewhere says whether u names what another machine has: it has an authority, and no path here.
func (u URI) Elsewhere() bool { return u.elsewhere(runtime.GOOS) }

func (u URI) elsewhere(goos string) bool {
	_, here := u.path(goos)
	_, rest, _ := strings.Cut(string(u), ":")
	authority, is := strings.CutPrefix(rest, "//")
	return is && !here && authority != "" && authority[0] != '/'
}

// FileURI is the URI of an absolute path, with everything escaped that any
// client escapes.
func FileURI(path string) URI { return fileURI(path, runtime.GOOS) }

func (u URI) key(goos string) URI {
	if goos != "windows" && u.canonical() {
		return u
	}
	if p, ok := u.path(goos); ok {
		return fileURI(foldPath(p, goos), goos)
	}
	if host, p, ok := u.split(); ok && host != "" {
		return URI("file://" + escape(wslHost(strings.ToLower(host))+path.Clean(p)))
	}
	scheme, rest, ok := strings.Cut(string(u), ":")
	if !ok {
		return u
	}
	return URI(strings.ToLower(scheme) + ":" + escape(unescape(rest)))
}

// canonical says of a file's URI, as most clients spell it, that it has nothing to escape, to unescape or
// to clean. Keys are asked for all the time.
func (u URI) canonical() bool {
	path, ok := strings.CutPrefix(string(u), "file://")
	for i := range len(path) {
		slash := path[i] == '/'
		if !slash && !isUnreserved(path[i]) || slash && (i+1 == len(path) || path[i+1] == '/' || path[i+1] == '.') {
			return false
		}
	}
	return ok && path != "" && path[0] == '/'
}

// foldPath is the same for all paths that Windows takes for one: it does not look at case, and
// knows the files of a WSL distribution by two hosts. Elsewhere a path is itself.
func foldPath(p, goos string) string {
	if goos != "windows" {
		return p
	}
	return strings.Map(foldRune, wslPath(p))
}

// wslPath names a file of a WSL distribution by one of its two hosts.
func wslPath(p string) string {
	unc, ok := strings.CutPrefix(p, `\\`)
	if !ok {
		return p
	}
	host, rest, _ := strings.Cut(unc, `\`)
	return `\\` + wslHost(strings.ToLower(host)) + `\` + rest
}

// wslHost is one name of the two that a host of WSL's files has.
func wslHost(host string) string {
	if host == "wsl.localhost" {
		return "wsl$"
	}
	return host
}

// foldRune is the first of the runes that differ in case alone (Unicode's simple folding, which
// NTFS's own table is near to).
func foldRune(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}

func (u URI) path(goos string) (string, bool) {
	host, p, ok := u.split()
	if !ok || strings.ContainsRune(p, 0) {
		return "", false
	}
	if goos == "windows" {
		return windowsPath(host, p)
	}
	if host != "" || !strings.HasPrefix(p, "/") {
		return "", false
	}
	return path.Clean(p), true
}

// split takes a file URI apart, unescaped; the local host is "". "?" and "#"
// belong to the path: a file has no query, and not all clients escape them.
func (u URI) split() (host, path string, ok bool) {
	const scheme = "file:"
	if len(u) < len(scheme) || !strings.EqualFold(string(u[:len(scheme)]), scheme) {
		return "", "", false
	}
	rest := string(u[len(scheme):])
	if after, found := strings.CutPrefix(rest, "//"); found {
		slash := strings.IndexAny(after, `/\`)
		if slash < 0 {
			return "", "", false
		}
		host, rest = unescape(after[:slash]), after[slash:]
	}
	if strings.EqualFold(host, "localhost") {
		host = ""
	}
	return host, unescape(rest), true
}

// windowsPath makes C:\x of /c:/x, and \\host\share\x of a host and /share/x. Some clients write
// the host as the beginning of the path, some the prefix of a path that Windows does not look
// into: \\?\C:\x and \\?\UNC\host\share\x.
func windowsPath(host, p string) (string, bool) {
	p = strings.ReplaceAll(p, `\`, "/")
	if name := strings.TrimLeft(p, "/"); host == "" && len(p)-len(name) > 1 {
		host, p, _ = strings.Cut(name, "/")
		p = "/" + p
	}
	if host == "?" || host == "." {
		if host, p, _ = strings.Cut(strings.TrimLeft(p, "/"), "/"); strings.EqualFold(host, "UNC") {
			host, p, _ = strings.Cut(p, "/")
		} else if !isDrive(host) {
			return "", false // a device
		}
		p = "/" + p
	}
	switch {
	case isDrive(host): // file://c:/x, a slash short, is common enough
		p = "/" + host + p
	case host != "":
		p = path.Clean(p)
		if p == "/" || p == "." {
			return "", false
		}
		return `\\` + strings.ToLower(host) + strings.ReplaceAll(p, "/", `\`), true
	}
	p = strings.TrimPrefix(path.Clean(p), "/")
	if len(p) < 2 || !isDrive(p[:2]) || len(p) > 2 && p[2] != '/' {
		return "", false
	}
	// The case of the drive is the client's whim; Go's own is upper.
	return strings.ToUpper(p[:1]) + `:\` + strings.ReplaceAll(strings.TrimPrefix(p[2:], "/"), "/", `\`), true
}

func fileURI(p, goos string) URI {
	if goos != "windows" {
		return URI("file://" + escape(path.Clean(p)))
	}
	p = strings.ReplaceAll(p, `\`, "/")
	if unc, ok := strings.CutPrefix(p, "//"); ok {
		if plain, ok := windowsPath("", p); ok && (unc[0] == '?' || unc[0] == '.') {
			return fileURI(plain, goos)
		}
		return URI("file://" + escape(unc))
	}
	if len(p) >= 2 && isDrive(p[:2]) {
		return URI("file:///" + strings.ToUpper(p[:1]) + ":" + escape(path.Clean("/"+p[2:])))
	}
	return URI("file://" + escape(path.Clean("/"+p)))
}

// isDrive reports whether s is a drive's letter and a colon.
func isDrive(s string) bool {
	if len(s) != 2 || s[1] != ':' {
		return false
	}
	c := s[0] | 0x20
	return 'a' <= c && c <= 'z'
}

// escape writes everything but slashes and RFC 3986's unreserved characters as
// %XX, byte by byte: a name need not be UTF-8.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		if c := s[i]; c == '/' || isUnreserved(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	letter, digit := c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9'
	return letter || digit || strings.IndexByte("-._~", c) >= 0
}

// unescape reads %XX. A "%" that starts no escape stands for itself: a client
// that forgot to escape it means just that.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, fromHex(s[i+1])<<4|fromHex(s[i+2]))
			i += 2
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
