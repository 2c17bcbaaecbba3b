package build

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/logs"
)

// A Failure is why a build failed.
type Failure struct {
	Message string
	Code    string // "syntax" or "build"
	// Build is the ID of the linked build that failed; empty if it was the build itself. Lines are of
	// the Dockerfile of the build that failed.
	Build string
	// Lines are those of the Dockerfile that are at fault, 0-based. They are nil if none is, as when
	// the engine went away.
	Lines    *dockerfile.Lines
	Columns  dockerfile.Columns // narrow Lines; the zero value if the lines are at fault as a whole
	ExitCode *int               // of the RUN that failed
	Log      string             // output of the step that failed

	missing string // the path that an instruction takes and that is not there: see tellMissing
}

// A ContextError says that a file of the context could not be sent. As the cause of a canceled context,
// it makes a build fail: see Run.
type ContextError struct {
	Path string
	Err  error
}

func (e *ContextError) Error() string {
	err := e.Err
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err // the path is said
	}
	return fmt.Sprintf("cannot send %s to the build: %v", e.Path, err)
}

func (e *ContextError) Unwrap() error { return e.Err }

// newFailure explains an error that Solve returned.
func newFailure(err error, b *buildState, text []byte) *Failure {
	if exitCodeText.FindString(err.Error()) == "" && strings.Contains(err.Error(), "no space left on device") { // the path says whose
		return &Failure{Code: "build", Message: fmt.Sprintf("a disk is full: %s. Make some room there, then build again", dockerfile.PlainError(err))}
	}
	at := locator{err: err, text: dockerfile.PlainError(err), state: b, file: dockerfile.Parse(text)}
	fail := &Failure{Message: at.text, Code: "build", Lines: at.lines()}
	refused := parseErrorText.MatchString(err.Error())
	switch newer := at.newerSyntax(); {
	case refused && newer != nil:
		fail.Code, fail.Lines = "syntax", newer
		fail.Message += ". The engine's Dockerfile front end is older than this syntax; " + newerFrontend
	case refused || !at.wellFormed():
		fail.Code = "syntax"
	}
	if v := at.vertex(); v != nil {
		fail.Log = v.Last(failLog)
		fail.ExitCode = exitCodeOf(err, v)
	}
	if program, ok := MissingProgram(at.text + "\n" + fail.Log); ok {
		fail.Message = fmt.Sprintf("RUN could not start: this image has no %s", program)
	} else if fail.ExitCode != nil {
		fail.Message = exitMessage(*fail.ExitCode, fail.Log)
	} else if path, ok := missingPath(at.text); ok {
		fail.missing = path
	}
	if fail.ExitCode != nil && keepsCarriageReturns(text, fail.Lines) {
		fail.Message += carriageReturns
	}
	return fail
}

// lostEngine is the failure of a build whose engine no longer answers.
func lostEngine(info engine.Info, err error) *Failure {
	what, mend := "went away during the build", "Start it again, then build again"
	switch {
	case info.Name == "embedded":
		mend = "Build again: that starts it anew"
	case unreachedText.MatchString(err.Error()):
		what, mend = "is no longer reached", "When the network is back, build again"
	}
	return &Failure{Code: "build", Message: fmt.Sprintf("%s %s (%v). %s", info, what, dockerfile.PlainError(err), mend)}
}

// unreachedText is what systems say of a machine that does not answer.
var unreachedText = lazyregexp.New(`timed out|no route to host|network is (?:down|unreachable)|host is (?:down|unreachable)|i/o timeout`)

// maybeLost says that an error may mean that the engine went away.
func maybeLost(err error) bool {
	code := grpcerrors.Code(err)
	return code == codes.Unavailable || code == codes.Canceled || strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "connection reset")
}

// brokenConnection is the failure of a build that lost its engine, which answers others.
func brokenConnection(info engine.Info, err error) *Failure {
	return &Failure{Code: "build", Message: fmt.Sprintf("the connection to %s broke during the build (%v). The engine answers: build again", info, dockerfile.PlainError(err))}
}

// canceledElsewhere is the failure of a build that its author did not cancel.
func canceledElsewhere(info engine.Info) *Failure {
	return &Failure{Code: "build", Message: fmt.Sprintf("%s gave the build up: somebody else canceled it there, or it is being stopped. Build again", info)}
}

// ofConnection says whether an error is gRPC's own error about the connection. Its words tell, because
// its code stands for other things, too.
func ofConnection(err error) bool {
	return grpcerrors.Code(err) == codes.Unavailable &&
		(strings.Contains(err.Error(), "error reading from server") || strings.Contains(err.Error(), "transport is closing"))
}

