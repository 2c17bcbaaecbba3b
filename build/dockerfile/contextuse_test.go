package dockerfile

import (
	"fmt"
	"slices"
	"testing"
)

// What is asked of the context is what BuildKit's front end asks for: by instruction,
// with variables expanded, without what comes from elsewhere.
func TestContextNeed(t *testing.T) {
	for _, c := range []struct{ name, dockerfile, target, want string }{
		{"nothing", "FROM scratch\nCOPY <<EOF /a\nhello\nEOF\n", "", "nothing"},
		{"all", "FROM scratch\nCOPY . /\n", "", "all; 1 COPY . / [/ *]"},
		{"some", "FROM scratch\nCOPY a b/ *.go /dst/\n", "", "*.go a b; 1 COPY a b/ *.go /dst/ [/a * /b * /*.go *]"},
		{"variables", "ARG D=src\nFROM scratch\nARG D\nENV E=$D/x\nCOPY ${E} /\n", "", "src/x; 4 COPY src/x / [/src/x *]"},
		{"other sources", "FROM scratch AS a\nCOPY a /\nFROM scratch\nCOPY --from=a a /\nADD https://example.com/x /x\n", "", "a; 1 COPY a / [/a *]"},
		{"only what the target needs", "FROM scratch AS a\nCOPY a /\nFROM scratch\nCOPY b /\n", "", "b; 3 COPY b / [/b *]"},
		{"another target", "FROM scratch AS a\nCOPY a /\nFROM scratch\nCOPY b /\n", "A", "a; 1 COPY a / [/a *]"},
		{"mounts", "FROM busybox\nRUN --mount=type=bind,target=/m --mount=type=cache,target=/c true\nRUN --mount=source=x,target=/m true\n", "",
			"all; 1 RUN --mount=type=bind,target=/m --mount=type=cache,target=/c true [/] 2 RUN --mount=source=x,target=/m true [/x]"},
		{"patterns", "FROM scratch\nCOPY --parents --exclude=*.md a/./**/x /\n", "", "a/**/x; 1 COPY --parents --exclude=*.md a/./**/x / [/a * +[**/x] -[*.md]]"},
		{"link, add, several lines", "FROM scratch\nCOPY --link a \\\n  b \\\n  /dst/\nADD c.tar /\n", "", "a b c.tar; 1 COPY --link a   b   /dst/ [/a * /b *] 4 ADD c.tar / [/c.tar *]"},
		{"twice the same", "FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY x /\nFROM scratch\nCOPY --from=a x /a\nCOPY --from=b x /b\n", "", "x; 1 COPY x / [/x *] 3 COPY x / [/x *]"},
		{"a trigger", "FROM scratch AS a\nONBUILD COPY x /\nFROM a\n", "", "x; 2 ONBUILD COPY x / [/x *]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Parse([]byte(c.dockerfile)).ContextNeed(t.Context(), Given{Target: c.target})
			if err != nil {
				t.Fatal(err)
			}
			if got := written(n); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func written(n *ContextNeed) string {
	if n.Nothing {
		return "nothing"
	}
	s := "all"
	for i, p := range n.Follow {
		if i == 0 {
			s = p
		} else {
			s += " " + p
		}
	}
	s += ";"
	for _, u := range n.Uses {
		s += fmt.Sprintf(" %d %s [", u.Lines.First, u.Name)
		for i, p := range u.Paths {
			if i > 0 {
				s += " "
			}
			s += p.Path
			if p.Wildcards {
				s += " *"
			}
			if p.Include != nil {
				s += fmt.Sprintf(" +%v", p.Include)
			}
			if p.Exclude != nil {
				s += fmt.Sprintf(" -%v", p.Exclude)
			}
		}
		s += "]"
	}
	return s
}

// All stages count, those that nothing needs too, each instruction once.
func TestContextNeedsOfAll(t *testing.T) {
	n, err := new(ContextNeeds).OfAll(t.Context(), Parse([]byte("FROM scratch AS a\nCOPY a /\nFROM a\nCOPY b /\nFROM scratch\nCOPY c /\nFROM a AS last\nCOPY d /\n")), Given{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := written(n), "a b c d; 1 COPY a / [/a *] 3 COPY b / [/b *] 5 COPY c / [/c *] 7 COPY d / [/d *]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	n, err = new(ContextNeeds).OfAll(t.Context(), Parse([]byte("FROM scratch\nCOPY . /\nFROM scratch\nCOPY d /\n")), Given{})
	if err != nil || n.Nothing || !slices.Equal(n.Follow, nil) {
		t.Errorf("%+v, %v", n, err)
	}
}

// A stage that a RUN has a mount of is no image, which could not have its name.
func TestContextNeedsOfMounts(t *testing.T) {
	for _, mount := range []string{"from=Build,target=/x", "from=BUILD,target=/x", "type=cache,from=build,target=/x"} {
		text := "FROM scratch AS Build\nCOPY a /a\nFROM scratch\nRUN --mount=" + mount + " --mount=source=b,target=/y x\n"
		n, err := new(ContextNeeds).OfAll(t.Context(), Parse([]byte(text)), Given{})
		if err != nil || len(n.Uses) != 2 || n.Uses[1].Lines.First != 3 || n.Uses[1].Paths[0].Path != "/b" {
			t.Errorf("%s: %+v, %v", mount, n, err)
		}
	}
}

func TestContextNeedMistakes(t *testing.T) {
	for _, c := range []struct{ dockerfile, target string }{{"", ""}, {"FROM scratch\nRUNN\n", ""}, {"FROM scratch\n", "gone"}, {"FROM scratch\n", "0"}} {
		if n, err := Parse([]byte(c.dockerfile)).ContextNeed(t.Context(), Given{Target: c.target}); err == nil {
			t.Errorf("%q, %q: %+v", c.dockerfile, c.target, n)
		}
	}
}
