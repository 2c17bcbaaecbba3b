package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/handlers/plan"
)

const buildUsage = `usage: buildls build [flags] CONTEXT

Builds the Dockerfile in CONTEXT as the editor does. CONTEXT is a directory, the URL of a
git repository (https://host/repo.git#ref:subdir), of a tar or of a Dockerfile, or - for a
tar or a Dockerfile on stdin.

flags:
  -f, --file FILE          the Dockerfile, or - for stdin (default CONTEXT/Dockerfile);
                           in a tar and behind a URL it is looked for there, unless its
                           path is absolute
  -t, --tag NAME           name the image; may be repeated
      --target STAGE       build this stage
      --build-arg NAME=VALUE
                           set a build argument; NAME alone takes the environment's value
      --build-context NAME=VALUE
                           what FROM NAME and --from=NAME mean: a directory, a URL,
                           docker-image://NAME or oci-layout://PATH[:TAG][@DIGEST]
      --label NAME=VALUE   set a label of the image
      --platform OS/ARCH[,...]
                           build for these platforms
      --secret id=NAME,src=FILE
                           let steps mount a secret; env=VARIABLE instead of src
      --ssh default|ID=PATH[,...]
                           let steps use the SSH agent, one at a socket, or keys
      --annotation [TYPE:]KEY=VALUE
                           add an annotation to the image
  -o, --output type=TYPE,dest=PATH
                           local, tar, oci, docker, image or registry; a directory
                           alone is local, - a tar to stdout; may be repeated
      --push               push the image to its tags' registries
      --load               put the image into the Docker engine
      --cache-from REF, --cache-from type=TYPE,KEY=VALUE
                           read the cache of a registry or local directory too
      --cache-to ...       write it: registry, local or inline
      --iidfile FILE       write the image's id
      --metadata-file FILE write what the exporters say, as JSON
      --no-cache           use nothing of the cache
      --no-cache-filter STAGE[,...]
                           use nothing of the cache for these stages
      --pull               ask the registry even for images that the engine has
      --network MODE       default, none or host
      --add-host NAME:IP   let steps look up this name
      --allow ENTITLEMENT  network.host, security.insecure or device
      --attest type=TYPE,KEY=VALUE
                           attach an attestation to the image: provenance or sbom
      --provenance true|false|KEY=VALUE[,...]
                           short for --attest type=provenance
      --sbom true|false|generator=IMAGE
                           short for --attest type=sbom
      --policy MODE        refuse a Dockerfile beside which a policy stands, such as
                           Dockerfile.rego, or ignore the policy (default refuse)
      --shm-size SIZE      the size of /dev/shm, as in 64m
      --ulimit NAME=SOFT[:HARD]
                           limit what a step may use
      --cgroup-parent NAME the parent of the steps' cgroups
      --builder NAME       a buildx builder; short for --engine builder:NAME
      --engine ENGINE      auto, docker, embedded, or the address of a buildkitd
      --progress MODE      auto, plain, tty, quiet or rawjson (default auto)
  -q, --quiet              print the image's id alone
      --check              say what is wrong with the Dockerfile, and do not build it

exit code: 0 built, 1 failed, 2 wrong usage
`

// buildFlags has the flags fill t.
func buildFlags(flags *flag.FlagSet, t *handlers.TerminalBuild) {
	for _, name := range []string{"f", "file"} {
		flags.StringVar(&t.File, name, "", "")
	}
	flags.StringVar(&t.Target, "target", "", "")
	for _, name := range []string{"t", "tag"} {
		flags.Func(name, "", appendTo(&t.Tags))
	}
	t.BuildArgs, t.Labels, t.Contexts = map[string]*string{}, map[string]string{}, map[string]string{}
	flags.Func("build-arg", "", func(s string) error {
		name, value, given := strings.Cut(s, "=")
		t.BuildArgs[name] = nil
		if given {
			t.BuildArgs[name] = &value
		}
		return nil
	})
	flags.Func("build-context", "", func(s string) error {
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
	flags.Func("label", "", func(s string) error {
		name, value, _ := strings.Cut(s, "=")
		t.Labels[name] = value
		return nil
	})
	flags.Func("platform", "", appendEach(&t.Platforms))
	flags.Func("secret", "", func(s string) error {
		secret, err := plan.ParseSecret(s)
		t.Secrets = append(t.Secrets, secret)
		return err
	})
	flags.Func("ssh", "", func(s string) error {
		t.SSH = append(t.SSH, plan.ParseSSH(s))
		return nil
	})
	for _, name := range []string{"o", "output"} {
		flags.Func(name, "", func(s string) error {
			output, err := plan.ParseOutput(s)
			t.Outputs = append(t.Outputs, output)
			return err
		})
	}
	flags.Func("annotation", "", appendTo(&t.Annotations))
	flags.BoolVar(&t.Push, "push", false, "")
	flags.BoolVar(&t.Load, "load", false, "")
	flags.Func("cache-from", "", appendTo(&t.CacheFrom))
	flags.Func("cache-to", "", appendTo(&t.CacheTo))
	flags.StringVar(&t.IIDFile, "iidfile", "", "")
	flags.StringVar(&t.MetadataFile, "metadata-file", "", "")
	flags.BoolVar(&t.NoCache, "no-cache", false, "")
	flags.Func("no-cache-filter", "", appendEach(&t.NoCacheFilter))
	flags.BoolVar(&t.Pull, "pull", false, "")
	flags.StringVar(&t.Network, "network", "", "")
	flags.Func("add-host", "", appendTo(&t.AddHosts))
	flags.Func("allow", "", appendTo(&t.Allow))
	flags.Func("attest", "", appendTo(&t.Attest))
	flags.StringVar(&t.Provenance, "provenance", "", "")
	flags.StringVar(&t.SBOM, "sbom", "", "")
	flags.Func("policy", "", func(s string) error {
		if s == "disabled=true" { // as docker buildx says it
			s = "ignore"
		}
		if s != "ignore" && s != "refuse" {
			return fmt.Errorf("%q is neither refuse nor ignore: buildls cannot evaluate policies", s)
		}
		t.Policy = s
		return nil
	})
	flags.StringVar(&t.ShmSize, "shm-size", "", "")
	flags.Func("ulimit", "", appendTo(&t.Ulimits))
	flags.StringVar(&t.CgroupParent, "cgroup-parent", "", "")
	flags.StringVar(&t.Engine, "engine", "", "")
	flags.Func("builder", "", func(s string) error {
		t.Engine = "builder:" + s
		return nil
	})
	for _, name := range []string{"rm", "force-rm"} { // BuildKit leaves no containers
		flags.Bool(name, true, "")
	}
}

// appendTo is a flag that may be given several times.
func appendTo(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, s)
		return nil
	}
}

// appendEach is likewise, for values with commas between.
func appendEach(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, strings.Split(s, ",")...)
		return nil
	}
}