// exitCodeOf is the exit code of the process of a RUN. Newer engines send it in a typed error; else it
// stands in the text.
func exitCodeOf(err error, v *vertex) *int {
	var exit *gwpb.ExitError
	if errors.As(err, &exit) && exit.ExitCode != gwpb.UnknownExitStatus {
		n := int(exit.ExitCode)
		return &n
	}
	return exitCodeIn(v.Error)
}

// failLog is how many bytes of a step's output its failure repeats.
const failLog = logs.BlockBytes

// lastLines is how many lines of a step's output a message repeats.
const lastLines = 5

func exitMessage(code int, log string) string {
	msg := fmt.Sprintf("RUN failed with exit code %d", code)
	if tail := tailOf(log, lastLines); tail != "" {
		msg += ":\n" + tail
	}
	return msg
}

var ansiText = lazyregexp.New(`\x1b\[[0-9;?]*[a-zA-Z]`)

// tailOf is the last n lines that are not empty, without colours. It has the last state of a progress
// bar, and shows any other carriage return in a line as \r.
func tailOf(log string, n int) string {
	var lines []string
	for line := range strings.Lines(ansiText.ReplaceAllString(log, "")) {
		states := strings.Split(strings.TrimRight(line, " \t\r\n"), "\r")
		if drawnOver(states) {
			states = states[len(states)-1:]
		}
		if line = strings.Join(states, `\r`); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// drawnOver says whether the parts of a line between carriage returns are the states of a progress
// bar: two in a row then look the same. If not, a program repeats words of a text with CRLF, such as
// the name of a file.
func drawnOver(states []string) bool {
	look := func(state string) string { // its first word, whatever the number or the length of a bar
		words := strings.Fields(state)
		if len(words) == 0 || strings.Contains(state, "%") {
			return "%"
		}
		return progress.ReplaceAllString(words[0], "0")
	}
	for i := range states[1:] {
		quoted := strings.IndexAny(states[i+1], `'"`+"`:,)") == 0 // what follows a name
		if !quoted && look(states[i]) == look(states[i+1]) {
			return true
		}
	}
	return strings.TrimSpace(states[0]) == ""
}

var progress = lazyregexp.New(`[\d=>#.-]+`)

// carriageReturns is added to the failure of a RUN whose heredoc has carriage returns.
const carriageReturns = "\nThe lines of its heredoc end with CRLF. A heredoc keeps the carriage returns, and a shell takes them for a part of its words: save the file with LF line ends"

// keepsCarriageReturns says whether the instruction at some lines has a heredoc in which
// lines end with CRLF.
func keepsCarriageReturns(text []byte, at *dockerfile.Lines) bool {
	if at == nil {
		return false
	}
	st := dockerfile.Parse(text).At(at.First)
	return st.First == at.First && strings.Contains(st.Written(), "\r\n") // its own words have no line ends
}

var (
	parseErrorText     = lazyregexp.New(`dockerfile parse error`)
	parseLineText      = lazyregexp.New(`dockerfile parse error (?:on )?line (\d+)`)
	missingPathText    = lazyregexp.New(`(?:failed to (?:compute cache key|calculate checksum|walk).*?"(/[^"]*)":? not found|lstat (/\S*): no such file or directory)`)
	missingProgramText = lazyregexp.New(`unable to start container process:.* exec: \\?"([^"\\]+)\\?": (?:stat .*no such file|executable file not found)`)
	noTargetText       = lazyregexp.New(`target stage "?([^"]*?)"? could not be found`)
	mountPathText      = lazyregexp.New(`^/.*/(?:overlay2/[^/]+/merged|vfs/dir/[^/]+|snapshots/\d+/fs)/`)
	lintText           = lazyregexp.New(`lint violation found for rules: (\w+(?:, \w+)*)`)
)

// MissingProgram finds, in what runc says, the program that an image does not have: the one that a
// RUN names, or its shell.
func MissingProgram(text string) (string, bool) {
	m := missingProgramText.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// instructionAt is the text of some lines.
func instructionAt(dockerfile []byte, at *dockerfile.Lines) string {
	if at == nil {
		return ""
	}
	lines := bytes.Split(dockerfile, []byte("\n"))
	first, last := min(at.First, len(lines)), min(at.Last+1, len(lines))
	return string(bytes.Join(lines[first:last], []byte("\n")))
}
