package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpCommand is `buildls help`.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC|RULE]",
		Short: "this help, that of a command, or the page of a topic",
		Long: `Says what a command does and which flags it has, or shows the page of a topic, or what a rule
of buildls check is for.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				err := cmd.Root().Help()
				fmt.Fprintln(cmd.OutOrStdout())
				writeTopics(cmd.OutOrStdout())
				return err
			}
			if t, ok := helpTopic(args[0]); ok {
				fmt.Fprint(cmd.OutOrStdout(), t.text)
				return nil
			}
			if of, _, err := cmd.Root().Find(args); err == nil && of != cmd.Root() {
				err := of.Help()
				if text, ok := helpRule(args[0]); ok { // shell is both
					fmt.Fprintf(cmd.OutOrStdout(), "\n%s", text)
				}
				return err
			}
			if text, ok := helpRule(args[0]); ok {
				fmt.Fprint(cmd.OutOrStdout(), text)
				return nil
			}
			var topics []string
			for _, t := range helpTopics() {
				topics = append(topics, t.name)
			}
			return unknownCommand(cmd.Root(), args[0], topics...)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			return complete(func([]string, string) (names []string) {
				for _, c := range cmd.Root().Commands() {
					if len(args) == 0 && !c.Hidden {
						names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
					}
				}
				for _, t := range helpTopics() {
					if len(args) == 0 {
						names = append(names, cobra.CompletionWithDesc(t.name, t.line))
					}
				}
				return names
			})(cmd, args, word)
		},
	}
}

// showHelp shows what a command does, its commands and its flags.
func showHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s\n%s\n", usageOf(cmd), cmd.Long)
	if cmd.HasSubCommands() {
		fmt.Fprint(w, "\ncommands:\n")
		for _, c := range cmd.Commands() {
			use, _, _ := strings.Cut(c.Use, "\n")
			writeRow(w, "  "+use, c.Short, 40)
		}
	}
	own := cmd.NonInheritedFlags()
	if own.HasAvailableFlags() {
		fmt.Fprint(w, "\nflags:\n")
	}
	own.VisitAll(func(f *pflag.Flag) {
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		if f.NoOptDefVal == "" {
			name += " " + f.Value.Type()
		}
		if !f.Hidden {
			writeRow(w, name, f.Usage, 27)
		}
	})
}

// writeRow writes a name and, from a column on, what is said of it.
func writeRow(w io.Writer, name, said string, column int) {
	indent := "\n" + strings.Repeat(" ", column)
	if len(name) >= column {
		name += indent
	}
	fmt.Fprintf(w, "%-*s%s\n", column, name, strings.ReplaceAll(said, "\n", indent))
}

// usageOf are the forms of a command.
func usageOf(cmd *cobra.Command) string {
	path := strings.TrimSuffix(cmd.CommandPath(), cmd.Name())
	forms := strings.Split(cmd.Use, "\n")
	return "usage: " + path + strings.Join(forms, "\n       "+path) + "\n"
}
