package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/build/lint/shellcheck"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
)

// This file is the one description of the settings and the commands. What the server
// accepts and announces, the tables of the help, and what the VS Code extension's
// manifest says of them, come from it.

// A setting is one of buildls.*.
type setting struct {
	Name        string
	Type        string   // in JSON
	Default     string   // in JSON
	Values      []string // that a string may have; nil: any
	Members     []string // values that each member of an object may have; nil: any
	Machine     bool     // it belongs to the machine rather than to the project
	Description string
	set         func(*Settings, json.RawMessage) error
}

var settings = []setting{
	{
		Name: "engine", Type: "string", Default: `"auto"`, Machine: true,
		Description: "Where builds run: `auto`, `docker`, `embedded`, `builder:NAME` (as `docker buildx ls` names it), or the address of a buildkitd (`unix:///run/buildkit/buildkitd.sock`, `tcp://host:1234`).",
		set:         text(func(s *Settings) *string { return &s.Engine }, checkEngine),
	},
	{
		Name: "engineConfig", Type: "string", Default: `""`, Machine: true,
		Description: "The file of the embedded engine's configuration, an absolute path. It is BuildKit's own `buildkitd.toml`: mirrors, certificates, limits. If this is empty, the first of `$BUILDLS_ENGINE_CONFIG`, `~/.config/buildkit/buildkitd.toml` and `/etc/buildkit/buildkitd.toml` counts. A change counts from the next build on.",
		set:         text(func(s *Settings) *string { return &s.EngineConfig }, checkAbsolute),
	},
	{
		Name: "offlineFrontend", Type: "string", Default: `"fail"`, Values: []string{plan.OfflineFail, plan.OfflineBuiltin}, Machine: true,
		Description: "What to do with a Dockerfile that asks for a front end (`# syntax=docker/dockerfile:1`) whose registry is not reached: the build fails (`fail`), or the front end that is in the embedded engine builds, if it is as new as what is asked for, and a warning says so (`builtin`).",
		set:         text(func(s *Settings) *string { return &s.OfflineFrontend }, nil),
	},
	{
		Name: "context", Type: "string", Default: `"workspace"`,
		Description: "The build context: `workspace` (the folder that is open, else the Dockerfile's own), `dockerfileDir` (the Dockerfile's own), a path, absolute or relative to the workspace folder, or a git or http(s) URL.",
		set:         text(func(s *Settings) *string { return &s.Context }, nil),
	},
	{
		Name: "overlay", Type: "string", Default: `"all"`, Values: []string{"all", "dockerfile"},
		Description: "Which unsaved buffers replace their files in a build: `all` in the context, or the `dockerfile` only.",
		set:         text(func(s *Settings) *string { return &s.Overlay }, nil),
	},
	{
		Name: "buildOn", Type: "string", Default: `"command"`, Values: []string{buildOnCommand, buildOnSave, buildOnType},
		Description: "What builds a Dockerfile: the `command` alone; `save`, too, as by the command without an argument; or `type`: when you pause, buildls builds what you have written, quietly, and leaves nothing but what is in the engine's cache. In a restricted window it is `command`.",
		set:         text(func(s *Settings) *string { return &s.BuildOn }, nil),
	},
	{
		Name: "buildOnType.delay", Type: "number", Default: `300`,
		Description: "With `buildOn` `type`: how many milliseconds to wait after an edit before the text is built.",
		set:         setDelay(func(s *Settings) *time.Duration { return &s.BuildOnTypeDelay }),
	},
	{
		Name: "buildOnType.stopAfter", Type: "number", Default: `30`,
		Description: "With `buildOn` `type`: after how many minutes in which you type and build nothing it rests until you type again. `0` is never.",
		set:         setDuration(func(s *Settings) *time.Duration { return &s.BuildOnTypeStopAfter }, "minutes", time.Minute, 24*time.Hour),
	},
	{
		Name: "onSave", Type: "string", Default: `"nothing"`, Values: []string{"nothing", "build"},
		Description: "The old name of `buildOn`: `build` is `save`, and counts if `buildOn` is `command`.",
		set:         text(func(s *Settings) *string { return &s.OnSave }, nil),
	},
	{
		Name: "policy", Type: "string", Default: `"refuse"`, Values: []string{plan.PolicyRefuse, plan.PolicyIgnore}, Machine: true,
		Description: "What to do with a Dockerfile that has a policy beside it (`Dockerfile.rego`), or with a bake target that names one. buildls cannot evaluate policies. It does not build such a Dockerfile (`refuse`), or it builds without the policy (`ignore`).",
		set:         text(func(s *Settings) *string { return &s.Policy }, nil),
	},
	{
		Name: "build", Type: "object", Default: `{}`,
		Description: "Defaults for builds. Each key is a pattern for the Dockerfile's path in the workspace folder, each value an argument of `buildls.build`, as in `{\"**/api/Dockerfile\": {\"target\": \"dev\"}}`. A longer pattern wins over a shorter one.",
		set:         setBuilds,
	},
	{
		Name: "profiles", Type: "object", Default: `{}`,
		Description: "Builds with a name, in addition to the services and targets of compose and bake files. Each value is an argument of `buildls.build`, as in `{\"ci\": {\"uri\": \"app/Dockerfile\", \"tags\": [\"app:ci\"]}}`.",
		set:         setProfiles,
	},
	{
		Name: "lint.rules", Type: "string", Default: `"recommended"`, Values: practice.Sets,
		Description: "Which rules a Dockerfile is held to beside BuildKit's own, by hadolint's numbers: none (`buildkit`), those about what fails, cannot be repeated or leaks (`recommended`), or `all`. A `.hadolint.yaml` of the project decides in place of `recommended`.",
		set:         text(func(s *Settings) *string { return &s.LintRules }, nil),
	},
	{
		Name: "lint.shellcheck", Type: "string", Default: `"auto"`, Machine: true,
		Description: "Whether ShellCheck looks at the shell in a Dockerfile, when you pause: the one on the PATH if there is one (`auto`), none (`off`), or the program at an absolute path. Its warnings are shown, with `lint.rules` `all` its notes too, with `buildkit` nothing. In a restricted window it is `off`.",
		set:         text(func(s *Settings) *string { return &s.LintShellCheck }, shellcheck.Accepts),
	},
	{
		Name: "lint.severity", Type: "object", Default: `{}`, Members: []string{"off", "hint", "info", "warning", "error"},
		Description: "How severe a rule is. Each key is the name of a rule, hadolint's number of one, or `syntax`. Each value is `off`, `hint`, `info`, `warning` or `error`, as in `{\"JSONArgsRecommended\": \"off\"}`.",
		set:         setSeverity,
	},
	{
		Name: "lint.delay", Type: "number", Default: `0`,
		Description: "How many milliseconds to wait after a change before the text is checked.",
		set:         setDelay(func(s *Settings) *time.Duration { return &s.LintDelay }),
	},
	{
		Name: "editing", Type: "string", Default: `"auto"`, Values: []string{"auto", editingOn, editingOff},
		Description: "Whether buildls helps to write a Dockerfile: completion, names, outline, what a word means. `auto` is `off` where an editor knows that another extension does that, and else `on`.",
		set:         text(func(s *Settings) *string { return &s.Editing }, nil),
	},
	{
		Name: "format.shell", Type: "boolean", Default: "false",
		Description: "Whether formatting also lays out the shell of RUN. The steps that it changes run again in the next build, and do the same as before. The editor shows how many there are.",
		set:         setFormatShell,
	},
	{
		Name: "format.operators", Type: "string", Default: `"first"`, Values: []string{operatorsFirst, operatorsLast},
		Description: "Where `&&`, `||` and `|` stand if `format.shell` lays out a command of several lines: `first` in the next line, or `last` in the one before.",
		set:         text(func(s *Settings) *string { return &s.FormatOperators }, nil),
	},
	{
		Name: "hints.values", Type: "string", Default: `"on"`, Values: []string{hintsOn, hintsOff},
		Description: "Whether a hint behind a FROM that names its image by a variable says which image that is.",
		set:         text(func(s *Settings) *string { return &s.HintValues }, nil),
	},
	{
		Name: "hints.age", Type: "string", Default: `"off"`, Values: []string{hintsOn, hintsOff},
		Description: "Whether a hint behind the image of a FROM says how old it is. buildls asks the image's registry when it shows the Dockerfile, unless `registry` is `nothing`.",
		set:         text(func(s *Settings) *string { return &s.HintAge }, nil),
	},
	{
		Name: "registry", Type: "string", Default: `"tags"`, Values: []string{registryTags, "nothing"},
		Description: "What buildls asks the registry of an image while you write behind its name: its `tags`, and the digest of one, or `nothing`. In a restricted window it is `nothing`.",
		set:         text(func(s *Settings) *string { return &s.Registry }, nil),
	},
	{
		Name: "logLevel", Type: "string", Default: `"info"`, Values: []string{"debug", "info", "warn", "error"},
		Description: "How much the server writes to its log.",
		set:         text(func(s *Settings) *string { return &s.LogLevel }, nil),
	},
}

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
			Description: "Cancels a build. Without `id` it is the newest one that runs.",
			run:         (*Server).commandCancel,
		},
		{
			Name: "buildls.check", Argument: "`uri`", Answer: "`{diagnostics}`",
			Description: "Says what is wrong with a Dockerfile, without building it.",
			run:         (*Server).commandCheck,
		},
		{
			Name: "buildls.targets", Argument: "`uri`", Answer: "`[{name, description, base, platform, default, range}]`",
			Description: "Lists the stages that can be built.",
			run:         (*Server).commandTargets,
		},
		{
			Name: "buildls.profiles", Argument: "`uri`", Answer: "`[{name, description, source, uri, range, argument}]`",
			Description: "Lists the profiles: services, bake targets and those of the settings. Those that build `uri` come first.",
			run:         (*Server).commandProfiles,
		},
		{
			Name: "buildls.context", Argument: "`uri`, `context`, `target`", Answer: "`{context, files, bytes, excluded, largest, byInstruction, secrets, unreadable}`",
			Description: "Says what a build would send of its context, and why. It builds nothing.",
			run:         (*Server).commandContext,
		},
		{
			Name: "buildls.log", Argument: "`id`, `step`", Answer: "`{text}`",
			Description: "Gives the output of a build or of one of its steps, also of an earlier session.",
			run:         (*Server).commandLog,
		},
		{
			Name: "buildls.debug", Argument: "that of `buildls.build`, `stopOnEntry`, `stopOnFailure`", Answer: "`{address}`",
			Description: "Waits for the editor's debugger on a socket, and debugs the build with it: see `buildls help debug`.",
			run:         (*Server).commandDebug,
		},
		{
			Name: "buildls.files", Argument: "`id`, `step`, `path`", Answer: "`[{path, change, bytes}]`",
			Description: "Lists what a step `added`, `changed` and `deleted`, below `path` if that is given. The path of a directory ends with a slash.",
			run:         (*Server).commandFiles,
		},
		{
			Name: "buildls.file", Argument: "`id`, `step`, `path`", Answer: "`{text, bytes, binary, truncated}`",
			Description: "Gives a file as a step left it: its first MiB, or no text if it is binary.",
			run:         (*Server).commandFile,
		},
		{
			Name: "buildls.shell", Argument: "`id`, `step`", Answer: "`{command}`",
			Description: "Gives the command line that opens a shell in a step, for a terminal of the editor. Without `step` it is the step that failed.",
			run:         (*Server).commandShell,
		},
		{
			Name: "buildls.run", Argument: "`id`, `command`", Answer: "`{command, ports}`",
			Description: "Gives the command line that runs the image of a build, for a terminal of the editor. Without `id` it is the newest build that succeeded.",
			run:         (*Server).commandRun,
		},
		{
			Name: "buildls.builds", Argument: "–", Answer: "results, newest first",
			Description: "Lists the builds of this session, also those that run, and earlier builds of Dockerfiles in the open folders.",
			run:         (*Server).commandBuilds,
		},
		{
			Name: "buildls.engine", Argument: "`engine`", Answer: "`{name, address, version, platforms, why, tried}`, and `builder`, `driver`, `node`, `context` where there is one",
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

// text sets a string, checked by check if that is not nil.
func text(field func(*Settings) *string, check func(string) error) func(*Settings, json.RawMessage) error {
	return func(s *Settings, raw json.RawMessage) error {
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			return errors.New("it must be a string")
		}
		if check != nil {
			if err := check(value); err != nil {
				return err
			}
		}
		*field(s) = value
		return nil
	}
}

// check says whether a setting may have a value.
func (d setting) check(raw json.RawMessage) error {
	var value string
	if d.Values == nil || json.Unmarshal(raw, &value) != nil || slices.Contains(d.Values, value) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s", value, strings.Join(d.Values, ", "))
}
