package enginetest

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A process is a daemon's, started by this one and ended with it.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed by the keeper when the process was reaped
}

// startProcess starts a process that the kernel kills when this process dies,
// however it dies. The kernel takes the thread that started it for its parent, so
// a goroutine keeps that thread until the process has ended.
func startProcess(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) signal(s syscall.Signal) {
	if p.running() {
		_ = p.cmd.Process.Signal(s) // it may have ended since
	}
}

func (p *process) pause()  { p.signal(syscall.SIGSTOP) }
func (p *process) resume() { p.signal(syscall.SIGCONT) }

func (p *process) kill() {
	if p.running() {
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

// end asks the process to end, paused or not, and kills it if it takes too long.
func (p *process) end(limit time.Duration) {
	if !p.running() {
		return
	}
	p.signal(syscall.SIGTERM)
	p.resume()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.kill()
	}
}
