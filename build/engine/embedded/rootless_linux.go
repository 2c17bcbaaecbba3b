//go:build !portable

package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"github.com/rootless-containers/rootlesskit/v3/pkg/parent/dynidtools"
	"github.com/rootless-containers/rootlesskit/v3/pkg/parent/idtools"
)

// checkRootless is nil if this ordinary user could have a user namespace with many ids.
// What else may forbid it, AppArmor say, is known when it was tried.
func checkRootless() error {
	for _, name := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("without root the embedded engine needs %s, which was not found: install it with `%s`", name, installIDMap())
		}
	}
	if err := checkSysctls("/proc/sys/"); err != nil {
		return err
	}
	who, err := user.Current()
	if err != nil {
		return fmt.Errorf("without root the embedded engine needs to know this user's name: %w", err)
	}
	return checkSubIDs(os.Getuid(), who.Username)
}

// forbidding are the kernel's settings that forbid an ordinary user namespaces where they
// are 0, by their files, with a value that allows them.
var forbidding = map[string]string{
	"user/max_user_namespaces":         "28633",
	"kernel/unprivileged_userns_clone": "1", // Debian 10, Arch
}

func checkSysctls(dir string) error {
	for file, allowing := range forbidding {
		value, err := os.ReadFile(dir + file)
		if err == nil && strings.TrimSpace(string(value)) == "0" {
			name := strings.ReplaceAll(file, "/", ".")
			return fmt.Errorf("without root the embedded engine needs user namespaces, which %s=0 forbids here: allow them with `sudo sysctl -w %s=%s`", name, name, allowing)
		}
	}
	return nil
}

// checkSubIDs looks into /etc/subuid and /etc/subgid and, as rootlesskit does, asks
// getsubids if nothing stands there.
func checkSubIDs(uid int, name string) error {
	_, _, err := idtools.GetSubIDRanges(uid, name)
	if err == nil {
		return nil
	}
	if uids, gids, err := dynidtools.GetSubIDRanges(uid, name); err == nil && len(uids) > 0 && len(gids) > 0 {
		return nil
	}
	if name == "" {
		name = strconv.Itoa(uid)
	}
	return fmt.Errorf("without root the embedded engine needs subordinate ids for %s (%w): add them with `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s`, numbers that no other line of /etc/subuid has", name, err, name)
}

func installIDMap() string {
	command := installer()
	switch command {
	case "dnf install":
		return command + " shadow-utils"
	case "zypper install", "pacman -S":
		return command + " shadow"
	case "apk add":
		return command + " shadow-subids"
	}
	return command + " uidmap"
}
