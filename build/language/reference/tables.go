// Code generated from BuildKit's reference by go test -update. DO NOT EDIT.

package reference

// Instructions are the instructions of a Dockerfile; their Values are their flags.
var Instructions = []Entry{
	{Name: "ADD", Text: "Add local or remote files and directories.", URL: "https://docs.docker.com/reference/dockerfile/#add", Syntax: []string{"ADD [OPTIONS] <src> ... <dest>", "ADD [OPTIONS] [\"<src>\", ... \"<dest>\"]"}, Values: []Entry{
		{Name: "--keep-git-dir", Text: "When `<src>` is the HTTP or SSH address of a remote Git repository, BuildKit adds the contents of the Git repository to the image excluding the `.git` directory by default.", URL: "https://docs.docker.com/reference/dockerfile/#add---keep-git-dir", Since: "1.1", Syntax: []string{"ADD [--keep-git-dir=<boolean>] <src> ... <dir>"}, Values: []Entry{
			{Name: "true"},
			{Name: "false"},
		}},
		{Name: "--checksum", Text: "The `--checksum` flag lets you verify the checksum of a remote Git or HTTP resource", URL: "https://docs.docker.com/reference/dockerfile/#add---checksum", Since: "1.6", Syntax: []string{"ADD [--checksum=<hash>] <src> ... <dir>"}},
		{Name: "--chmod", Text: "The `--chmod` flag supports octal notation (e.g., `755`, `644`) and symbolic notation (e.g., `+x`, `g=u`). Symbolic notation (added in Dockerfile version 1.14) is useful when octal isn't flexible enough. For example, `u=rwX,go=rX` sets directories to 755 and files to 644, while preserving the executable bit on files that already have it. (Capital `X` means \"executable only if it's a directory or already executable.\")", URL: "https://docs.docker.com/reference/dockerfile/#copy---chmod", Since: "1.2", Syntax: []string{"COPY [--chmod=<perms>] <src> ... <dest>"}},
		{Name: "--chown", Text: "Sets ownership of copied files. Without this flag, files are created with UID and GID of 0.", URL: "https://docs.docker.com/reference/dockerfile/#copy---chown", Syntax: []string{"COPY [--chown=<user>:<group>] <src> ... <dest>"}},
		{Name: "--link", Text: "Enabling this flag in `COPY` or `ADD` commands allows you to copy files with enhanced semantics where your files remain independent on their own layer and don't get invalidated when commands on previous layers are changed.", URL: "https://docs.docker.com/reference/dockerfile/#copy---link", Since: "1.4", Syntax: []string{"COPY [--link[=<boolean>]] <src> ... <dest>"}, Values: []Entry{
			{Name: "true"},
			{Name: "false"},
		}},
		{Name: "--unpack", Text: "The `--unpack` flag controls whether or not to automatically unpack tar archives (including compressed formats like `gzip`, `bzip2`, `xz` or `zstd`) when adding them to the image. Local tar archives are unpacked by default, whereas remote tar archives (where `src` is a URL) are downloaded without unpacking.", URL: "https://docs.docker.com/reference/dockerfile/#add---unpack", Since: "1.17", Syntax: []string{"ADD [--unpack=<bool>] <src> ... <dir>"}, Values: []Entry{
			{Name: "true"},
			{Name: "false"},
		}},
		{Name: "--exclude", Text: "The `--exclude` flag lets you specify a path expression for files to be excluded.", URL: "https://docs.docker.com/reference/dockerfile/#copy---exclude", Since: "1.19", Syntax: []string{"COPY [--exclude=<path> ...] <src> ... <dest>"}},
	}},
	{Name: "ARG", Text: "Use build-time variables.", URL: "https://docs.docker.com/reference/dockerfile/#arg", Syntax: []string{"ARG <name>[=<default value>] [<name>[=<default value>]...]"}},
	{Name: "CMD", Text: "Specify default commands.", URL: "https://docs.docker.com/reference/dockerfile/#cmd", Syntax: []string{"CMD [\"executable\",\"param1\",\"param2\"]", "CMD [\"param1\",\"param2\"]"}},
	{Name: "COPY", Text: "Copy files and directories.", URL: "https://docs.docker.com/reference/dockerfile/#copy", Syntax: []string{"COPY [OPTIONS] <src> ... <dest>", "COPY [OPTIONS] [\"<src>\", ... \"<dest>\"]"}, Values: []Entry{
		{Name: "--from", Text: "By default, the `COPY` instruction copies files from the build context. The `COPY --from` flag lets you copy files from an image, a build stage, or a named context instead.", URL: "https://docs.docker.com/reference/dockerfile/#copy---from", Syntax: []string{"COPY [--from=<image|stage|context>] <src> ... <dest>"}},
		{Name: "--chmod", Text: "The `--chmod` flag supports octal notation (e.g., `755`, `644`) and symbolic notation (e.g., `+x`, `g=u`). Symbolic notation (added in Dockerfile version 1.14) is useful when octal isn't flexible enough. For example, `u=rwX,go=rX` sets directories to 755 and files to 644, while preserving the executable bit on files that already have it. (Capital `X` means \"executable only if it's a directory or already executable.\")", URL: "https://docs.docker.com/reference/dockerfile/#copy---chmod", Since: "1.2", Syntax: []string{"COPY [--chmod=<perms>] <src> ... <dest>"}},
		{Name: "--chown", Text: "Sets ownership of copied files. Without this flag, files are created with UID and GID of 0.", URL: "https://docs.docker.com/reference/dockerfile/#copy---chown", Syntax: []string{"COPY [--chown=<user>:<group>] <src> ... <dest>"}},
		{Name: "--link", Text: "Enabling this flag in `COPY` or `ADD` commands allows you to copy files with enhanced semantics where your files remain independent on their own layer and don't get invalidated when commands on previous layers are changed.", URL: "https://docs.docker.com/reference/dockerfile/#copy---link", Since: "1.4", Syntax: []string{"COPY [--link[=<boolean>]] <src> ... <dest>"}, Values: []Entry{
			{Name: "true"},
			{Name: "false"},
		}},
		{Name: "--parents", Text: "The `--parents` flag preserves parent directories for `src` entries. This flag defaults to `false`.", URL: "https://docs.docker.com/reference/dockerfile/#copy---parents", Since: "1.20", Syntax: []string{"COPY [--parents[=<boolean>]] <src> ... <dest>"}, Values: []Entry{
			{Name: "true"},
			{Name: "false"},
		}},
		{Name: "--exclude", Text: "The `--exclude` flag lets you specify a path expression for files to be excluded.", URL: "https://docs.docker.com/reference/dockerfile/#copy---exclude", Since: "1.19", Syntax: []string{"COPY [--exclude=<path> ...] <src> ... <dest>"}},
	}},
	{Name: "ENTRYPOINT", Text: "Specify default executable.", URL: "https://docs.docker.com/reference/dockerfile/#entrypoint", Syntax: []string{"ENTRYPOINT [\"executable\", \"param1\", \"param2\"]"}},
	{Name: "ENV", Text: "Set environment variables.", URL: "https://docs.docker.com/reference/dockerfile/#env", Syntax: []string{"ENV <key>=<value> [<key>=<value>...]"}},
	{Name: "EXPOSE", Text: "Describe which ports your application is listening on.", URL: "https://docs.docker.com/reference/dockerfile/#expose", Syntax: []string{"EXPOSE <port> [<port>/<protocol>...]"}},
	{Name: "FROM", Text: "Create a new build stage from a base image.", URL: "https://docs.docker.com/reference/dockerfile/#from", Syntax: []string{"FROM [--platform=<platform>] <image> [AS <name>]", "FROM [--platform=<platform>] <image>[:<tag>] [AS <name>]", "FROM [--platform=<platform>] <image>[@<digest>] [AS <name>]"}, Values: []Entry{
		{Name: "--platform", Text: "The optional `--platform` flag can be used to specify the platform of the image in case `FROM` references a multi-platform image. For example, `linux/amd64`, `linux/arm64`, or `windows/amd64`. By default, the target platform of the build request is used. Global build arguments can be used in the value of this flag, for example [automatic platform ARGs](https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope) allow you to force a stage to native build platform (`--platform=$BUILDPLATFORM`), and use it to cross-compile to the target platform inside the stage.", URL: "https://docs.docker.com/reference/dockerfile/#from"},
	}},
	{Name: "HEALTHCHECK", Text: "Check a container's health on startup.", URL: "https://docs.docker.com/reference/dockerfile/#healthcheck", Syntax: []string{"HEALTHCHECK [OPTIONS] CMD command"}, Values: []Entry{
		{Name: "--interval", Text: "The health check will first run **interval** seconds after the container is started, and then again **interval** seconds after each previous check completes. During the **start period**, health checks run at **start interval** frequency instead. Default: `30s`.", URL: "https://docs.docker.com/reference/dockerfile/#healthcheck", Syntax: []string{"--interval=DURATION"}},
		{Name: "--timeout", Text: "If a single run of the check takes longer than **timeout** seconds then the check is considered to have failed. The process performing the check is abruptly stopped with a `SIGKILL`. Default: `30s`.", URL: "https://docs.docker.com/reference/dockerfile/#healthcheck", Syntax: []string{"--timeout=DURATION"}},
		{Name: "--start-period", Text: "The health check will first run **interval** seconds after the container is started, and then again **interval** seconds after each previous check completes. During the **start period**, health checks run at **start interval** frequency instead. Default: `0s`.", URL: "https://docs.docker.com/reference/dockerfile/#healthcheck", Syntax: []string{"--start-period=DURATION"}},
		{Name: "--start-interval", Text: "The health check will first run **interval** seconds after the container is started, and then again **interval** seconds after each previous check completes. During the **start period**, health checks run at **start interval** frequency instead. Default: `5s`.", URL: "https://docs.docker.com/reference/dockerfile/#healthcheck", Syntax: []string{"--start-interval=DURATION"}},
		{Name: "--retries", Text: "It takes **retries** consecutive failures of the health check for the container to be considered `unhealthy`. Default: `3`.", URL: "https://docs.docker.com/reference/dockerfile/#healthcheck", Syntax: []string{"--retries=N"}},
	}},
	{Name: "LABEL", Text: "Add metadata to an image.", URL: "https://docs.docker.com/reference/dockerfile/#label", Syntax: []string{"LABEL <key>=<value> [<key>=<value>...]"}},
	{Name: "MAINTAINER", Text: "Specify the author of an image.", URL: "https://docs.docker.com/reference/dockerfile/#maintainer-deprecated", Syntax: []string{"MAINTAINER <name>"}, Deprecated: true},
	{Name: "ONBUILD", Text: "Specify instructions for when the image is used in a build.", URL: "https://docs.docker.com/reference/dockerfile/#onbuild", Syntax: []string{"ONBUILD <INSTRUCTION>"}},
	{Name: "RUN", Text: "Execute build commands.", URL: "https://docs.docker.com/reference/dockerfile/#run", Syntax: []string{"RUN [OPTIONS] <command> ...", "RUN [OPTIONS] [ \"<command>\", ... ]", "RUN <<EOF"}, Values: []Entry{
		{Name: "--device", Text: "`RUN --device` allows build to request [CDI devices](https://github.com/moby/buildkit/blob/master/docs/cdi.md) to be available to the build step.", URL: "https://docs.docker.com/reference/dockerfile/#run---device", Since: "1.27", Syntax: []string{"RUN --device=name,[required]"}},
		{Name: "--mount", Text: "`RUN --mount` allows you to create filesystem mounts that the build can access.", URL: "https://docs.docker.com/reference/dockerfile/#run---mount", Since: "1.2", Syntax: []string{"RUN --mount=[type=<TYPE>][,option=<value>[,option=<value>]...]"}},
		{Name: "--network", Text: "`RUN --network` allows control over which networking environment the command is run in.", URL: "https://docs.docker.com/reference/dockerfile/#run---network", Since: "1.3", Syntax: []string{"RUN --network=<TYPE>"}, Values: []Entry{
			{Name: "default", Text: "Run in the default network.", URL: "https://docs.docker.com/reference/dockerfile/#run---networkdefault", Default: true},
			{Name: "none", Text: "Run with no network access.", URL: "https://docs.docker.com/reference/dockerfile/#run---networknone"},
			{Name: "host", Text: "Run in the host's network environment.", URL: "https://docs.docker.com/reference/dockerfile/#run---networkhost"},
		}},
		{Name: "--security", Text: "The default security mode is `sandbox`. With `--security=insecure`, the builder runs the command without sandbox in insecure mode, which allows to run flows requiring elevated privileges (e.g. containerd). This is equivalent to running `docker run --privileged`.", URL: "https://docs.docker.com/reference/dockerfile/#run---security", Since: "1.20", Syntax: []string{"RUN --security=<sandbox|insecure>"}, Values: []Entry{
			{Name: "sandbox"},
			{Name: "insecure"},
		}},
	}},
	{Name: "SHELL", Text: "Set the default shell of an image.", URL: "https://docs.docker.com/reference/dockerfile/#shell", Syntax: []string{"SHELL [\"executable\", \"parameters\"]", "SHELL [\"powershell\", \"-command\"]", "SHELL [\"cmd\", \"/S\", \"/C\"]"}},
	{Name: "STOPSIGNAL", Text: "Specify the system call signal for exiting a container.", URL: "https://docs.docker.com/reference/dockerfile/#stopsignal", Syntax: []string{"STOPSIGNAL signal"}},
	{Name: "USER", Text: "Set user and group ID.", URL: "https://docs.docker.com/reference/dockerfile/#user", Syntax: []string{"USER <user>[:<group>]", "USER <UID>[:<GID>]"}},
	{Name: "VOLUME", Text: "Create volume mounts.", URL: "https://docs.docker.com/reference/dockerfile/#volume", Syntax: []string{"VOLUME [\"/data\"]"}},
	{Name: "WORKDIR", Text: "Change working directory.", URL: "https://docs.docker.com/reference/dockerfile/#workdir", Syntax: []string{"WORKDIR /path/to/workdir"}},
}

