package plan

import "fmt"

// An ArgumentError is a mistake of who asks for a build, with a sentence to act on.
type ArgumentError struct{ message string }

func (e *ArgumentError) Error() string { return e.message }

// invalid makes an argumentError.
func invalid(format string, args ...any) error {
	return &ArgumentError{fmt.Sprintf(format, args...)}
}
