package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/moby/buildkit/util/suggest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/handlers/plan"
	ws "github.com/buildls/buildls/workspace"
)

// completionPatience is how long a shell waits for what could stand behind the cursor.
const completionPatience = time.Second

// completionCommand is `buildls completion`.
func completionCommand(std stdio) *cobra.Command {
	scripts := map[string]func(*cobra.Command, io.Writer) error{
		"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh":        (*cobra.Command).GenZshCompletion,
		"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": (*cobra.Command).GenPowerShellCompletionWithDesc,
	}
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "a script with which a shell completes what you type",
		Long: `Prints a script with which SHELL completes commands, flags, stages, engines, builds and
Dockerfiles. Write it to where the shell looks for it:

  buildls completion bash >~/.local/share/bash-completion/completions/buildls
  buildls completion zsh >"${fpath[1]}/_buildls"
  buildls completion fish >~/.config/fish/completions/buildls.fish
  buildls completion powershell >>$PROFILE

bash needs the package bash-completion.`,
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("it takes one SHELL: " + strings.Join(shells, ", "))
			}
			script := scripts[args[0]]
			if script == nil {
				return suggest.WrapError(fmt.Errorf("unknown shell %q", args[0]), args[0], shells, true)
			}
			return script(cmd.Root(), std.out)
		},
	}
}

// A lister lists what could stand for a word behind arguments.
type lister func(args []string, word string) []string

// complete offers what a lister finds in time. What is wrong with that is not said: the author
// is typing.
func complete(list lister) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) (offered []string, _ cobra.ShellCompDirective) {
		found := make(chan []string, 1)
		go func() { found <- list(args, word) }()
		select {
		case names := <-found:
			for _, name := range names {
				value, _, _ := strings.Cut(name, "\t")
				if strings.HasPrefix(value, word) && !strings.ContainsFunc(value, unicode.IsControl) {
					offered = append(offered, name)
				}
			}
		case <-time.After(completionPatience):
		}
		return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// offer has a flag complete with what a lister finds.
func offer(cmd *cobra.Command, flag string, list lister) {
	cmd.RegisterFlagCompletionFunc(flag, complete(list))
}

// oneOf lists what is known.
func oneOf(names ...string) lister { return func([]string, string) []string { return names } }

// offerNoFiles keeps a shell from offering files for the values of flags that are none.
func offerNoFiles(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch kind := f.Value.Type(); {
		case strings.HasSuffix(kind, "FILE") || strings.HasSuffix(kind, "PATH"):
		case kind == "DIR":
			cmd.RegisterFlagCompletionFunc(f.Name, folders)
		default: // an error says that something is offered
			cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
		}
	})
}

// folders completes one folder.
func folders(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeBuild completes the values of flags of `buildls build`.
func completeBuild(cmd *cobra.Command, t *handlers.TerminalBuild) {
	cmd.RegisterFlagCompletionFunc("file", dockerfiles)
	offer(cmd, "profile", profiles)
	offer(cmd, "target", stagesOf(t))
	offer(cmd, "no-cache-filter", stagesOf(t))
	offer(cmd, "engine", engines)
	offer(cmd, "builder", builders)
	offer(cmd, "network", oneOf("default", "none", "host"))
	offer(cmd, "allow", oneOf("network.host", "security.insecure", "device"))
	offer(cmd, "policy", oneOf("refuse", "ignore"))
	offer(cmd, "offline-frontend", oneOf("fail", "builtin"))
	offer(cmd, "progress", oneOf("auto", "plain", "tty", "quiet", "rawjson"))
}

// stagesOf lists the stages of the Dockerfile that a build would take. A word may be several,
// with commas between.
func stagesOf(t *handlers.TerminalBuild) lister {
	return func(args []string, word string) (names []string) {
		file := t.File
		if file == "" {
			file = filepath.Join(append(args, ".")[0], "Dockerfile")
		}
		text, err := os.ReadFile(ws.New().Snapshot().DockerfileAt(file))
		if err != nil {
			return nil
		}
		stages, _ := dockerfile.Parse(text).Stages()
		before := word[:strings.LastIndex(word, ",")+1]
		for _, s := range stages {
			if s.Name != "" {
				names = append(names, cobra.CompletionWithDesc(before+s.Name, cmp.Or(s.Description, "FROM "+s.Base)))
			}
		}
		return names
	}
}

func profiles([]string, string) []string { return plan.ProfileNames() }

func engines([]string, string) []string { return engine.Addresses() }

func builders([]string, string) []string { return engine.BuilderNames() }

// buildIDs lists the builds that are remembered, by as many letters as `buildls builds` shows.
func buildIDs(args []string, word string) (ids []string) {
	if len(args) > 0 {
		return nil
	}
	for _, b := range handlers.PastBuilds(func(error) {}) {
		id := b.ID
		if len(word) <= shortID {
			id = id[:min(shortID, len(id))]
		}
		about := fmt.Sprintf("%s, %s, %s %s", b.Status, ago(b.Started), dockerfileOf(b), b.Target)
		ids = append(ids, cobra.CompletionWithDesc(id, about))
	}
	return ids
}

// dockerfiles completes Dockerfiles and the folders beside them. Where there is no Dockerfile,
// the shell offers what it finds.
func dockerfiles(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	names, directive := complete(func([]string, string) (names []string) {
		dir, base := filepath.Split(word)
		entries, _ := os.ReadDir(cmp.Or(dir, "."))
		found := false
		for _, e := range entries {
			switch path := dir + e.Name(); {
			case base == "" && strings.HasPrefix(e.Name(), "."):
			case e.IsDir():
				names = append(names, path+string(filepath.Separator))
			case isDockerfile(path):
				names = append(names, path)
				found = found || strings.HasPrefix(path, word)
			}
		}
		if !found {
			return nil
		}
		return names
	})(cmd, args, word)
	if len(names) == 0 {
		directive = cobra.ShellCompDirectiveDefault
	}
	return names, directive
}
