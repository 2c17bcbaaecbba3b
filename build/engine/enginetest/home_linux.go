package enginetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A home is the folder below which one daemon keeps everything. Its owner holds a
// lock in it: a home whose lock is free was left by a process that was killed.
type home struct {
	dir  string
	lock *os.File
}

// prefix begins the name of every home. With the digits that MkdirTemp adds it is
// short enough to name a network interface too.
const prefix = "bls"

// sweepOnce removes what killed processes left, before the first home is made.
var sweepOnce = sync.OnceFunc(sweep)

func newHome() (*home, error) {
	sweepOnce()
	dir, err := os.MkdirTemp(homes(), prefix)
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir}
	if err := h.own(); err != nil {
		return nil, errors.Join(fmt.Errorf("making a folder for an engine: %w", err), os.RemoveAll(dir))
	}
	return h, nil
}

// homes is where homes are made. The path of a socket has 107 bytes, and engines
// make some of their own deep below their folder.
func homes() string {
	if tmp := os.TempDir(); len(tmp) < 40 {
		return tmp
	}
	return "/tmp"
}

// own takes the lock, and shows it under its name only then: a sweep that comes
// between would take a lock that is free for one that was left.
func (h *home) own() error {
	lock, err := os.OpenFile(h.path("lock.new"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	h.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	return os.Rename(h.path("lock.new"), h.path("lock"))
}

func (h *home) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

// remove ends what is left of the daemon's processes, takes back its network and
// mounts, and removes the folder.
func (h *home) remove() error {
	defer h.lock.Close()
	killLeft(h.dir)
	forgetSteps(h.dir)
	err := h.removeNetwork()
	unmountBelow(h.dir)
	return errors.Join(err, os.RemoveAll(h.dir))
}

// sweep removes the homes of processes that are gone.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(homes(), prefix+"[0-9]*"))
	for _, dir := range dirs {
		lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
		if err != nil {
			continue // not a home, or not ours
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			lock.Close()
			continue
		}
		if err := (&home{dir: dir, lock: lock}).remove(); err != nil {
			fmt.Fprintf(os.Stderr, "removing what a killed test left in %s: %v\n", dir, err)
		}
	}
}

// --- the bridge ---

// bridge is the name of the network interface that belongs to this home.
func (h *home) bridge() string { return filepath.Base(h.dir) }

// addBridge makes the bridge, with a subnet that nothing on the machine uses.
func (h *home) addBridge() error {
	return inFreeSubnet(func(address string) error {
		return errors.Join(
			ip("link", "add", h.bridge(), "type", "bridge"),
			ip("address", "add", address+".1/24", "dev", h.bridge()),
			ip("link", "set", h.bridge(), "up"))
	})
}

// addNamespace makes a network of its own, with one cable to the machine, and returns its
// address. The cable and the network are called as a bridge would be.
func (h *home) addNamespace() (address string, err error) {
	name := h.bridge()
	return address, inFreeSubnet(func(subnet string) error {
		address = subnet + ".2"
		return errors.Join(
			ip("netns", "add", name),
			ip("link", "add", name, "type", "veth", "peer", "name", cable, "netns", name),
			ip("address", "add", subnet+".1/24", "dev", name),
			ip("link", "set", name, "up"),
			ip("-n", name, "address", "add", address+"/24", "dev", cable),
			ip("-n", name, "link", "set", cable, "up"),
			ip("-n", name, "link", "set", "lo", "up"))
	})
}

// cable is the end of the cable in the namespace.
const cable = "eth0"

// inFreeSubnet has a subnet of 256 addresses taken, by its first three numbers.
func inFreeSubnet(take func(string) error) error {
	// Two processes that look at once would find the same subnet.
	lock, err := os.OpenFile(filepath.Join(homes(), prefix+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	subnet, err := freeSubnet()
	if err != nil {
		return err
	}
	return take(subnet)
}

// removeNetwork removes what addBridge or addNamespace made.
func (h *home) removeNetwork() error {
	var errs []error
	if _, err := net.InterfaceByName(h.bridge()); err == nil {
		errs = append(errs, ip("link", "delete", h.bridge())) // both ends of a cable
	}
	if _, err := os.Stat("/run/netns/" + h.bridge()); err == nil {
		errs = append(errs, ip("netns", "delete", h.bridge()))
	}
	return errors.Join(errs...)
}

// setCable pulls the cable to the namespace out, or puts it in: "down" or "up". The
// machine's own end is not touched.
func (h *home) setCable(state string) error {
	return ip("-n", h.bridge(), "link", "set", cable, state)
}

// freeSubnet is a subnet that no interface of the machine touches.
func freeSubnet() (string, error) {
	taken, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
next:
	for i := range 256 {
		_, subnet, err := net.ParseCIDR(fmt.Sprintf("10.231.%d.0/24", i))
		if err != nil {
			return "", err
		}
		for _, address := range taken {
			if used, ok := address.(*net.IPNet); ok && (used.Contains(subnet.IP) || subnet.Contains(used.IP)) {
				continue next
			}
		}
		return fmt.Sprintf("10.231.%d", i), nil
	}
	return "", errors.New("no subnet of 10.231.0.0/16 is free for a bridge")
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// --- mounts ---

// canOverlay says whether overlay file systems can lie in this home: they cannot
// in most containers, whose own root is one.
func (h *home) canOverlay() bool {
	try := h.path("try")
	defer os.RemoveAll(try)
	for _, dir := range []string{"lower", "upper", "work", "merged"} {
		if os.MkdirAll(filepath.Join(try, dir), 0o700) != nil {
			return false
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", try)
	if syscall.Mount("overlay", try+"/merged", "overlay", 0, options) != nil {
		return false
	}
	return syscall.Unmount(try+"/merged", syscall.MNT_DETACH) == nil
}

func unmountBelow(dir string) {
	points := mountPoints("self", func(point, _ string) bool { return strings.HasPrefix(point, dir+"/") })
	for i := len(points) - 1; i >= 0; i-- { // the newest lies on top
		_ = syscall.Unmount(points[i], syscall.MNT_DETACH) // RemoveAll speaks up if it must
	}
}

// mountPoints are the mount points of a process that match, oldest first.
func mountPoints(pid string, match func(point, line string) bool) (points []string) {
	table, err := os.ReadFile("/proc/" + pid + "/mountinfo")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(table)) {
		// 36 35 98:0 /root /mount/point options … - type source options
		if fields := strings.Fields(line); len(fields) > 4 && match(fields[4], line) {
			points = append(points, fields[4])
		}
	}
	return points
}

// --- processes ---

// killLeft kills what outlived the daemon of a home: helpers that it started, and
// steps that were running in it.
func killLeft(dir string) {
	for range 100 {
		left := processesOf(dir)
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended since
		}
		time.Sleep(10 * time.Millisecond) // for the kernel to take them away
	}
}

// processesOf are the processes that belong to a home: those of engines that were
// told a path in it, and those whose root file system lies in it.
func processesOf(dir string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && pid != os.Getpid() && (servesIn(entry.Name(), dir) || rootedIn(entry.Name(), dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// servesIn spares an editor or a pager that has the log open.
func servesIn(pid, dir string) bool {
	line, _ := os.ReadFile("/proc/" + pid + "/cmdline") // empty of one that has ended
	program, args, _ := strings.Cut(string(line), "\x00")
	switch filepath.Base(program) {
	case "dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy", "runc", "buildkitd", "docker-registry":
		return strings.Contains(args, dir+"/")
	}
	return false
}

// rootedIn looks for the name of the home alone: what stands before it depends on
// where its file system is mounted.
func rootedIn(pid, dir string) bool {
	return len(mountPoints(pid, func(point, line string) bool {
		return point == "/" && strings.Contains(line, "/"+filepath.Base(dir)+"/")
	})) > 0
}

// --- steps ---

// forgetSteps removes what runc and the kernel keep of steps that were killed with
// their engine, which would have removed it. Both know a step by the name that the
// folder of its bundle has in the home.
func forgetSteps(dir string) {
	for range 100 {
		left := leftOfSteps(dir)
		if len(left) == 0 {
			return
		}
		for _, path := range left {
			if strings.HasPrefix(path, "/sys/") {
				_ = os.Remove(path) // it is busy while its processes die
			} else {
				_ = os.RemoveAll(path)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func leftOfSteps(dir string) (left []string) {
	bundles, _ := filepath.Glob(filepath.Join(dir, "d", "*", "executor", "*"))
	for _, bundle := range bundles {
		for _, where := range []string{
			"/run/runc",                                                 // runc's memory, if root runs it
			"/sys/fs/cgroup/buildkit", "/sys/fs/cgroup/docker/buildkit", // version 2
			"/sys/fs/cgroup/*/buildkit", "/sys/fs/cgroup/*/docker/buildkit", // version 1: one for each controller
		} {
			found, _ := filepath.Glob(filepath.Join(where, filepath.Base(bundle)))
			left = append(left, found...)
		}
	}
	return left
}
