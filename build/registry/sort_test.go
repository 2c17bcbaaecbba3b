package registry

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestSort(t *testing.T) {
	for name, want := range map[string]string{
		"alpine": "latest 3 3.22 3.22.1 3.22.0 3.21 3.21.3 3.9 3.9.6 2.7 2.6 edge 20250108 20240923",
		"golang": "latest 1 1-alpine 1-alpine3.22 1-alpine3.21 1-bookworm 1-windowsservercore-ltsc2022 1.26 1.26-alpine 1.26.1 1.26.1-alpine 1.26.0 1.9 1.9.7 " +
			"alpine alpine3.22 bookworm tip 1.27-rc 1.27-rc-alpine 1.27rc2 1.27rc2-alpine 1.27rc1 tip-20250901-alpine",
		"node":   "latest 24 24-alpine 24-bookworm-slim 24-slim 24.9 24.9-slim 24.9.0 24.9.0-slim 22 22-alpine 22.20.0 8 current jod lts lts-alpine slim",
		"debian": "12 12-slim 12.11 12.11-slim 12.9 11 bookworm bookworm-backports bookworm-slim stable unstable bookworm-20250811 bookworm-20250811-slim bookworm-20240904 stable-20250811",
		"python": "latest 3 3-alpine 3-slim 3.13 3.13-slim-bookworm 3.13.7 3.13.7-slim 3.9 3.9.23 2.7.18 slim 3.14-rc 3.14-rc-slim 3.14.0a7 3.14.0b4 3.14.0rc2 3.14.0rc1",
		"ubuntu": "latest 25.10 25.04 24.04 noble rolling noble-20250805",
		"ours": "latest v2 v2.10 v2.9.1 v1 main v3.0.0-beta.1 2025-08-01 0123abc main-20250801 " +
			"sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.sig sha-0a1b2c3",
		"odd": "1.0 1.00 v1.0 A _ a",
	} {
		got := strings.Fields(want)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		Sort(got)
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s:\n got %s\nwant %s", name, s, want)
		}
	}
}

// The order is one, whatever the tags.
func FuzzSort(f *testing.F) {
	f.Add("1 01 1.0 a1 é 1é")
	f.Fuzz(func(t *testing.T, text string) {
		tags := strings.Fields(text)
		if len(tags) > 6 {
			return
		}
		Sort(tags)
		for range 10 {
			again := slices.Clone(tags)
			rand.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			if Sort(again); !slices.Equal(again, tags) {
				t.Fatalf("%q and %q", tags, again)
			}
		}
	})
}
