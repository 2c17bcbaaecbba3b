package main

import (
	"strings"
	"testing"
)

// A mistake is underlined as it is typed, without any engine, and goes when it is
// mended. What did not change is published again for a new text, since a client may have
// dropped it, and not else.
func TestLintWhileTyping(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch AS base\nRUN true\n")
	e.Insert(uri, 1, 3, "N")
	e.Await("the mistake", func() bool { return e.Codes(uri) == "1:syntax" })
	published := e.Published(uri)
	if v := published[len(published)-1].Version; v == nil || *v != 2 {
		t.Errorf("version %v, want 2", v)
	}
	n := len(published)
	e.Insert(uri, 2, 0, "# nothing\n")
	e.Await("the same mistake, of the new text", func() bool {
		published := e.Published(uri)
		v := published[len(published)-1].Version
		return v != nil && *v == 3 && e.Codes(uri) == "1:syntax"
	})
	e.Insert(uri, 0, 0, "# above\n")
	e.Await("the mistake a line lower", func() bool { return e.Codes(uri) == "2:syntax" })
	if got := len(e.Published(uri)); got != n+2 {
		t.Errorf("published %d times for two changes", got-n)
	}
	e.Replace(uri, "FROM scratch as base\nENV a b\nRUN true\n")
	e.Await("the warnings", func() bool { return e.Codes(uri) == "0:FromAsCasing 1:LegacyKeyValueFormat" })
	e.Replace(uri, "FROM scratch AS base\n")
	e.Await("nothing", func() bool { return e.Codes(uri) == "" })
	e.Shutdown()
}

// What depends on a base image is said once a build has met that image, and not before.
func TestLintKnowsImagesOfBuilds(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"ENV A=$NOPE\nENV b c\n")
		e.Await("what the file alone tells", func() bool { return e.Codes(uri) == "2:LegacyKeyValueFormat" })
		mustBuild(t, e, nil)
		e.Await("what the image tells", func() bool { return e.Codes(uri) == "1:UndefinedVar 2:LegacyKeyValueFormat" })
		e.Replace(uri, base(t)+"ENV A=$PATH B=$NOPE2\n")
		e.Await("without another build", func() bool { return e.Codes(uri) == "1:UndefinedVar" })
		if d := e.Diagnostics(uri)[0]; !strings.Contains(d.Message, "NOPE2") {
			t.Errorf("%+v", d)
		}
		e.Shutdown()
	})
}
