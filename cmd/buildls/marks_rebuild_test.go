package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// rebuilt is a Dockerfile each of whose RUNs leaves something else every time.
const rebuilt = `ARG V=1
FROM BASE AS one
WORKDIR /x
COPY a.txt .
RUN cat /proc/sys/kernel/random/uuid > u # SALT
ARG V
ARG W=1
COPY . sub/
RUN cat u /proc/sys/kernel/random/uuid > w
FROM BASE AS two
LABEL a=b
RUN cat /proc/sys/kernel/random/uuid > /v # SALT
FROM BASE
ENV E=1
COPY --from=one /x/w /
COPY --from=two /v /
RUN cat /v /w
CMD ["x"]
`

// What the marks say of an edited text is what the next build then does.
func TestMarksWouldRebuild(t *testing.T) {
	test := func(t *testing.T, s site, nth int) {
		dir := workspace(t, "a.txt", "a", "b.txt", "b", ".dockerignore", "Dockerfile\n")
		e := edit(t, s.env, dir)
		uri := "file://" + dir + "/Dockerfile"
		text := strings.NewReplacer("FROM BASE", strings.TrimSpace(base(t)), "SALT", dir).Replace(rebuilt)
		e.Open(uri, "dockerfile", text)
		mustBuild(t, e, nil)
		for i, c := range [][2]string{
			{"WORKDIR /x", "workdir   /x"},
			{"COPY . sub/", "COPY \\\n# why\n. \\\n sub/"},
			{"LABEL a=b", "LABEL a=c"},
			{"LABEL a=b\n", ""},
			{"CMD [\"x\"]", "CMD [\"y\"]\nEXPOSE 80\nUSER 1"},
			{"ENV E=1", "ENV E=2"},
			{"ARG V=1", "ARG V=2"},
			{"ARG V\n", ""},
			{"ARG W=1", "ARG W=2"},
			{"COPY a.txt .", "COPY b.txt ."},
			{"COPY . sub/", "COPY . dir/"},
			{"RUN cat u", "RUN  cat  u"},
			{"FROM " + enginetest.Registry(t) + "/base AS two", "FROM one AS two"},
			{"COPY --from=two /v /", "COPY --chown=1 --from=two /v /"},
			{"WORKDIR /x\n", "WORKDIR /x\nRUN true\n"},
			{"RUN cat /v", "RUN cat /v\nRUN cat /v"},
		} {
			if enginetest.Pairs(nth, i) {
				foretold(t, e, uri, text, strings.Replace(text, c[0], c[1], 1))
			}
		}
		e.Shutdown()
	}
	t.Run("embedded", func(t *testing.T) { // the newest BuildKit, and the oldest
		t.Parallel()
		test(t, embeddedSite(t), 0)
	})
	t.Run("docker-20.10", func(t *testing.T) {
		t.Parallel()
		test(t, dockerSite(enginetest.Docker(t, "20.10"), "20.10"), 1)
	})
}

// foretold builds a text, edits it, and checks that another build takes from the cache
// what keeps its mark, and runs the rest.
func foretold(t *testing.T, e *lsptest.Editor, uri, text, edited string) {
	t.Helper()
	e.Replace(uri, text)
	mustBuild(t, e, nil)
	before := hintsOf(e, uri)
	e.Replace(uri, edited)
	labels := map[int]string{}
	said := hintsOf(e, uri)
	for _, h := range e.Hints(uri, 0, 1000) {
		labels[h.Position.Line] = h.Label
	}
	e.Replace(uri, text)
	if undone := hintsOf(e, uri); undone != before {
		t.Errorf("undone: %s, before: %s", undone, before)
	}
	e.Replace(uri, edited)
	for _, st := range mustBuild(t, e, nil).Steps {
		label := labels[st.Range.End.Line]
		kept := label != "" && label != "would rebuild"
		if !strings.Contains(st.Name, "] FROM ") && kept != (st.Status == "cached") {
			t.Errorf("%s\nhints %s\nand then %s", edited, said, fmt.Sprint(st))
		}
	}
}
