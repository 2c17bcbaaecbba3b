package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// spell writes a command line as cobra reads it. Without a command it is the server's, and a
// flag may have one dash or two, whatever its length: editors and scripts write both.
func spell(root *cobra.Command, args []string) []string {
	if len(args) == 0 {
		return []string{"serve"}
	}
	switch args[0] {
	case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		spelt := append(args[:1:1], spell(root, args[1:])...)
		if len(args) > 1 { // the last word is not finished
			spelt[len(spelt)-1] = args[len(args)-1]
		}
		return spelt
	case "-h", "--h", "-help", "--help":
		return []string{"help"}
	}
	if strings.HasPrefix(args[0], "-") {
		args = append([]string{"serve"}, args...)
	}
	cmd, _, _ := root.Find(args[:1])
	cmd.InitDefaultHelpFlag()
	return append(args[:1:1], dashes(cmd.Flags(), args[1:])...)
}

// dashes gives long flags two dashes, and short ones a single one.
func dashes(flags *pflag.FlagSet, args []string) (spelt []string) {
	for len(args) > 0 && args[0] != "--" {
		arg, wantsValue := dash(flags, args[0])
		spelt, args = append(spelt, arg), args[1:]
		if wantsValue && len(args) > 0 {
			spelt, args = append(spelt, args[0]), args[1:]
		}
	}
	return append(spelt, args...)
}

// dash does so for one argument, and says whether the next one is its value.
func dash(flags *pflag.FlagSet, arg string) (spelt string, wantsValue bool) {
	word, isFlag := strings.CutPrefix(arg, "-")
	word, double := strings.CutPrefix(word, "-")
	name, _, hasValue := strings.Cut(word, "=")
	if f := flags.Lookup(name); isFlag && len(name) > 1 && f != nil {
		return "--" + word, !hasValue && f.NoOptDefVal == ""
	}
	if !isFlag || double && len(name) > 1 {
		return arg, false
	}
	for i := range len(name) { // short flags may stand together
		f := flags.ShorthandLookup(name[i : i+1])
		if f == nil {
			return arg, false
		}
		if f.NoOptDefVal == "" {
			return "-" + word, i+1 == len(word)
		}
	}
	return "-" + word, false
}

// An option is the value of a flag.
type option struct {
	name string // what help calls it
	set  func(string) error
}

func (o option) Set(s string) error { return o.set(s) }
func (o option) Type() string       { return o.name }
func (option) String() string       { return "" }
func (option) GetSlice() []string   { return nil } // a shell may offer the flag again

// value adds a flag that has a value. names is "long", or "s,long" if there is a short one too.
func value(cmd *cobra.Command, names, value, words string, set func(string) error) {
	short, name, both := strings.Cut(names, ",")
	if !both {
		short, name = "", names
	}
	cmd.Flags().VarP(option{value, set}, name, short, words)
}

// setTo sets a string.
func setTo(to *string) func(string) error {
	return func(s string) error {
		*to = s
		return nil
	}
}

// parseTo sets what a function reads.
func parseTo[T any](to *T, parse func(string) (T, error)) func(string) error {
	return func(s string) (err error) {
		*to, err = parse(s)
		return err
	}
}

// appendTo adds to a list.
func appendTo(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, s)
		return nil
	}
}

// appendParsed is likewise, for what a function reads.
func appendParsed[T any](list *[]T, parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		v, err := parse(s)
		*list = append(*list, v)
		return err
	}
}

// appendEach is likewise, for values with commas between.
func appendEach(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, strings.Split(s, ",")...)
		return nil
	}
}

// noArgs refuses arguments.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("it takes no arguments: %q", args)
	}
	return nil
}

// unknownCommand is the error for a name that no command has, and none of what else there is.
func unknownCommand(root *cobra.Command, name string, names ...string) error {
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return suggest.WrapError(fmt.Errorf("unknown command %q", name), name, names, true)
}

// didYouMean names the flag that is like an unknown one.
func didYouMean(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	name := cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())
	if len(name) < 3 { // it is like too many
		return err
	}
	return suggest.WrapError(err, "--"+name, names, true)
}
