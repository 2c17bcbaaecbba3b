//go:build !linux || portable

package embedded

import (
	"context"
	"errors"

	"github.com/moby/buildkit/client"
)

// Supported says whether this system can have the embedded engine.
const Supported = false

// Check says that there is no embedded engine here, and what to use instead.
func Check() error {
	return errors.New("the embedded engine runs on Linux alone: start Docker, or name another engine in the setting buildls.engine")
}

// LacksGit is empty: what there is not needs none.
func LacksGit() (mend string) { return "" }

// DefaultPaths fails with what Check says.
func DefaultPaths() (Paths, error) { return Paths{}, Check() }

// HasCertificates is false: there is no engine that has any.
func HasCertificates(Paths, string) bool { return false }

// Wishing fails with what Check says.
func Wishing(context.Context, Paths) (context.Context, error) { return nil, Check() }

// Configured is nil: there is nothing to configure.
func Configured(Paths, []*client.WorkerInfo) *Report { return nil }

// Remarks is empty: there is nothing to configure.
func Remarks(Paths) []string { return nil }

// LogSize is 0: there is no log.
func (Paths) LogSize() int64 { return 0 }

// DiskSize is 0: there is nothing.
func (Paths) DiskSize(context.Context) (bytes int64, whole bool) { return 0, true }

// Check fails with what the function Check says.
func (Paths) Check() error { return Check() }

// ClearLogs fails with what Check says.
func (Paths) ClearLogs(bool) (int64, error) { return 0, Check() }

// TakeNotes is empty: there is nobody who would leave a note.
func (Paths) TakeNotes() []string { return nil }

// Running is false: there is no embedded engine here.
func Running(context.Context, Paths) bool { return false }

// Look fails with what Check says.
func Look(context.Context, Paths, func(string)) (*client.Client, error) { return nil, Check() }

// Connect fails with what Check says.
func Connect(context.Context, Paths, func(string)) (*client.Client, error) { return nil, Check() }
