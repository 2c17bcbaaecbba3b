package project

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"
)

// composeBlocks remembers what the services of a compose file came to, each by the lines that it
// is written on, so that of an edited file only the edited services are read again. There are none
// of a project in which a service depends on more than its lines, see blocksOf.
type composeBlocks struct {
	dir, path   string
	asked       *record         // for the whole project
	shared      string          // the lines that all services depend on
	others      map[string]bool // the lines of other entries at the top
	services    map[string]serviceBlock
	substituted int // what that took, see substitute
}

// A serviceBlock is what the lines of a service came to.
type serviceBlock struct {
	profile *Profile // nil: it builds nothing
	image   string   // that it runs then; may be empty
	start   int      // where the lines began when they were read, in bytes

	moved *Profile // what was returned last; nil if nothing was
	at    int      // where its lines began
}

// A section is a key with its value, in whole lines of a compose file.
type section struct {
	name, text      string
	start, key, end int // where its lines and its key begin, and the lines end, in bytes
}

// plainKey is the key that a line begins with, if YAML takes it for nothing but a string; else nil.
func plainKey(line []byte) []byte {
	for i, c := range line {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '.' || c == '-'):
		case i > 0 && c == ':' && (line[i+1] == ' ' || line[i+1] == '\n'): // the line has an end
			return line[:i]
		default:
			return nil
		}
	}
	return nil
}

// beyondLines is what YAML may take for the end of a line, or for nothing, where splitCompose does not.
func beyondLines(data []byte) bool {
	return bytes.ContainsAny(data, "\t\r\x00") || slices.ContainsFunc([]string{"\ufeff", "\u0085", "\u2028", "\u2029"}, func(s string) bool {
		return bytes.Contains(data, []byte(s))
	})
}

// splitCompose parts a compose file into the services and the other entries at its top, by
// indentation alone. ok is false for what may be more than that.
func splitCompose(data []byte) (services, others []section, ok bool) {
	if !bytes.HasSuffix(data, []byte("\n")) || len(data) >= maxYAML || beyondLines(data) {
		return nil, nil, false
	}
	names := make(map[string]bool, bytes.Count(data, []byte("\n"))/4) // of both, with the indentation
	column, start := 0, 0                                             // of the services; 0: none was seen
	inServices := false
	var current *section
	for line := range bytes.Lines(data) {
		content := bytes.TrimLeft(line, " ")
		indent := len(line) - len(content)
		blank := content[0] == '\n' || content[0] == '#'
		if !blank && (indent == 0 || inServices && (column == 0 || indent <= column)) {
			key := plainKey(content)
			if key == nil || names[string(line[:indent+len(key)])] || inServices && indent > 0 && indent < column {
				return nil, nil, false
			}
			names[string(line[:indent+len(key)])] = true
			list := &others
			if indent > 0 {
				column, list = indent, &services
			} else if inServices = string(key) == "services"; inServices {
				if after := bytes.TrimSpace(content[len(key)+1:]); len(after) > 0 && after[0] != '#' {
					return nil, nil, false
				}
				list = new([]section) // a head of its own
			}
			*list = append(*list, section{name: string(key), start: start, key: start + indent})
			current = &(*list)[len(*list)-1]
		} else if !blank && current == nil {
			return nil, nil, false
		}
		start += len(line)
		if current != nil {
			current.end = start
		}
	}
	for _, list := range [][]section{services, others} {
		for i, e := range list {
			list[i].text = string(data[e.start:e.end])
		}
	}
	return services, others, len(services) > 0 && len(services) <= maxKeys
}

// shared are the lines that all services depend on.
func shared(others []section) (text string) {
	for _, e := range others {
		if e.name == "name" || e.name == "secrets" {
			text += e.text
		}
	}
	return text
}

// simple says whether a tree has neither anchors nor tags, and above a depth only strings as keys.
func simple(n *yaml.Node, depth int) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge" {
		return false
	}
	for i, c := range n.Content {
		if key := n.Kind == yaml.MappingNode && i%2 == 0; key && depth > 0 && c.Tag != "!!str" || !simple(c, depth-1) {
			return false
		}
	}
	return true
}

