package fix

import (
	"regexp"
	"strings"
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
	line    *regexp.Regexp
}{
	{"apt", regexp.MustCompile(`^Setting up ([^ :]+)(?::[a-z0-9-]+)? \(([^() ]+)\) \.\.\.$`)},
	{"apk", regexp.MustCompile(`^\( *\d+/\d+\) (?:Installing|Upgrading|Reinstalling) (\S+) \((?:\S+ -> )?([^() ]+)\)$`)},
	{"gem", regexp.MustCompile(`^Successfully installed ([A-Za-z0-9._-]+)-(\d[A-Za-z0-9.]*)$`)},
	{"npm", regexp.MustCompile(`^\+ (@?[^@ ]+)@(\d\S*)$`)},
	{"pip", regexp.MustCompile(`^ \+ ([A-Za-z0-9._-]+)==(\S+)$`)}, // uv
	{"pip", regexp.MustCompile(`^ *installed package (\S+) ([^ ,]+), installed using`)},
	{"go", regexp.MustCompile(`^go: (?:downloading|added) (\S+) (v\S+)$`)},
	{"rpm", regexp.MustCompile(`^(?:\( *\d+/\d+\) |\[ *\d+/ *\d+\] )Installing:? ([A-Za-z0-9._+-]+)-(?:\d+:)?([^-\s]+-[^-\s]+)\.(?:x86_64|noarch|i[3-6]86|aarch64|armv7hl|ppc64le|s390x|riscv64)\b`)},
	{"rpm", regexp.MustCompile(`^Installing: ([A-Za-z0-9._+-]+);(?:\d+:)?([^-;\s]+-[^-;\s]+);[a-z0-9_]+;`)}, // microdnf
}

var (
	pipInstalled = regexp.MustCompile(`^Successfully installed ((?:[A-Za-z0-9._]\S*-\S+)(?: \S+-\S+)*)$`)
	rpmInstalled = regexp.MustCompile(`([A-Za-z0-9_+][A-Za-z0-9._+-]*)-(?:\d+:)?([^-\s]+-[^-\s]+)\.(?:x86_64|noarch|i[3-6]86|aarch64|armv7hl|ppc64le|s390x|riscv64)(?:\s|$)`)
	yumInstalled = regexp.MustCompile(`([A-Za-z0-9_+][A-Za-z0-9._+-]*)\.(?:x86_64|noarch|i[3-6]86|aarch64|ppc64le|s390x) \d+:([^-\s]+-[^-\s]+)`)
	colors       = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
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
