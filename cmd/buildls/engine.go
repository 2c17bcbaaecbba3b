package main

import (
	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/engine/embedded/daemon"
)

// engineCommand is `buildls engine`: the embedded engine in this process, until it is told to
// end or has been idle.
func engineCommand(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "engine [flags]",
		Short: "the embedded engine (started when it is needed)",
		Long: `Runs the embedded engine, until it is told to end or nobody has called it for a while.
Builds start it when they need it.`,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return exit(daemon.Main(args, std.out, std.err))
		},
	}
}