// separate says whether no service has an effect on another, and none uses values of a .env file,
// which are hidden in all.
func (r *composeReader) separate(list []*Profile) bool {
	for _, p := range list {
		if p.Fault != nil {
			return false
		}
	}
	return !r.special && r.files == 1 && r.extended == 0 && len(r.inlines) == 0 && len(r.env) == 0
}

// blocksOf are the blocks of a project whose profiles were read of one file; nil if its services
// cannot be read one by one.
func blocksOf(r *composeReader, asked *record, dir string, list []*Profile) *composeBlocks {
	services, others, ok := splitCompose(r.data)
	if !ok || !r.separate(list) || len(r.order) != len(services) {
		return nil
	}
	b := &composeBlocks{dir: dir, path: r.path, asked: asked, shared: shared(others), others: map[string]bool{},
		services: map[string]serviceBlock{}, substituted: r.substituted}
	for _, e := range others {
		if at, ok := r.spots[e.name]; !ok || at.start != e.key || e.name == "include" {
			return nil
		}
		b.others[e.text] = true
	}
	profiles := map[string]*Profile{}
	for _, p := range list {
		profiles[p.Name] = p
	}
	for _, e := range services {
		if at, ok := r.spots["services."+e.name]; !ok || at.start != e.key {
			return nil
		}
		b.services[e.text] = serviceBlock{profile: profiles[e.name], image: r.images[e.name], start: e.start}
	}
	return b
}

// read reads the project again, its profiles and the images of other services. ok is false if it
// must be read as a whole.
func (b *composeBlocks) read(src Source) (list []*Profile, images []string, ok bool) {
	if b == nil || !b.asked.current(src, b.path) {
		return nil, nil, false
	}
	data, err := src.load(b.path)
	services, others, ok := splitCompose(data)
	if err != nil || !ok || shared(others) != b.shared {
		return nil, nil, false
	}
	known := map[string]bool{}
	for _, e := range others {
		if known[e.text] = b.others[e.text] || b.isOther(e); !known[e.text] {
			return nil, nil, false
		}
	}
	now := make(map[string]serviceBlock, len(services))
	list = make([]*Profile, 0, len(services))
	for _, e := range services {
		block, ok := b.services[e.text]
		if !ok {
			if block, ok = b.readService(e, src); !ok {
				return nil, nil, false
			}
		}
		now[e.text] = block
		if block.profile != nil {
			if block.moved == nil || block.at != e.start {
				block.moved, block.at = block.profile.moved(e.start-block.start), e.start
				now[e.text] = block
			}
			list = append(list, block.moved)
		} else if block.image != "" {
			images = append(images, block.image)
		}
	}
	b.others, b.services = known, now
	return list, images, true
}

// isOther says whether an entry at the top is one that no service depends on.
func (b *composeBlocks) isOther(e section) bool {
	root, err := parseYAML(b.path, []byte(e.text))
	return err == nil && root != nil && root.Kind == yaml.MappingNode && len(root.Content) == 2 && root.Content[0].Value == e.name &&
		e.name != "include" && simple(root, 1) && root.Decode(new(any)) == nil
}

// readService reads a service as the only one of a file.
func (b *composeBlocks) readService(e section, src Source) (block serviceBlock, ok bool) {
	const top = "services:\n"
	one := Source{Env: b.asked.of(src).Env, Read: func(path string) ([]byte, error) {
		if path == b.path {
			return []byte(top + e.text + b.shared), nil
		}
		return src.Read(path)
	}}
	r := newComposeReader(one, &canonicalForms{})
	list, err := r.profiles(b.dir, []string{b.path})
	b.substituted += r.substituted
	if err != nil || !r.separate(list) || len(r.order) != 1 || r.order[0] != e.name || b.substituted > maxSubstituted {
		return block, false
	}
	block.image = r.images[e.name]
	if block.start = len(top); len(list) > 0 {
		block.profile = list[0]
	}
	return block, true
}

// moved is the profile where its file has it, some bytes behind where it was read.
func (p *Profile) moved(by int) *Profile {
	if by == 0 {
		return p
	}
	out := *p
	out.Start, out.End = p.Start+by, p.End+by
	out.where = func(attr, element string) (Span, bool) {
		at, ok := p.where(attr, element)
		at.Start, at.End = at.Start+by, at.End+by
		return at, ok
	}
	return &out
}
