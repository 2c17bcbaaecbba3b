package fix

import (
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// A Package is one that a step of a build installed.
type Package struct {
	Manager       string // apt, apk, pip, npm, gem, rpm or go
	Name, Version string
}

// maxPackages is how many packages of one output are read.
const maxPackages = 10_000

// installs are the lines by which package managers say what they installed. Of those that say it
// in columns the name is the first, and the version the last.
var installs = []struct {
	manager string
	line    *lazyregexp.Regexp
}{
	{"apt", lazyregexp.New(`^Setting up ([^ :]+)(?::[a-z0-9-]+)? \(([^() ]+)\) \.\.\.$`)},
	{"apk", lazyregexp.New(`^\( *\d+/\d+\) (?:Installing|Upgrading|Reinstalling) (\S+) \((?:\S+ -> )?([^() ]+)\)$`)},
	{"gem", lazyregexp.New(`^Successfully installed ([A-Za-z0-9._-]+)-(\d[A-Za-z0-9.]*)$`)},
	{"npm", lazyregexp.New(`^\+ (@?[^@ ]+)@(\d\S*)$`)},
	{"pip", lazyregexp.New(`^ \+ ([A-Za-z0-9._-]+)==(\S+)$`)}, // uv
	{"pip", lazyregexp.New(`^ *installed package (\S+) ([^ ,]+), installed using`)},
	{"go", lazyregexp.New(`^go: (?:downloading|added) (\S+) (v\S+)$`)},
	{"rpm", lazyregexp.New(`^(?:\( *\d+/\d+\) |\[ *\d+/ *\d+\] )Installing:? ([A-Za-z0-9._+-]+)-(?:\d+:)?([^-\s]+-[^-\s]+)\.(?:x86_64|noarch|i[3-6]86|aarch64|armv7hl|ppc64le|s390x|riscv64)\b`)},
	{"rpm", lazyregexp.New(`^Installing: ([A-Za-z0-9._+-]+);(?:\d+:)?([^-;\s]+-[^-;\s]+);[a-z0-9_]+;`)}, // microdnf
}

var (
	pipInstalled = lazyregexp.New(`^Successfully installed ((?:[A-Za-z0-9._]\S*-\S+)(?: \S+-\S+)*)$`)
	rpmInstalled = lazyregexp.New(`([A-Za-z0-9_+][A-Za-z0-9._+-]*)-(?:\d+:)?([^-\s]+-[^-\s]+)\.(?:x86_64|noarch|i[3-6]86|aarch64|armv7hl|ppc64le|s390x|riscv64)(?:\s|$)`)
	yumInstalled = lazyregexp.New(`([A-Za-z0-9_+][A-Za-z0-9._+-]*)\.(?:x86_64|noarch|i[3-6]86|aarch64|ppc64le|s390x) \d+:([^-\s]+-[^-\s]+)`)
	colors       = lazyregexp.New("\x1b\\[[0-9;]*[A-Za-z]")
)

// ReadInstalled reads what the output of a step says of the packages that it installed, in the
// order in which it says so.
func ReadInstalled(output string) (list []Package) {
	block := false // of dnf's or yum's list: Installed:
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, " \r\n")
		line = colors.ReplaceAllString(line[strings.LastIndexByte(line, '\r')+1:], "")
		if len(list) >= maxPackages {
			break
		}
		if block = block && strings.HasPrefix(line, " "); block {
			found := append(rpmInstalled.FindAllStringSubmatch(line, -1), yumInstalled.FindAllStringSubmatch(line, -1)...)
			for _, found := range found {
				list = append(list, Package{"rpm", found[1], found[2]})
			}
		}
		block = block || line == "Installed:" || line == "Dependency Installed:" || line == "Upgraded:"
		list = append(list, ofLine(line)...)
	}
	return list
}

func ofLine(line string) (list []Package) {
	if found := pipInstalled.FindStringSubmatch(line); found != nil {
		for word := range strings.FieldsSeq(found[1]) {
			i := strings.LastIndexByte(word, '-')
			list = append(list, Package{"pip", word[:i], word[i+1:]})
		}
	}
	for _, one := range installs {
		if found := one.line.FindStringSubmatch(line); found != nil {
			list = append(list, Package{one.manager, found[1], found[2]})
		}
	}
	return list
}
