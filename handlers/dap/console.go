package dap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build/debug"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/build/lazyregexp"
)

var (
	variableText = lazyregexp.New(`^\s*\$(?:(\w+)|\{(\w+)\})\s*$`)
	nameText     = lazyregexp.New(`^\w+$`)
	special      = lazyregexp.New(`[\s"'$&();<>\\|*?\[\]#~` + "`" + `]`) // to a shell
	shellText    = lazyregexp.New(`^\s*(?:sh|ash|bash|dash|zsh)\s*$`)
)

// frameOf is the frame that a request names, else the innermost of the first thread that stands.
func (s *session) frameOf(id int) (*debug.Frame, error) {
	if id != 0 {
		return s.handles.frame(id)
	}
	s.mu.Lock()
	r := s.run
	s.mu.Unlock()
	if r == nil {
		return nil, errNoBuild
	}
	for _, t := range r.Threads {
		if frames := t.Frames(); len(frames) > 0 {
			return &frames[0], nil
		}
	}
	return nil, errors.New("the build is running; pause it first")
}

// evaluate says what a variable is, or runs a command of the console. Only what is typed there is run.
func (s *session) evaluate(ctx context.Context, a *dap.EvaluateArguments) (body dap.EvaluateResponseBody, err error) {
	frame, err := s.frameOf(a.FrameId)
	if err != nil {
		return body, err
	}
	console := a.Context == "repl" || a.Context == ""
	name := ""
	if m := variableText.FindStringSubmatch(a.Expression); m != nil {
		name = m[1] + m[2]
	} else if !console && nameText.MatchString(a.Expression) {
		name = a.Expression
	}
	switch {
	case name != "":
		body.Result, err = frame.Variable(ctx, name)
		return body, err
	case !console:
		return body, errors.New("only a variable has a value here, such as $PATH; the console runs commands")
	case strings.TrimSpace(a.Expression) == "":
		return body, nil
	case shellText.MatchString(a.Expression):
		return body, s.shell(frame)
	}
	code, err := frame.Run(ctx, a.Expression, &consoleWriter{session: s})
	if none := (*inspect.NoProgramError)(nil); errors.As(err, &none) {
		err = fmt.Errorf("%w, so that no command can be run here", err)
	}
	if code != 0 {
		body.Result = fmt.Sprintf("exit code %d", code)
	}
	return body, err
}

// consoleWriter shows what a command prints.
type consoleWriter struct {
	*session
	whole wholeRunes
}

func (w *consoleWriter) Write(p []byte) (int, error) {
	if text := w.whole.take(string(p)); text != "" {
		w.output("stdout", text, nil)
	}
	return len(p), nil
}

// shell opens a shell in a terminal of the editor.
func (s *session) shell(frame *debug.Frame) error {
	if !s.terminal {
		return errors.New("this editor opens no terminal for a debugger; commands can be run one by one")
	}
	command, err := s.host.Terminal(frame.Shell)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = os.TempDir()
	}
	terminal := dap.RunInTerminalRequestArguments{Kind: "integrated", Title: "Shell in " + frame.Stage, Cwd: dir, Args: command}
	s.works.Go(func() { // an editor may open no terminal while it waits for the answer
		if err := s.ask(s.ctx, "runInTerminal", &dap.RunInTerminalRequest{Arguments: terminal}); err != nil && s.ctx.Err() == nil {
			s.output("important", err.Error()+"\n", nil)
		}
	})
	return nil
}

// complete offers variables behind $, and else files.
func (s *session) complete(ctx context.Context, a *dap.CompletionsArguments) ([]dap.CompletionItem, error) {
	list := []dap.CompletionItem{}
	frame, err := s.frameOf(a.FrameId)
	if err != nil {
		return list, err
	}
	units := utf16.Encode([]rune(a.Text))
	column := min(max(a.Column-s.columns, 0), len(units))
	typed := string(utf16.Decode(units[:column]))
	word := typed[strings.LastIndexAny(typed, " \t;|&<>(=\"'")+1:]
	offer := func(label, kind string, replaced string) {
		n := len(utf16.Encode([]rune(replaced)))
		item := dap.CompletionItem{Label: label, Type: dap.CompletionItemType(kind), Start: column - n + s.columns, Length: n}
		if quoted := special.ReplaceAllString(label, `\$0`); quoted != label {
			item.Text = quoted
		}
		list = append(list, item)
	}
	if i := strings.LastIndexByte(word, '$'); i >= 0 {
		begun := strings.TrimPrefix(word[i+1:], "{")
		names, err := s.names(ctx, frame)
		for _, name := range names {
			if strings.HasPrefix(name, begun) {
				offer(name, "variable", begun)
			}
		}
		return list, err
	}
	e, err := frame.Image(ctx)
	if err != nil {
		return list, err
	}
	dir, begun := path.Split(word)
	at := dir
	if !path.IsAbs(at) {
		at = path.Join("/", e.Dir, at)
	}
	found, err := frame.ReadDir(ctx, at)
	if err != nil {
		return list, nil // there is no such directory
	}
	for _, st := range found {
		switch {
		case !strings.HasPrefix(st.Path, begun) || begun == "" && strings.HasPrefix(st.Path, "."):
		case os.FileMode(st.Mode).IsDir():
			offer(st.Path+"/", "file", begun)
		default:
			offer(st.Path, "file", begun)
		}
	}
	return list, nil
}

// names are those of the variables at a frame, sorted.
func (s *session) names(ctx context.Context, frame *debug.Frame) (names []string, err error) {
	e, err := frame.Image(ctx)
	if err != nil {
		return nil, err
	}
	for _, pair := range e.Env {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	all, err := frame.Arguments(ctx)
	for _, a := range all {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}
