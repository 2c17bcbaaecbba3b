package debug

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/inspect"
)

// A View is what one looks at: the files where a frame stands, or what a failed step has left. It
// lasts until the thread goes on. Its methods may be called at the same time.
type View struct {
	t      *Thread
	place  *place
	frame  frame
	failed *failure
}

// A Frame is a stage on the way to where a thread stands.
type Frame struct {
	Stage string
	Text  string // the instruction, as it is written, in one line; empty on the end of the stage
	Lines dockerfile.Lines
	*View
}

// Frames are how the build came to where the thread stands, the innermost first. They are none while
// it runs.
func (t *Thread) Frames() (list []Frame) {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	if t.stands() != nil {
		return nil
	}
	p := t.program.places[t.pos]
	for i, f := range slices.Backward(p.frames) {
		frame := Frame{Stage: f.stage.name, Lines: f.lines(), View: &View{t: t, place: p, frame: f}}
		if in := f.instruction(); in != nil {
			frame.Text = strings.Join(strings.Fields(in.Text), " ")
		}
		if i == len(p.frames)-1 {
			frame.View.failed = t.failed
		}
		list = append(list, frame)
	}
	return list
}

// viewAt is what one sees at a place, from so many frames outside of the innermost.
func (t *Thread) viewAt(pos, outside int) *View {
	p := t.program.places[pos]
	return &View{t: t, place: p, frame: p.frames[len(p.frames)-1-outside]}
}

// Failed says whether the view is of what a failed step has left.
func (v *View) Failed() bool { return v.failed != nil && v.failed.solve != nil }

// line is the 0-based line of which the text before says what is in force.
func (v *View) line() int {
	if in := v.frame.instruction(); in != nil {
		return in.First
	}
	return v.frame.stage.until
}

// begun says whether the stage has a base already.
func (v *View) begun() bool {
	in := v.frame.instruction()
	return in == nil || in.Name() != "FROM" || !in.Onbuild.Empty()
}

// Image is what is in force: what the image would say if the stage ended here. Values of what may be
// a secret are masked.
func (v *View) Image(ctx context.Context) (*dockerfile.Environment, error) {
	if !v.begun() {
		return &dockerfile.Environment{}, nil
	}
	e, err := v.t.base().EnvironmentAt(ctx, v.line())
	if err != nil {
		return nil, err
	}
	shown := *e
	shown.Env = nil
	for _, pair := range e.Env {
		name, value, _ := strings.Cut(pair, "=")
		shown.Env = append(shown.Env, name+"="+v.mask(name, value))
	}
	return &shown, nil
}

// mask hides what may be a secret.
func (v *View) mask(name, value string) string {
	if dockerfile.SecretName(name) && value != "" {
		return "***"
	}
	return v.t.d.build.Hidden.HideText(value)
}

// An Argument is an ARG that is in force.
type Argument struct {
	dockerfile.Variable
	Declared int // the 0-based line of the ARG
}

