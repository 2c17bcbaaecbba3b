package enginetest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A User is a user of this machine who is not root.
type User struct {
	Name string
	uid  uint32
	gid  uint32
}

// OrdinaryUser is the user whom .ci/test-engines makes: with subordinate ids, and
// without rights. Only root can become another user.
func OrdinaryUser(t testing.TB) User {
	t.Helper()
	const how = ".ci/test-engines makes it, and installs newuidmap (apt-get install uidmap)"
	Need(t, "root, to become an ordinary user", os.Geteuid() == 0, "run the tests by sudo")
	who, err := user.Lookup("buildls-test")
	Need(t, "the user buildls-test", err == nil, how)
	_, err = exec.LookPath("newuidmap")
	Need(t, "newuidmap", err == nil, how)
	clone, _ := os.ReadFile("/proc/sys/user/max_user_namespaces")
	Need(t, "user namespaces, which this machine's kernel forbids", strings.TrimSpace(string(clone)) != "0", "sysctl -w user.max_user_namespaces=28633")
	armor, _ := os.ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
	Need(t, "user namespaces, which this machine's AppArmor forbids", strings.TrimSpace(string(armor)) != "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
	uid, _ := strconv.ParseUint(who.Uid, 10, 32)
	gid, _ := strconv.ParseUint(who.Gid, 10, 32)
	return User{who.Username, uint32(uid), uint32(gid)}
}

// Home is a new folder that is the user's, with a path short enough for sockets.
func (u User) Home(t testing.TB) string {
	t.Helper()
	home, err := os.MkdirTemp("", "bls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	if err := os.Chown(home, int(u.uid), int(u.gid)); err != nil {
		t.Fatal(err)
	}
	return home
}

// Run has a command run as the user, at home there and in no other environment.
func (u User) Run(cmd *exec.Cmd, home string) {
	cmd.Dir = home
	cmd.Env = append(cmd.Env, "HOME="+home, "TMPDIR="+home, "USER="+u.Name, "PATH="+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.uid, Gid: u.gid}}
}
