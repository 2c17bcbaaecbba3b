package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/handlers/plan"
)

// buildFlags has the flags fill t.
func buildFlags(cmd *cobra.Command, t *handlers.TerminalBuild) {
	t.Labels, t.Contexts = map[string]string{}, map[string]string{}
	flags := cmd.Flags()
	fileFlag(cmd, t)
	value(cmd, "profile", "NAME", "build this service of a compose file or target of a bake\n"+
		"file, which is in this directory or below it; CONTEXT and\nflags go over what it says", setTo(&t.Profile))
	value(cmd, "t,tag", "NAME", "name the image; may be repeated", appendTo(&t.Tags))
	stageFlags(cmd, t)
	value(cmd, "build-context", "NAME=VALUE", "what FROM NAME and --from=NAME mean: a directory, a URL,\n"+
		"docker-image://NAME or oci-layout://PATH[:TAG][@DIGEST]", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		switch other, twice := t.Contexts[name]; {
		case !ok:
			return errors.New("write it as NAME=VALUE")
		case twice && other != value:
			return fmt.Errorf("%s is named twice, as %s and as %s", name, other, value)
		}
		t.Contexts[name] = value
		return nil
	})
	value(cmd, "label", "NAME=VALUE", "set a label of the image", func(s string) error {
		name, value, _ := strings.Cut(s, "=")
		t.Labels[name] = value
		return nil
	})
	value(cmd, "platform", "OS/ARCH[,...]", "build for these platforms", appendEach(&t.Platforms))
	value(cmd, "secret", "id=NAME,src=FILE",
		"let steps mount a secret; env=VARIABLE instead of src", appendParsed(&t.Secrets, plan.ParseSecret))
	value(cmd, "ssh", "default|ID=PATH[,...]", "let steps use the SSH agent, one at a socket, or keys", func(s string) error {
		t.SSH = append(t.SSH, plan.ParseSSH(s))
		return nil
	})
	value(cmd, "annotation", "[TYPE:]KEY=VALUE", "add an annotation to the image", appendTo(&t.Annotations))
	value(cmd, "o,output", "type=TYPE,dest=PATH", "local, tar, oci, docker, image or registry; a directory\n"+
		"alone is local, - a tar to stdout; may be repeated", appendParsed(&t.Outputs, plan.ParseOutput))
	flags.BoolVar(&t.Push, "push", false, "push the image to its tags' registries")
	flags.BoolVar(&t.Load, "load", false, "put the image into the Docker engine")
	value(cmd, "cache-from", "REF|type=TYPE,KEY=VALUE",
		"read the cache of a registry or local directory too", appendTo(&t.CacheFrom))
	value(cmd, "cache-to", "REF|type=TYPE,KEY=VALUE", "write it: registry, local or inline", appendTo(&t.CacheTo))
	value(cmd, "iidfile", "FILE", "write the image's id", setTo(&t.IIDFile))
	value(cmd, "metadata-file", "FILE", "write what the exporters say, as JSON", setTo(&t.MetadataFile))
	flags.BoolVar(&t.NoCache, "no-cache", false, "use nothing of the cache")
	value(cmd, "no-cache-filter", "STAGE[,...]", "use nothing of the cache for these stages", appendEach(&t.NoCacheFilter))
	flags.BoolVar(&t.Pull, "pull", false, "ask the registry even for images that the engine has")
	value(cmd, "network", "MODE", "default, none or host", setTo(&t.Network))
	value(cmd, "add-host", "NAME:IP", "let steps look up this name", appendTo(&t.AddHosts))
	value(cmd, "allow", "ENTITLEMENT", "network.host, security.insecure or device", appendTo(&t.Allow))
	value(cmd, "attest", "type=TYPE,KEY=VALUE",
		"attach an attestation to the image: provenance or sbom", appendTo(&t.Attest))
	value(cmd, "provenance", "true|false|KEY=VALUE[,...]", "short for --attest type=provenance", setTo(&t.Provenance))
	value(cmd, "sbom", "true|false|generator=IMAGE", "short for --attest type=sbom", setTo(&t.SBOM))
	value(cmd, "policy", "MODE", "refuse a Dockerfile beside which a policy stands, such as\n"+
		"Dockerfile.rego, or ignore the policy (default refuse)", func(s string) error {
		if s == "disabled=true" { // as docker buildx says it
			s = "ignore"
		}
		if s != "ignore" && s != "refuse" {
			return fmt.Errorf("%q is neither refuse nor ignore: buildls cannot evaluate policies", s)
		}
		t.Policy = s
		return nil
	})
	value(cmd, "offline-frontend", "MODE", "if the front end of `# syntax=` cannot be fetched: fail, or\n"+
		"let the embedded engine's own stand in, builtin (default fail)", func(s string) error {
		if s != plan.OfflineFail && s != plan.OfflineBuiltin {
			return fmt.Errorf("%q is neither fail nor builtin", s)
		}
		t.OfflineFrontend = s
		return nil
	})
	value(cmd, "shm-size", "SIZE", "the size of /dev/shm, as in 64m", setTo(&t.ShmSize))
	value(cmd, "ulimit", "NAME=SOFT[:HARD]", "limit what a step may use", appendTo(&t.Ulimits))
	value(cmd, "cgroup-parent", "NAME", "the parent of the steps' cgroups", setTo(&t.CgroupParent))
	value(cmd, "builder", "NAME", "a buildx builder; short for --engine builder:NAME", func(s string) error {
		t.Engine = "builder:" + s
		return nil
	})
	value(cmd, "engine", "ENGINE", "auto, docker, embedded, or the address of a buildkitd", setTo(&t.Engine))
	for _, name := range []string{"rm", "force-rm"} { // BuildKit leaves no containers
		flags.Bool(name, true, "")
		flags.MarkHidden(name)
	}
}

