package handlers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/lsp"
)

// This file is the one description of the settings and the commands. What the server
// accepts and announces, and the tables of the README, come from it.

// A setting is one of buildls.*.
type setting struct {
	Name        string
	Default     string
	Values      []string // that it may have; nil: any
	Description string
	field       func(*Settings) *string
	check       func(value string) error // may be nil
}

var settings = []setting{
	{
		Name: "engine", Default: "auto",
		Description: "Where builds run: `auto`, `docker`, `embedded`, or the address of a buildkitd (`unix:///run/buildkit/buildkitd.sock`, `tcp://host:1234`).",
		field:       func(s *Settings) *string { return &s.Engine },
		check:       checkEngine,
	},
	{
		Name: "context", Default: "workspace",
		Description: "The build context: `workspace` (the folder that is open), `dockerfileDir` (the Dockerfile's own), or a path, absolute or relative to the workspace folder.",
		field:       func(s *Settings) *string { return &s.Context },
	},
	{
		Name: "overlay", Default: "all", Values: []string{"all", "dockerfile"},
		Description: "Which unsaved buffers are built instead of their files: `all` that lie in the context, or the `dockerfile` alone.",
		field:       func(s *Settings) *string { return &s.Overlay },
	},
	{
		Name: "logLevel", Default: "info", Values: []string{"debug", "info", "warn", "error"},
		Description: "How much the server writes to its log.",
		field:       func(s *Settings) *string { return &s.LogLevel },
	},
}

// laterSettings are in the contract, and without effect until they work.
var laterSettings = []string{"onSave", "lint", "build", "profiles"}

// A command is one of workspace/executeCommand. Its handler is two-phase.
type command struct {
	Name        string
	Argument    string // the fields of its argument, as in the contract
	Answer      string
	Description string
	run         func(s *Server, argument []byte, params *commandParams) (lsp.Work, error)
}

// commands is filled by init, because handlers refer to it.
var commands []command

func init() {
	commands = []command{
		{
			Name:        "buildls.build",
			Argument:    "`" + strings.Join(buildFields(), "`, `") + "`",
			Answer:      "at once `{id, token}`; with `wait: true` or a `workDoneToken`, the result",
			Description: "Builds a Dockerfile: the buffer, saved or not.",
			run:         (*Server).commandBuild,
		},
		{
			Name: "buildls.cancel", Argument: "`id`", Answer: "`{canceled}`",
			Description: "Cancels a build, the newest that runs if none is named.",
			run:         (*Server).commandCancel,
		},
		{
			Name: "buildls.targets", Argument: "`uri`", Answer: "`[{name, description, base, platform, default, range}]`",
			Description: "Lists the stages that can be built.",
			run:         (*Server).commandTargets,
		},
		{
			Name: "buildls.log", Argument: "`id`, `step`", Answer: "`{text}`",
			Description: "The output of a build, or of one of its steps.",
			run:         (*Server).commandLog,
		},
		{
			Name: "buildls.builds", Argument: "–", Answer: "results, newest first",
			Description: "Lists the builds of this session, those that run included.",
			run:         (*Server).commandBuilds,
		},
		{
			Name: "buildls.engine", Argument: "`engine`", Answer: "`{name, address, version, platforms, why, tried}`",
			Description: "Says which engine would build, and why. It starts none.",
			run:         (*Server).commandEngine,
		},
	}
}

func commandNames() []string {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name
	}
	return names
}

// SettingsTable is the README's table of the settings.
func SettingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | default | |\n|---|---|---|\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "| `buildls.%s` | `%s` | %s |\n", s.Name, s.Default, s.Description)
	}
	return b.String()
}

// CommandsTable is the README's table of the commands.
func CommandsTable() string {
	var b strings.Builder
	b.WriteString("| command | argument | answer | |\n|---|---|---|---|\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, c.Argument, c.Answer, c.Description)
	}
	return b.String()
}

// checkValue says whether a setting may have a value.
func (s setting) checkValue(value string) error {
	if s.Values != nil && !slices.Contains(s.Values, value) {
		return fmt.Errorf("%q is not one of %s", value, strings.Join(s.Values, ", "))
	}
	if s.check != nil {
		return s.check(value)
	}
	return nil
}
