package handlers

import "fmt"

// An argumentError is a mistake of who asks for a build, with a sentence to act on.
type argumentError struct{ message string }

func (e *argumentError) Error() string { return e.message }

// invalid makes an argumentError.
func invalid(format string, args ...any) error {
	return &argumentError{fmt.Sprintf(format, args...)}
}
