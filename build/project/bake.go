package project

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/containerd/platforms"
	"github.com/docker/buildx/bake/hclparser"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/buildls/buildls/build/lazyregexp"
)

// bakeNames are the files that `docker buildx bake` reads, each over the ones before.
var bakeNames = []string{"docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"}

// A bakeFile is one of them, parsed.
type bakeFile struct {
	path string
	data []byte
	*hcl.File
}

type bakeFiles []bakeFile

func (p *Project) readBake(dir string, src Source, service func(name string) serviceAnswer) error {
	files, err := parseBake(dir, src)
	if len(files) == 0 || err != nil {
		return err
	}
	config, err := evaluateBake(files, src)
	if err != nil {
		return err
	}
	config.service = service
	p.Groups = config.groups()
	p.Profiles = config.profiles(dir)
	p.Problems = config.problems
	return nil
}

// parseBake parses the files that there are.
func parseBake(dir string, src Source) (bakeFiles, error) {
	var files bakeFiles
	for _, name := range bakeNames {
		path := filepath.Join(dir, name)
		data, err := src.load(path)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		if err := checkBakeDepth(path, data); err != nil {
			return nil, err
		}
		parse := hclparse.NewParser().ParseHCL
		if filepath.Ext(path) == ".json" {
			parse = hclparse.NewParser().ParseJSON
		}
		file, diags := parse(data, path)
		files = append(files, bakeFile{path, data, file})
		if diags.HasErrors() {
			return nil, files.problemsOf(diags)
		}
	}
	return files, nil
}

var targetName = lazyregexp.New(`^[a-zA-Z0-9_-]+$`)

// evaluateBake computes the targets and groups, as buildx's bake.ParseFiles does.
func evaluateBake(files bakeFiles, src Source) (*bakeConfig, error) {
	if err := checkBakeCost(files); err != nil {
		return nil, err
	}
	config := &bakeConfig{files: files, service: func(string) serviceAnswer { return serviceAnswer{} }}
	meta, diags := config.parse(hclparser.Opt{
		LookupVar: src.bakeVariable,
		Vars: map[string]string{
			"BAKE_CMD_CONTEXT":    cwdScheme,
			"BAKE_LOCAL_PLATFORM": platforms.Format(platforms.DefaultSpec()),
		},
		ValidateLabel: func(name string) error {
			if !targetName.MatchString(name) {
				return fmt.Errorf("only %q are allowed", `[a-zA-Z0-9_-]+`)
			}
			return nil
		},
	})
	if diags.HasErrors() {
		return nil, files.problemsOf(diags)
	}
	for _, renamed := range meta.Renamed { // a matrix is a group too
		for old, names := range renamed {
			names = uniqueStrings(slices.Clone(names))
			if len(names) != 1 || names[0] != old {
				config.Groups = append(config.Groups, &bakeGroup{Name: old, Targets: names, block: config.blockOf(names)})
			}
		}
	}
	config.Targets = mergeTargets(config.Targets)
	config.problems = append(config.problems, unknownNames(files)...)
	return config, nil
}

// bakeVariable is the environment that goes over the variables' defaults, unless the author
// wants none to (buildx's bake.envLookupAllowed).
func (s Source) bakeVariable(name string) (string, bool) {
	if v, ok := s.Env("BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP"); ok {
		if disabled, err := strconv.ParseBool(v); err == nil && disabled {
			return "", false
		}
	}
	return s.Env(name)
}

// mergeTargets lays targets of one name over each other.
func mergeTargets(list []*bakeTarget) []*bakeTarget {
	var out []*bakeTarget
	at := map[string]*bakeTarget{}
	for _, t := range list {
		if first := at[t.Name]; first != nil {
			if first != t {
				first.Merge(t)
			}
			continue
		}
		at[t.Name] = t
		out = append(out, t)
	}
	return out
}

func ptr[T any](v T) *T { return &v }
