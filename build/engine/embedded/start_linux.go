//go:build !portable

package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/buildls/buildls/build/engine/embedded/config"
)

const (
	// maxLog is the size from which the log starts anew.
	maxLog = 1 << 20
	// retryTime is how long a start that found the lock held waits for the holder
	// before it asks again.
	retryTime = time.Second
)

// starter starts engines for one Connect, one at a time, until one answers.
type starter struct {
	paths  Paths
	report func(string)

	child   *process
	retryAt time.Time
}

// process is an engine that was started here and may well outlive us.
type process struct {
	done chan struct{} // closed by the goroutine that reaps it
	pid  int
	code int   // its exit code, to be read after done
	log  int64 // where in the log its lines begin
}

// ended tells whether the engine started here is over.
func (s *starter) ended() bool {
	if s.child == nil {
		return false
	}
	select {
	case <-s.child.done:
		return true
	default:
		return false
	}
}

// failure is an error if the engine started here ended by a mistake of its own. One
// that ended because it idled, or because another was first, is none.
func (s *starter) failure() error {
	if !s.ended() || s.child.code == 0 || s.child.code == ExitLocked {
		return nil
	}
	return fmt.Errorf("the embedded engine did not start: %s; its log is %s", lastWords(s.paths.Log, s.child), s.paths.Log)
}

// ensure starts an engine unless one is on its way.
func (s *starter) ensure() error {
	switch {
	case s.child == nil:
		if err := s.paths.Prepare(); err != nil {
			return err
		}
		if s.report != nil {
			s.report("Starting the embedded engine")
		}
	case !s.ended():
		return nil
	case s.child.code == ExitLocked && alive(s.holderPID()) && time.Now().Before(s.retryAt):
		// The holder is starting, and will answer; or it is going away, and its end is
		// what we wait for.
		return nil
	case s.failure() != nil:
		return nil // reported by Connect, after a last look for an engine of somebody else's
	}
	child, err := spawn(s.paths)
	if err != nil {
		return fmt.Errorf("starting the embedded engine: %w", err)
	}
	s.child, s.retryAt = child, time.Now().Add(retryTime)
	return nil
}

func (s *starter) holderPID() int {
	pid, _ := s.paths.holder()
	return pid
}

// alive tells whether there is such a process. A reused id makes it err; retryTime
// bounds what that costs.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// spawn starts an engine that survives this process: a session of its own, no shared
// files, no working directory that would keep a file system busy.
func spawn(p Paths) (*process, error) {
	if err := Check(); err != nil {
		return nil, err
	}
	program, err := Program()
	if err != nil {
		return nil, err
	}
	log, begin, err := openLog(p.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	conf, err := config.Load(p.Config)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "engine", "--root", p.Root, "--socket", p.Socket)
	if conf.File != "" {
		cmd.Args = append(cmd.Args, "--config", conf.File)
	}
	cmd.Env = append(os.Environ(), config.AsEnvironment(config.Proxies())...)
	if idle := os.Getenv("BUILDLS_ENGINE_IDLE"); idle != "" {
		cmd.Args = append(cmd.Args, "--idle", idle)
	}
	cmd.Dir = "/"
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	child := &process{done: make(chan struct{}), pid: cmd.Process.Pid, log: begin}
	go func() { // ends with the engine; without it an engine that idled out would stay as a zombie
		cmd.Wait()
		child.code = cmd.ProcessState.ExitCode()
		close(child.done)
	}()
	return child, nil
}

// openLog opens the log for appending, from the start again when it is large, and tells
// its present size.
func openLog(path string) (*os.File, int64, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	if info.Size() <= maxLog {
		return file, info.Size(), nil
	}
	if err := file.Truncate(0); err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, 0, nil
}

// SpokenBy begins the lines in which an engine speaks to people. The process id tells
// apart the engines that started at the same time and share the log.
func SpokenBy(pid int) string { return fmt.Sprintf("%s[%d]: ", Name, pid) }

// lastWords are those lines of the log that say why the engine ended: the last of its
// own, else the last few.
func lastWords(path string, p *process) string {
	ending := fmt.Sprintf("it ended with code %d", p.code)
	if p.code < 0 {
		ending = "it was killed"
	}
	file, err := os.Open(path)
	if err != nil {
		return ending
	}
	defer file.Close()
	if _, err := file.Seek(p.log, io.SeekStart); err != nil {
		return ending
	}
	text, _ := io.ReadAll(io.LimitReader(file, maxLog))

	var own string
	var all []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		all = append(all, line)
		if said, ok := strings.CutPrefix(line, SpokenBy(p.pid)); ok {
			own = said
		}
	}
	switch {
	case own != "":
		return own
	case len(all) > 0:
		return ending + ": " + strings.Join(all[max(0, len(all)-5):], "\n")
	}
	return ending
}
