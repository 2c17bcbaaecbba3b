package build

import (
	"slices"
	"testing"
)

// A build that several stand on is one, and comes before each of them.
func TestLinkedOrder(t *testing.T) {
	on := func(list ...*Request) Spec {
		contexts := map[string]Context{"files": {Kind: EmptyContext}}
		for _, r := range list {
			contexts[r.Linked] = Context{Kind: TargetContext, Source: "target:" + r.Linked, Build: r}
		}
		return Spec{Contexts: contexts}
	}
	base := &Request{Linked: "base"}
	lib := &Request{Linked: "lib", Spec: on(base)}
	also := &Request{Linked: "also", Spec: on(lib, base)}
	app := &Request{Spec: on(lib, base, also)}
	if got, want := app.linked(), []*Request{base, lib, also}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}