// fileFlag says which Dockerfile.
func fileFlag(cmd *cobra.Command, t *handlers.TerminalBuild) {
	value(cmd, "f,file", "FILE", "the Dockerfile, or - for stdin (default CONTEXT/Dockerfile);\n"+
		"in a tar and behind a URL it is looked for there, unless its\npath is absolute", setTo(&t.File))
}

// stageFlags say what of it is built, and with which arguments.
func stageFlags(cmd *cobra.Command, t *handlers.TerminalBuild) {
	t.BuildArgs = map[string]*string{}
	value(cmd, "target", "STAGE", "build this stage", setTo(&t.Target))
	value(cmd, "build-arg", "NAME=VALUE",
		"set a build argument; NAME alone takes the environment's value", func(s string) error {
			name, value, given := strings.Cut(s, "=")
			if name == "" {
				return errors.New("it has no name: NAME=VALUE")
			}
			t.BuildArgs[name] = nil
			if given {
				t.BuildArgs[name] = &value
			}
			return nil
		})
}

// flagsOf are the flags of the fields of buildls.build's argument that errors begin with.
var flagsOf = map[string][]string{
	"attest": {"attest", "provenance", "sbom"}, "cacheFrom": {"cache-from"}, "cacheTo": {"cache-to"}, "contexts": {"build-context"},
	"iidFile": {"iidfile"}, "metadataFile": {"metadata-file"}, "noCacheFilter": {"no-cache-filter"}, "ssh": {"ssh"},
}

// inFlags says an error about a field of buildls.build's argument in the words of the command line,
// if one flag for it was given: else a profile says the field, or it can be any of them.
func inFlags(cmd *cobra.Command, message string) string {
	field, rest, _ := strings.Cut(message, ": ")
	given := slices.DeleteFunc(slices.Clone(flagsOf[field]), func(flag string) bool { return !cmd.Flags().Changed(flag) })
	if len(given) == 1 {
		return "--" + given[0] + ": " + rest
	}
	return message
}
