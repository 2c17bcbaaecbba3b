package pairs

import (
	"slices"
	"testing"
)

// What Join writes, Parse reads.
func FuzzPairs(f *testing.F) {
	f.Add("type", "local", "dest", "a,b")
	f.Add("id", `a "quoted" one`, "src", "a\nb")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		given := []string{k1 + "=" + v1, k2 + "=" + v2}
		list, err := Parse(Join(given))
		if err != nil {
			t.Skip() // a carriage return, or a space before a quote
		}
		again := Join([]string{list[0].Key + "=" + list[0].Value, list[1].Key + "=" + list[1].Value})
		if more, err := Parse(again); err != nil || !slices.Equal(more, list) {
			t.Errorf("%q: %q, then %q, %v", given, list, more, err)
		}
	})
}

func TestPairs(t *testing.T) {
	want := []Pair{{"type", "image"}, {"name", "a,b"}, {"note", `"x"`}}
	if got, err := Parse(Join([]string{" Type=image", "name=a,b", `note="x"`})); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Parse("image"); err == nil {
		t.Error("no key")
	}
}
