package project

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
)

// A Reader reads one directory again and again. It remembers the results of its last reading,
// so that the next one computes only what has changed: a service that is written as it was keeps
// its profile, or its canonical form, and bake files are evaluated again only if something that
// they were evaluated with has changed. It is not safe for concurrent use.
type Reader struct {
	dir       string
	blocks    *composeBlocks // nil: compose files are to be read as a whole
	canonical *canonicalForms
	bake      *bakeReading // nil: bake files were not read yet
}

// NewReader makes a Reader that remembers nothing.
func NewReader(dir string) *Reader { return &Reader{dir: dir, canonical: &canonicalForms{}} }

// Read reads the directory, as the function [Read] does. It asks src for all that the result
// depends on, also for what has not changed.
func (r *Reader) Read(src Source) *Project {
	p := &Project{}
	p.take(Service, func() error { return r.readCompose(src, p) })
	if !r.bake.current(src, p) {
		r.bake = readBakeFiles(r.dir, src, p)
	}
	p.Profiles = slices.Concat(p.Profiles, r.bake.result.Profiles)
	p.Groups = r.bake.result.Groups
	p.Problems = append(p.Problems, r.bake.result.Problems...)
	return p
}

func (r *Reader) readCompose(src Source, p *Project) (err error) {
	known := false
	guarded(func() error { // what is wrong is found when the whole is read
		p.Profiles, p.Images, known = r.blocks.read(src)
		return nil
	})
	if !known {
		defer r.canonical.end()
		p.Profiles, p.Images, r.blocks = nil, nil, nil
		r.blocks, err = p.readCompose(r.dir, src, r.canonical)
	}
	return err
}

// A record is what a Source was asked for, and its answers.
type record struct {
	files []readFile
	env   map[string]*string // nil for a variable that is not set
}

// A readFile is what a Source said of a file.
type readFile struct {
	path string
	data []byte
	err  error
}

// of is the same source, which is recorded.
func (a *record) of(src Source) Source {
	return Source{
		Read: func(path string) ([]byte, error) {
			data, err := src.Read(path)
			a.files = append(a.files, readFile{path, data, err})
			return data, err
		},
		Env: func(name string) (string, bool) {
			value, ok := src.Env(name)
			if a.env == nil {
				a.env = map[string]*string{}
			}
			if a.env[name] = nil; ok {
				a.env[name] = &value
			}
			return value, ok
		},
	}
}

// current says whether a source answers as it did, but for a file.
func (a *record) current(src Source, but string) bool {
	for _, f := range a.files {
		if f.path == but {
			continue
		}
		if data, err := src.Read(f.path); !f.is(data, err) {
			return false
		}
	}
	for name, before := range a.env {
		value, ok := src.Env(name)
		if ok != (before != nil) || ok && value != *before {
			return false
		}
	}
	return true
}

// A bakeReading is what bake files came to, and everything that this depends on.
type bakeReading struct {
	record
	services map[string]serviceAnswer
	result   Project
}

// A serviceAnswer says whether the compose files beside bake files have a service of a name, to
// buildx a target too, and whether all services are known.
type serviceAnswer struct{ is, complete bool }

func (p *Project) hasService(name string) serviceAnswer {
	is := slices.ContainsFunc(p.Profiles, func(p *Profile) bool { return p.Name == name })
	return serviceAnswer{is, len(p.Problems) == 0}
}

// readBakeFiles reads the bake files of a directory. compose is what its compose files say.
func readBakeFiles(dir string, src Source, compose *Project) *bakeReading {
	r := &bakeReading{services: map[string]serviceAnswer{}}
	service := func(name string) serviceAnswer {
		r.services[name] = compose.hasService(name)
		return r.services[name]
	}
	r.result.take(Target, func() error { return r.result.readBake(dir, r.of(src), service) })
	return r
}

// current says whether reading the bake files again would come to the same.
func (r *bakeReading) current(src Source, compose *Project) bool {
	if r == nil || !r.record.current(src, "") {
		return false
	}
	for name, before := range r.services {
		if compose.hasService(name) != before {
			return false
		}
	}
	return true
}

func (f readFile) is(data []byte, err error) bool {
	if err != nil || f.err != nil {
		return err != nil && f.err != nil && err.Error() == f.err.Error()
	}
	return bytes.Equal(data, f.data)
}

// canonicalForms are the canonical forms of the services of the last reading that had any.
type canonicalForms struct{ known, now map[serviceKey]canonicalForm }

// A serviceKey is a service of a file, whose paths count from dir.
type serviceKey struct{ file, dir, name string }

type canonicalForm struct{ of, is any }

// end ends a reading: what it had no use for is forgotten.
func (c *canonicalForms) end() {
	if len(c.now) > 0 {
		c.known, c.now = c.now, nil
	}
}

// form is the canonical form of the model of a file. Each service is computed alone, because
// compose-go looks at one path of a model at a time; one that is as it was is not computed again.
func (c *canonicalForms) form(m model, file, dir string) (model, error) {
	services, ok := m["services"].(model)
	if !ok {
		return canonical(m, dir)
	}
	rest := maps.Clone(m)
	delete(rest, "services")
	out, err := canonical(rest, dir)
	if err != nil {
		return nil, err
	}
	forms := model{}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		if forms[name], err = c.service(serviceKey{file, dir, name}, services[name]); err != nil {
			return nil, err
		}
	}
	out["services"] = forms
	return out, nil
}

func (c *canonicalForms) service(key serviceKey, service any) (any, error) {
	form, ok := c.known[key]
	if !ok || !reflect.DeepEqual(form.of, service) {
		form.of = clone(service)
		m, err := canonical(model{"services": model{key.name: service}}, key.dir)
		if err != nil {
			return nil, err
		}
		form.is = asModel(m["services"])[key.name]
	}
	if c.now == nil {
		c.now = map[serviceKey]canonicalForm{}
	}
	c.now[key] = form
	return clone(form.is), nil // it is merged with others, which writes to it
}
