package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/engine/embedded/daemon"
)

// engineCommand is `buildls engine`: the embedded engine in this process, until it is told to
// end or has been idle.
func engineCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "engine [flags]",
		Short: "the embedded engine (started when it is needed)",
		Long: `Runs the embedded engine, until it is told to end or nobody has called it for a while.
Builds start it when they need it.

exit code: 0 ended as asked or by idling, 1 failed, 2 wrong usage, 3 another engine runs`,
	}
	o := daemon.Options{Idle: daemon.DefaultIdle}
	value(cmd, "root", "DIR", "the engine's state (default $XDG_DATA_HOME/buildls/engine)", setTo(&o.Root))
	value(cmd, "socket", "PATH", "the socket (default $XDG_RUNTIME_DIR/buildls/engine.sock)", setTo(&o.Socket))
	value(cmd, "config", "FILE", "BuildKit's configuration (default ~/.config/buildkit/buildkitd.toml)", setTo(&o.Config))
	value(cmd, "idle", "TIME", "end after so much time without a call, 0 is never (default 10m)",
		parseTo(&o.Idle, time.ParseDuration))
	cmd.Flags().BoolVar(&o.Debug, "debug", false, "log in detail")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		code, err := daemon.Main(o, args, std.err)
		if err != nil {
			return err
		}
		return exitCode(code)
	}
	return cmd
}
