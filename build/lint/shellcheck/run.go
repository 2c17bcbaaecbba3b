package shellcheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxFiles  = 100     // that are given to one process
	maxFound  = 200     // that is told of one script
	maxOutput = 8 << 20 // bytes of it that are read
	maxError  = 1 << 10
	// patience is how long a process may take, so that one that hangs does not stay.
	patience = 30 * time.Second
)

// A comment is what ShellCheck says of a place. Lines and columns begin with 1, the end is
// exclusive; a column is a character.
type comment struct {
	File              string
	Line, EndLine     int
	Column, EndColumn int
	Level             string
	Code              int
	Message           string
}

// leftOut is what has no meaning here: files that are named and not there, a first line that names
// a shell, the ends of a file's lines.
const leftOut = "SC1008,SC1017,SC1090,SC1091,SC1128,SC2148,SC2187"

// run runs a process, and returns what it says of each script.
func (p *Program) run(ctx context.Context, scripts []string) ([][]finding, error) {
	dir, err := os.MkdirTemp("", "buildls-shellcheck-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"--norc", "--format=json1", "--exclude=" + leftOut, "--"}
	for i, s := range scripts {
		name := strconv.Itoa(i)
		args = append(args, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
			return nil, err
		}
	}
	output, err := p.output(ctx, dir, args)
	if err != nil {
		return nil, err
	}
	var said struct{ Comments []comment }
	if err := json.Unmarshal(output, &said); err != nil {
		return nil, fmt.Errorf("what it writes cannot be read: %w", err)
	}
	by := make([][]comment, len(scripts))
	for _, c := range said.Comments {
		if i, err := strconv.Atoi(c.File); err == nil && i >= 0 && i < len(by) && len(by[i]) < maxFound {
			by[i] = append(by[i], c)
		}
	}
	found := make([][]finding, len(scripts))
	for i, comments := range by {
		found[i] = findings(scripts[i], comments)
	}
	return found, nil
}

// output runs the program in a folder. That it finds something is no error.
func (p *Program) output(ctx context.Context, dir string, args []string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it did not end within %v", patience))
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "SHELLCHECK_OPTS=") })
	cmd.WaitDelay = time.Second // for whoever has its output open still
	stdout, stderr := bounded{max: maxOutput}, bounded{max: maxError, drops: true}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return stdout.text, nil
	case err != nil && len(stderr.text) > 0:
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(stderr.text)))
	}
	return stdout.text, err
}

// bounded takes some bytes, and then none: it drops them, or ends who writes them. It is no
// bytes.Buffer, which would read all that there is.
type bounded struct {
	text  []byte
	max   int
	drops bool
}

func (b *bounded) Write(p []byte) (int, error) {
	left := b.max - len(b.text)
	if len(p) > left && !b.drops {
		return 0, fmt.Errorf("it writes more than %d bytes", b.max)
	}
	b.text = append(b.text, p[:min(len(p), left)]...)
	return len(p), nil
}
