package docker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Desktop is a program that runs a Docker engine for its user, on a socket in the home.
type Desktop struct {
	Name     string
	Start    string // what starts it, in words
	Endpoint Endpoint
}

// Desktops are those that have a socket here, whether it answers or not, but for the one at host.
// The `docker` command finds such an engine only if a context names it.
func Desktops(host string) []Desktop {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	var list []Desktop
	add := func(name, start string, sockets ...string) {
		for _, socket := range sockets {
			d := Desktop{Name: name, Start: start, Endpoint: Endpoint{Host: "unix://" + socket}}
			same := func(o Desktop) bool { return sameSocket(o.Endpoint.Host, d.Endpoint.Host) }
			if _, err := os.Stat(socket); err != nil || sameSocket(host, d.Endpoint.Host) || slices.ContainsFunc(list, same) {
				continue
			}
			d.Endpoint.Context = contextAt(d.Endpoint.Host)
			list = append(list, d)
		}
	}
	below := func(path ...string) string { return filepath.Join(append([]string{home}, path...)...) }
	add("Docker Desktop", "start Docker Desktop", below(".docker", "run", "docker.sock"), below(".docker", "desktop", "docker.sock"))
	add("OrbStack", "start OrbStack: `orb start`", below(".orbstack", "run", "docker.sock"))
	add("Colima", "start Colima: `colima start`", colimaSockets(home)...)
	add("Rancher Desktop", "start Rancher Desktop: `rdctl start`", below(".rd", "docker.sock"))
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		add("rootless Docker", "start it: `systemctl --user start docker`", filepath.Join(dir, "docker.sock"))
	}
	return list
}

// colimaSockets are those of all profiles of Colima, the default one's first.
func colimaSockets(home string) (list []string) {
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	for _, dir := range []string{os.Getenv("COLIMA_HOME"), filepath.Join(home, ".colima"), filepath.Join(config, "colima")} {
		if dir == "" {
			continue
		}
		list = append(list, filepath.Join(dir, "default", "docker.sock"))
		profiles, _ := filepath.Glob(filepath.Join(dir, "*", "docker.sock")) // the pattern is well-formed
		list = append(list, profiles...)
	}
	return list
}

// sameSocket says whether two addresses are of one socket, perhaps through a link: Docker Desktop
// makes /var/run/docker.sock one to its own.
func sameSocket(a, b string) bool {
	if a == b {
		return true
	}
	stA, errA := os.Stat(strings.TrimPrefix(a, "unix://"))
	stB, errB := os.Stat(strings.TrimPrefix(b, "unix://"))
	return errA == nil && errB == nil && os.SameFile(stA, stB)
}

// contextAt is the Docker context of an engine's address, empty if none names it.
func contextAt(host string) string {
	for _, name := range contextNames(contextStore()) {
		if name == DefaultContext {
			continue
		}
		if e, err := Context(name); err == nil && sameSocket(e.Host, host) {
			return name
		}
	}
	return ""
}
