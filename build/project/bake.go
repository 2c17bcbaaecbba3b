package project

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/docker/buildx/bake/hclparser"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
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

func (p *Project) readBake(dir string, src Source) error {
	files, err := parseBake(dir, src)
	if len(files) == 0 || err != nil {
		return err
	}
	config, err := evaluateBake(files, src)
	if err != nil {
		return err
	}
	var list []Profile
	for _, t := range config.Targets {
		at := files.nameOf(t.block)
		whole, err := config.resolve(t.Name)
		if err != nil {
			return at.problem(t.Name, err)
		}
		profile, err := whole.profile(dir, config)
		if err != nil {
			return at.problem(t.Name, err)
		}
		profile.File, profile.Start, profile.End = at.path, at.start, at.end
		if profile.Inline != nil {
			profile.Inline = findInline(at.data, lineOf(at.data, at.end), profile.Inline.Text)
		}
		list = append(list, *profile)
	}
	p.Groups, p.Profiles = config.groups(files), append(p.Profiles, list...)
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
		if diags.HasErrors() {
			return nil, hclProblem(diags)
		}
		files = append(files, bakeFile{path, data, file})
	}
	return files, nil
}

var targetName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// evaluateBake computes the targets and groups, as buildx's bake.ParseFiles does.
func evaluateBake(files bakeFiles, src Source) (*bakeConfig, error) {
	if err := checkBakeCost(files); err != nil {
		return nil, err
	}
	bodies := make([]*hcl.File, len(files))
	for i, f := range files {
		bodies[i] = f.File
	}
	config := &bakeConfig{}
	meta, diags := hclparser.Parse(hclparser.MergeFiles(bodies), hclparser.Opt{
		LookupVar: src.Env,
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
	}, config)
	if diags.HasErrors() {
		return nil, hclProblem(diags)
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
	return config, checkBakeNames(files)
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

// groups are the groups, with the targets that they come to.
func (c *bakeConfig) groups(files bakeFiles) []Group {
	var list []Group
	for _, g := range c.Groups {
		list = append(list, Group{Name: g.Name, File: files.nameOf(g.block).path, Targets: uniqueStrings(c.targetsOf(g.Name, map[string]bool{}))})
	}
	slices.SortStableFunc(list, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// blockOf is the block that a matrix's targets come from.
func (c *bakeConfig) blockOf(names []string) *hcl.Block {
	for _, t := range c.Targets {
		if slices.Contains(names, t.Name) {
			return t.block
		}
	}
	return nil
}

func (c *bakeConfig) targetsOf(name string, seen map[string]bool) []string {
	i := slices.IndexFunc(c.Groups, func(g *bakeGroup) bool { return g.Name == name })
	if i < 0 {
		return []string{name}
	}
	if seen[name] {
		return nil
	}
	seen[name] = true
	var list []string
	for _, t := range c.Groups[i].Targets {
		list = append(list, c.targetsOf(t, seen)...)
	}
	return list
}

// resolve is a target with all that it inherits.
func (c *bakeConfig) resolve(name string) (*bakeTarget, error) {
	t, err := c.inherit(name, map[string]*bakeTarget{})
	if err != nil {
		return nil, err
	}
	t.Name, t.Inherits = name, nil
	if t.Context == nil {
		t.Context = ptr(".")
	}
	if t.Dockerfile == nil || *t.Dockerfile == "" {
		t.Dockerfile = ptr("Dockerfile")
	}
	return t, nil
}

// inherit follows buildx's bake.Config.target: a target that inherits itself, through
// others or not, gets nothing from itself.
func (c *bakeConfig) inherit(name string, seen map[string]*bakeTarget) (*bakeTarget, error) {
	if t, ok := seen[name]; ok {
		return t, nil
	}
	seen[name] = nil
	i := slices.IndexFunc(c.Targets, func(t *bakeTarget) bool { return t.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no target %s", name)
	}
	whole := &bakeTarget{}
	for _, parent := range c.Targets[i].Inherits {
		p, err := c.inherit(parent, seen)
		if err != nil {
			return nil, err
		}
		if p != nil {
			whole.Merge(p)
		}
	}
	whole.Merge(c.Targets[i])
	whole.normalize()
	seen[name] = whole
	return whole, nil
}

func ptr[T any](v T) *T { return &v }

// A bakeName is where a target's or group's name is written, in bytes.
type bakeName struct {
	bakeFile
	start, end int
}

// nameOf finds the name of a block. A matrix's targets stand where the matrix does.
func (fs bakeFiles) nameOf(block *hcl.Block) bakeName {
	if block == nil {
		return bakeName{}
	}
	r := block.LabelRanges[0]
	i := slices.IndexFunc(fs, func(f bakeFile) bool { return f.path == r.Filename })
	name := bakeName{fs[i], r.Start.Byte, r.End.Byte}
	if name.end-name.start >= 2 && name.data[name.start] == '"' {
		name.start, name.end = name.start+1, name.end-1
	}
	return name
}

// problem says that a target is wrong, at its name.
func (n bakeName) problem(target string, err error) error {
	return &Problem{File: n.path, Line: lineOf(n.data, n.start), Message: fmt.Sprintf("target %s: %v", target, err)}
}

// hclProblem is the first error.
func hclProblem(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		p := &Problem{Line: -1, Message: strings.TrimSuffix(d.Summary, ".")}
		if d.Detail != "" {
			p.Message += ": " + strings.TrimSuffix(d.Detail, ".")
		}
		if d.Subject != nil {
			p.File, p.Line = d.Subject.Filename, d.Subject.Start.Line-1
		}
		return p
	}
	return nil
}