// MountTypes are the types of RUN --mount; their Values are their keys.
var MountTypes = []Entry{
	{Name: "bind", Text: "Bind-mount context directories (read-only).", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypebind", Default: true, Values: []Entry{
		{Name: "target", Text: "Mount path.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypebind", Aliases: []string{"dst", "destination"}},
		{Name: "source", Text: "Source path in the `from`. Defaults to the root of the `from`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypebind"},
		{Name: "from", Text: "Build stage, context, or image name for the root of the source. Defaults to the build context.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypebind"},
		{Name: "rw", Text: "Allow writes on the mount. Written data will be discarded after the `RUN` instruction completes and will not be committed to the image layer.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypebind", Aliases: []string{"readwrite"}},
	}},
	{Name: "cache", Text: "Mount a temporary directory to cache directories for compilers and package managers.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache", Values: []Entry{
		{Name: "id", Text: "Optional ID to identify separate/different caches. Defaults to value of `target`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache"},
		{Name: "target", Text: "Mount path.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache", Aliases: []string{"dst", "destination"}},
		{Name: "ro", Text: "Read-only if set.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache", Aliases: []string{"readonly"}},
		{Name: "sharing", Text: "One of `shared`, `private`, or `locked`. Defaults to `shared`. A `shared` cache mount can be used concurrently by multiple writers. `private` creates a new mount if there are multiple writers. `locked` pauses the second writer until the first one releases the mount.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache", Values: []Entry{
			{Name: "shared", Default: true},
			{Name: "private"},
			{Name: "locked"},
		}},
		{Name: "from", Text: "Build stage, context, or image name to use as a base of the cache mount. Defaults to empty directory.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache"},
		{Name: "source", Text: "Subpath in the `from` to mount. Defaults to the root of the `from`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache"},
		{Name: "mode", Text: "File mode for new cache directory in octal. Default `0755`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache"},
		{Name: "uid", Text: "User ID for new cache directory. Default `0`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache"},
		{Name: "gid", Text: "Group ID for new cache directory. Default `0`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypecache"},
	}},
	{Name: "tmpfs", Text: "Mount a `tmpfs` in the build container.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypetmpfs", Values: []Entry{
		{Name: "target", Text: "Mount path.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypetmpfs", Aliases: []string{"dst", "destination"}},
		{Name: "size", Text: "Specify an upper limit on the size of the filesystem.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypetmpfs"},
	}},
	{Name: "secret", Text: "Allow the build container to access secure files such as private keys without baking them into the image or build cache.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret", Values: []Entry{
		{Name: "id", Text: "ID of the secret. Defaults to basename of the target path.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"},
		{Name: "target", Text: "Mount the secret to the specified path. Defaults to `/run/secrets/` + `id` if unset and if `env` is also unset.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret", Aliases: []string{"dst", "destination"}},
		{Name: "env", Text: "Mount the secret to an environment variable instead of a file, or both. (since Dockerfile v1.10.0)", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret", Since: "1.10"},
		{Name: "required", Text: "If set to `true`, the instruction errors out when the secret is unavailable. Defaults to `false`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"},
		{Name: "mode", Text: "File mode for secret file in octal. Default `0400`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"},
		{Name: "uid", Text: "User ID for secret file. Default `0`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"},
		{Name: "gid", Text: "Group ID for secret file. Default `0`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"},
	}},
	{Name: "ssh", Text: "Allow the build container to access SSH keys via SSH agents, with support for passphrases.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh", Values: []Entry{
		{Name: "id", Text: "ID of SSH agent socket or key. Defaults to \"default\".", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh"},
		{Name: "target", Text: "SSH agent socket path. Defaults to `/run/buildkit/ssh_agent.${N}`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh", Aliases: []string{"dst", "destination"}},
		{Name: "required", Text: "If set to `true`, the instruction errors out when the key is unavailable. Defaults to `false`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh"},
		{Name: "mode", Text: "File mode for socket in octal. Default `0600`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh"},
		{Name: "uid", Text: "User ID for socket. Default `0`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh"},
		{Name: "gid", Text: "Group ID for socket. Default `0`.", URL: "https://docs.docker.com/reference/dockerfile/#run---mounttypessh"},
	}},
}

// Directives are the parser directives.
var Directives = []Entry{
	{Name: "syntax", Text: "Use the `syntax` parser directive to declare the Dockerfile syntax version to use for the build. If unspecified, BuildKit uses a bundled version of the Dockerfile frontend. Declaring a syntax version lets you automatically use the latest Dockerfile version without having to upgrade BuildKit or Docker Engine, or even use a custom Dockerfile implementation.", URL: "https://docs.docker.com/reference/dockerfile/#syntax", Syntax: []string{"# syntax=docker/dockerfile:1"}},
	{Name: "escape", Text: "The `escape` directive sets the character used to escape characters in a Dockerfile. If not specified, the default escape character is `\\`.", URL: "https://docs.docker.com/reference/dockerfile/#escape", Syntax: []string{"# escape=\\", "# escape=`", "# escape=`"}},
	{Name: "check", Text: "The `check` directive is used to configure how [build checks](https://docs.docker.com/build/checks/) are evaluated. By default, all checks are run, and failures are treated as warnings.", URL: "https://docs.docker.com/reference/dockerfile/#check", Syntax: []string{"# check=skip=<checks|all>", "# check=error=<boolean>", "# check=skip=JSONArgsRecommended,StageNameCasing", "# check=error=true", "# check=skip=JSONArgsRecommended;error=true"}},
}

// Rules are those of BuildKit's linter, of which some may be an experiment.
var Rules = []Entry{
	{Name: "StageNameCasing", Text: "Stage names should be lowercase.", URL: "https://docs.docker.com/reference/build-checks/stage-name-casing/"},
	{Name: "FromAsCasing", Text: "The 'as' keyword should match the case of the 'from' keyword.", URL: "https://docs.docker.com/reference/build-checks/from-as-casing/"},
	{Name: "NoEmptyContinuation", Text: "Empty continuation lines will become errors in a future release.", URL: "https://docs.docker.com/reference/build-checks/no-empty-continuation/"},
	{Name: "ConsistentInstructionCasing", Text: "All commands within the Dockerfile should use the same casing (either upper or lower).", URL: "https://docs.docker.com/reference/build-checks/consistent-instruction-casing/"},
	{Name: "DuplicateStageName", Text: "Stage names should be unique.", URL: "https://docs.docker.com/reference/build-checks/duplicate-stage-name/"},
	{Name: "ReservedStageName", Text: "Reserved words should not be used as stage names.", URL: "https://docs.docker.com/reference/build-checks/reserved-stage-name/"},
	{Name: "JSONArgsRecommended", Text: "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals.", URL: "https://docs.docker.com/reference/build-checks/json-args-recommended/"},
	{Name: "MaintainerDeprecated", Text: "The MAINTAINER instruction is deprecated, use a label instead to define an image author.", URL: "https://docs.docker.com/reference/build-checks/maintainer-deprecated/"},
	{Name: "UndefinedArgInFrom", Text: "FROM command must use declared ARGs.", URL: "https://docs.docker.com/reference/build-checks/undefined-arg-in-from/"},
	{Name: "WorkdirRelativePath", Text: "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes.", URL: "https://docs.docker.com/reference/build-checks/workdir-relative-path/"},
	{Name: "UndefinedVar", Text: "Variables should be defined before their use.", URL: "https://docs.docker.com/reference/build-checks/undefined-var/"},
	{Name: "MultipleInstructionsDisallowed", Text: "Multiple instructions of the same type should not be used in the same stage.", URL: "https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/"},
	{Name: "LegacyKeyValueFormat", Text: "Legacy key/value format with whitespace separator should not be used.", URL: "https://docs.docker.com/reference/build-checks/legacy-key-value-format/"},
	{Name: "RedundantTargetPlatform", Text: "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior.", URL: "https://docs.docker.com/reference/build-checks/redundant-target-platform/"},
	{Name: "SecretsUsedInArgOrEnv", Text: "Sensitive data should not be used in the ARG or ENV commands.", URL: "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/"},
	{Name: "InvalidDefaultArgInFrom", Text: "Default value for global ARG results in an empty or invalid base image name.", URL: "https://docs.docker.com/reference/build-checks/invalid-default-arg-in-from/"},
	{Name: "FromPlatformFlagConstDisallowed", Text: "FROM --platform flag should not use a constant value.", URL: "https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/"},
	{Name: "CopyIgnoredFile", Text: "Attempting to Copy file that is excluded by .dockerignore.", URL: "https://docs.docker.com/reference/build-checks/copy-ignored-file/"},
	{Name: "InvalidDefinitionDescription", Text: "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment..", URL: "https://docs.docker.com/reference/build-checks/invalid-definition-description/"},
	{Name: "ExposeProtoCasing", Text: "Protocol in EXPOSE instruction should be lowercase.", URL: "https://docs.docker.com/reference/build-checks/expose-proto-casing/"},
	{Name: "ExposeInvalidFormat", Text: "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release.", URL: "https://docs.docker.com/reference/build-checks/expose-invalid-format/"},
}

// Args are the build arguments that BuildKit gives a value or a meaning.
var Args = []Entry{
	{Name: "TARGETPLATFORM", Text: "platform of the build result. Eg `linux/amd64`, `linux/arm/v7`, `windows/amd64`.", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "TARGETOS", Text: "OS component of TARGETPLATFORM", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "TARGETARCH", Text: "architecture component of TARGETPLATFORM", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "TARGETVARIANT", Text: "variant component of TARGETPLATFORM", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "BUILDPLATFORM", Text: "platform of the node performing the build.", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "BUILDOS", Text: "OS component of BUILDPLATFORM", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "BUILDARCH", Text: "architecture component of BUILDPLATFORM", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "BUILDVARIANT", Text: "variant component of BUILDPLATFORM", URL: "https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"},
	{Name: "HTTP_PROXY", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "http_proxy", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "HTTPS_PROXY", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "https_proxy", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "FTP_PROXY", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "ftp_proxy", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "NO_PROXY", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "no_proxy", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "ALL_PROXY", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "all_proxy", Text: "A proxy for the build's steps. It needs no `ARG`.", URL: "https://docs.docker.com/reference/dockerfile/#predefined-args"},
	{Name: "BUILDKIT_BUILD_NAME", Text: "Override the build name shown in [`buildx history` command](https://docs.docker.com/reference/cli/docker/buildx/history/) and [Docker Desktop Builds view](https://docs.docker.com/desktop/use-desktop/builds/).", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_CACHE_MOUNT_NS", Text: "Set optional cache ID namespace.", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_CONTEXT_KEEP_GIT_DIR", Text: "Trigger Git context to keep the `.git` directory.", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_GIT_ADVICE", Text: "Show Git advice messages from BuildKit-managed Git operations. Defaults to `false`.", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_INLINE_CACHE", Text: "Inline cache metadata to image config or not.", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_MULTI_PLATFORM", Text: "Opt into deterministic output regardless of multi-platform output or not.", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_SANDBOX_HOSTNAME", Text: "Set the hostname (default `buildkitsandbox`)", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "BUILDKIT_SYNTAX", Text: "Set frontend image. Set to `dockerfile.v0` to ignore the Dockerfile `# syntax=` directive and use the built-in frontend instead.", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
	{Name: "SOURCE_DATE_EPOCH", Text: "Set the Unix timestamp for created image and layers. More info from [reproducible builds](https://reproducible-builds.org/docs/source-date-epoch/). Supported since Dockerfile 1.5, BuildKit 0.11", URL: "https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args"},
}
