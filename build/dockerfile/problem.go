package dockerfile

// A Problem is something that the author should know of some lines.
type Problem struct {
	Message    string
	Code       string // BuildKit's rule name, "syntax" or "build"
	URL        string // of a page about the rule; may be empty
	Severity   Severity
	Deprecated bool // what it is about is deprecated
	Lines      Lines
	Columns    Columns
}

// Columns narrow lines to a token: from a byte of the first line to one of the last,
// 0-based, the end exclusive, a byte order mark included. The zero Columns are the lines as they are.
type Columns struct{ Start, End int }

// Severity is how bad a problem is.
type Severity int

// The severities, worst first.
const (
	Error Severity = iota
	Warning
	Information
	Hint
)