// Arguments are the ARGs of the stage, and of the stages on which it is built, in the text's order.
func (v *View) Arguments(ctx context.Context) (list []Argument, err error) {
	if !v.begun() {
		return nil, nil
	}
	names := map[string]int{}
	until := v.line()
	for s := v.frame.stage; s != nil; s = s.base {
		for _, st := range v.t.d.how.File.Instructions() {
			if st.First < s.from || st.First >= min(s.until, max(until, s.from)) || st.Name() != "ARG" || !st.Onbuild.Empty() {
				continue
			}
			for _, a := range st.Assignments() {
				names[st.Unquoted(a.Name)] = st.First
			}
		}
		until = len(v.t.d.how.File.Text()) // all of the base
	}
	for name, line := range names {
		variable, err := v.t.base().VariableAt(ctx, name, v.line(), false)
		if err != nil {
			return nil, err
		}
		variable.Value = v.mask(name, variable.Value)
		list = append(list, Argument{*variable, line})
	}
	slices.SortFunc(list, func(a, b Argument) int {
		return cmp.Or(cmp.Compare(a.Declared, b.Declared), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// Variable is the value of an environment variable or an ARG where the frame stands.
func (v *View) Variable(ctx context.Context, name string) (string, error) {
	e, err := v.Image(ctx)
	if err != nil {
		return "", err
	}
	for _, pair := range e.Env {
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return value, nil
		}
	}
	arguments, err := v.Arguments(ctx)
	for _, a := range arguments {
		if a.Name == name && a.Set {
			return a.Value, nil
		}
	}
	if err != nil {
		return "", err
	}
	return "", fmt.Errorf("%s is not set here", name)
}

// Mounts are those that the instruction has beside the files of its stage: their places, and in words
// what they are. They are none for what is no RUN.
func (v *View) Mounts() (list [][2]string) {
	o := v.command()
	if o == nil {
		return nil
	}
	for _, m := range o.GetExec().Mounts {
		if m.Dest == pb.RootMount {
			continue
		}
		what := strings.ToLower(m.MountType.String())
		switch m.MountType {
		case pb.MountType_SECRET:
			what += " " + m.SecretOpt.GetID() + " ***"
		case pb.MountType_SSH:
			what += " " + m.SSHOpt.GetID()
		case pb.MountType_CACHE:
			what += " " + m.CacheOpt.GetID()
		case pb.MountType_BIND:
			if m.Selector != "" {
				what += " of " + m.Selector
			}
		}
		if m.Readonly {
			what += ", read-only"
		}
		list = append(list, [2]string{m.Dest, what})
	}
	return list
}

// command is the RUN before which the frame stands; nil if it is none.
func (v *View) command() *op {
	in := v.frame.instruction()
	if in == nil || len(in.ops) == 0 {
		return nil
	}
	if o := in.ops[len(in.ops)-1]; o.GetExec() != nil {
		return o
	}
	return nil
}

// Changes are what the last step before the place did to the files of its stage, and its words; of
// what a failed step has left, what that did.
func (v *View) Changes(ctx context.Context) (changes []inspect.Change, step string, err error) {
	if v.Failed() {
		changes, err = v.failedChanges(ctx)
		return changes, strings.TrimSpace(v.failed.in.Text), v.t.d.build.Hidden.HideError(err)
	}
	i := v.frame.next - 1
	if i < 0 || len(v.frame.stage.list[i].ops) == 0 {
		return nil, "", nil
	}
	in := v.frame.stage.list[i]
	last := in.ops[len(in.ops)-1]
	if _, out, err := inspect.Through(last.Op); err != nil || out < 0 {
		return nil, strings.TrimSpace(in.Text), nil // an image, or a step that writes nowhere
	}
	changes, err = v.t.d.inspection(v.t, last.digest).Changes(ctx, 0)
	return changes, strings.TrimSpace(in.Text), err
}

// errNothing is why there is nothing to look at.
var errNothing = errors.New("there are no files here yet: the stage has not begun")

// files are what the engine shows; nil if there are none.
func (v *View) files(ctx context.Context) (inspect.Files, error) {
	if v.Failed() {
		if files, err := v.failedFiles(ctx); err == nil {
			return files, nil
		} // else it did not begin, and has left what was there before
	}
	at := v.frame.files()
	if at == nil {
		return nil, nil
	}
	ref, err := v.t.d.states.get(ctx, v.t.program.graph, at)
	if err != nil || ref == nil {
		return nil, err
	}
	return ref, nil
}

// ReadDir lists a directory, by its path from the root. If there are no files yet, the list is empty.
func (v *View) ReadDir(ctx context.Context, name string) ([]*types.Stat, error) {
	files, err := v.files(ctx)
	if err != nil || files == nil {
		return nil, err
	}
	list, err := files.ReadDir(ctx, gateway.ReadDirRequest{Path: path.Join("/", name)})
	for _, st := range list {
		st.Path = path.Base(st.Path)
	}
	return list, v.t.d.build.Hidden.HideError(err)
}

// ReadFile reads a file, by its path from the root. Secrets of the build are masked.
func (v *View) ReadFile(ctx context.Context, name string) (*inspect.File, error) {
	files, err := v.files(ctx)
	if err != nil {
		return nil, err
	}
	if files == nil {
		return nil, errNothing
	}
	file, err := inspect.ReadFile(ctx, files, path.Join("/", name))
	if err != nil {
		return nil, err
	}
	file.Text = string(v.t.d.build.Hidden.HideValues([]byte(file.Text)))
	return file, nil
}

// process is a shell at the place: with the environment and the mounts of a RUN, before it or in what
// it has left, and else with what is in force.
func (v *View) process(ctx context.Context) (inspect.Process, error) {
	if o := v.command(); o != nil {
		return v.processOf(ctx, o)
	}
	at := v.frame.files()
	if at == nil {
		return inspect.Process{}, errNothing
	}
	root, err := v.t.d.states.get(ctx, v.t.program.graph, at)
	if err != nil {
		return inspect.Process{}, err
	}
	e, err := v.t.base().EnvironmentAt(ctx, v.line())
	if err != nil {
		return inspect.Process{}, err
	}
	o := v.t.program.graph.byID[digestOf(at)]
	p := inspect.ShellIn(&pb.ExecOp{Meta: &pb.Meta{Cwd: cmp.Or(e.Dir, "/"), Env: e.Env, User: e.User, Args: []string{inspect.ShellOf(e.Shell)}}}, o.Platform)
	p.Mounts = []gateway.Mount{{Dest: pb.RootMount, Ref: root}}
	return p, nil
}

// processOf is a shell in the place of a command.
func (v *View) processOf(ctx context.Context, o *op) (inspect.Process, error) {
	exec := o.GetExec()
	p := inspect.ShellIn(exec, o.Platform)
	var left []string
	if v.Failed() {
		left = v.failed.solve.Solve.MountIDs
	}
	for i, m := range exec.Mounts {
		at := inspect.MountOf(m)
		switch {
		case i < len(left) && left[i] != "":
			at.ResultID = left[i]
		case m.Input >= 0:
			ref, err := v.t.d.states.get(ctx, v.t.program.graph, o.Inputs[m.Input])
			if err != nil {
				return p, err
			}
			at.Ref = ref
		}
		p.Mounts = append(p.Mounts, at)
	}
	return p, nil
}

// Run has the shell of the place run a command, and returns its exit code. Both outputs go to out, as
// they come; secrets of the build are masked. What the command writes is gone afterwards. It ends
// with ctx.
func (v *View) Run(ctx context.Context, command string, out io.Writer) (int, error) {
	p, err := v.process(ctx)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(v.t.d.ctx, func() { cancel(errOver) })()
	p.Tty, p.Args = false, append(v.shellWords(ctx, p), command)
	masked := &maskedWriter{out: out, mask: v.t.d.build.Hidden}
	defer masked.Close()
	none := io.NopCloser(strings.NewReader(""))
	resize := make(chan attach.Size)
	defer close(resize)
	code, err := p.Run(ctx, v.t.d.build.Gateway, attach.Terminal{Stdin: none, Stdout: open{masked}, Resize: resize})
	return code, v.t.d.build.Hidden.HideError(err)
}

// shellWords are the words of SHELL, to which a command is added; without one, those of the process.
func (v *View) shellWords(ctx context.Context, p inspect.Process) []string {
	if e, err := v.t.base().EnvironmentAt(ctx, v.line()); err == nil && len(e.Shell) > 1 && inspect.ShellOf(e.Shell) == e.Shell[0] {
		return slices.Clone(e.Shell)
	}
	return append(p.Args, "-c")
}

// Shell runs a shell in a terminal until it ends.
func (v *View) Shell(ctx context.Context, terminal attach.Terminal) (int, error) {
	p, err := v.process(ctx)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(v.t.d.ctx, func() { cancel(errOver) })()
	return p.Run(ctx, v.t.d.build.Gateway, terminal)
}
