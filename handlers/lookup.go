package handlers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
)

// lookupPatience is how long an answer waits for what must be looked up. What comes later is in the
// next answer: the client is told that this one is incomplete.
const lookupPatience = 150 * time.Millisecond

// A lookup is what completion asks for that is not in the text.
type lookup struct {
	server *Server
	document
	late bool // something is still to come
}

// given is what completion may ask.
func (l *lookup) given(ctx context.Context) language.Given {
	s, v := l.server, l.server.viewsOf(l.snapshot, l.doc, l.server.settings.now())[0]
	given := language.Given{
		Snippets: s.features.snippets,
		Args:     v.BuildArgs,
		Images:   func() []language.Image { return l.images(ctx) },
		Files:    func(dir, prefix string) []language.File { return s.contextFiles(ctx, l.document, dir, prefix) },
		Tags:     func(image string) []string { return askRegistry(ctx, s, s.registry.Tags, image, &l.late) },
		Digest:   func(image string) string { return askRegistry(ctx, s, s.registry.Digest, image, &l.late) },
		StageFiles: func(stage language.StageRef, dir string) []language.File {
			return l.stage(ctx, stage, stageQuestion{dir: dir}).files
		},
		Users: func(stage language.StageRef) (users []string) { // passwd(5)
			for _, line := range l.stage(ctx, stage, stageQuestion{file: "/etc/passwd"}).lines {
				if name, _, ok := strings.Cut(line, ":"); ok && name != "" {
					users = append(users, name)
				}
			}
			return users
		},
		Shells: func(stage language.StageRef) []string { // shells(5)
			lines := l.stage(ctx, stage, stageQuestion{file: "/etc/shells"}).lines
			return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.HasPrefix(line, "/") })
		},
	}
	if engine := s.builds.lastEngine(); engine != nil {
		given.Frontend = engine.Info.Frontend
		engine.Release()
	}
	if v.Profile != nil {
		given.Contexts = slices.Sorted(maps.Keys(v.Profile.Build.Contexts))
	}
	return given
}

// stage is what a build of this session knows of a stage.
func (l *lookup) stage(ctx context.Context, stage language.StageRef, q stageQuestion) *stageAnswer {
	var ok bool
	if q.id, q.step, ok = l.server.lastStep(l.doc.URI, stage); !ok {
		return &stageAnswer{}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	if a := l.server.stageFiles.ask(ctx, l.server, q); a != nil {
		return a
	}
	l.late = true
	return &stageAnswer{}
}

// images are those that other Dockerfiles of the workspace, and its compose and bake files, name,
// those first that most do; and those that the engine has.
func (l *lookup) images(ctx context.Context) (images []language.Image) {
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	by := map[string][]string{} // where an image is named
	all, whole := l.server.dockerfiles.all(ctx, l.server, l.snapshot, l.doc)
	l.late = l.late || !whole
	for path, said := range all {
		for _, image := range said.images {
			by[image] = append(by[image], plan.RelativeName(l.snapshot, path))
		}
	}
	profiles := l.server.projects.Profiles(l.snapshot, l.server.settings.now().Defaults, l.doc.Path)
	for _, image := range profiles.Of.Images {
		by[image] = append(by[image], "compose file")
	}
	for _, p := range profiles.List {
		for _, tag := range p.Build.Tags {
			by[tag] = append(by[tag], string(p.Kind)+" "+plan.BaseProfile(p.Name))
		}
	}
	has, whole := l.server.engineImages.of(ctx, l.server)
	l.late = l.late || !whole
	for _, image := range has {
		if by[image] == nil {
			by[image] = []string{"in the engine"}
		}
	}
	for image, places := range by {
		detail := slices.Min(places)
		if n := len(places) - 1; n > 0 {
			detail += fmt.Sprintf(" and %d more", n)
		}
		images = append(images, language.Image{Name: image, Detail: detail})
	}
	slices.SortFunc(images, func(a, b language.Image) int {
		return cmp.Or(len(by[b.Name])-len(by[a.Name]), strings.Compare(a.Name, b.Name))
	})
	return images
}
