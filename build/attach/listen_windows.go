package attach

import (
	"crypto/rand"
	"net"
	"os"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// pipes is where the named pipes of the machine are.
const pipes = `\\.\pipe\`

// NewDir makes nothing: pipes lie in no directory.
func NewDir() (dir string, err error) { return "", nil }

// Listen makes a named pipe, of a name that cannot be guessed, which its user alone may open, and
// not from another machine. The address for Attach is its name: a shell may take slashes and
// backslashes for something else.
func Listen(string) (l net.Listener, address string, err error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, "", err
	}
	address = "buildls-shell-" + rand.Text()
	l, err = winio.ListenPipe(pipes+address, &winio.PipeConfig{SecurityDescriptor: "D:P(A;;GA;;;" + user.User.Sid.String() + ")"})
	if err != nil {
		return nil, "", err
	}
	first, _ := os.OpenFile(pipes+address, os.O_RDWR, 0)
	return &listener{l, first}, address, nil
}

// A listener holds the first end of its pipe, which winio makes to hold the name and never
// serves. Windows lets nobody have that: first is nil there. Wine gives it to whoever comes first.
type listener struct {
	net.Listener
	first *os.File
}

func (l *listener) Close() error {
	l.first.Close()
	return l.Listener.Close()
}

func dial(address string) (net.Conn, error) { return winio.DialPipe(pipes+address, nil) }
