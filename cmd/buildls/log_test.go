package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// What a step prints is there in full, however much it is: live, in few messages, and on demand.
// It leaves no file behind.
func TestLongLog(t *testing.T) {
	const lines = 400_000 // 2.7 MB: more than BuildKit keeps by default
	s, _ := remembering(t, embeddedSite(t))
	dir, temp := workspace(t, "Dockerfile", base(t)+"RUN seq 1 "+fmt.Sprint(lines)+"\n"), t.TempDir()
	e := editorOf(t, program(t, append(s.env, "TMPDIR="+temp)), dir)
	r := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile", "noCache": true})
	whole := numbered(lines)
	if out := logOf(t, e, r); !strings.HasSuffix(out, whole) {
		t.Errorf("%d bytes, that end with %q", len(out), out[max(0, len(out)-100):])
	}
	messages := e.All("buildls/log")
	if live := liveLogOf(t, messages, len(r.Steps)-1); live != whole {
		t.Errorf("live: %d bytes of %d", len(live), len(whole))
	}
	if most := 8 + r.DurationMs*10/1000; len(messages) > most {
		t.Errorf("%d messages in %d ms", len(messages), r.DurationMs)
	}
	e.Shutdown()
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// liveLogOf is what was told of a step as it ran.
func liveLogOf(t *testing.T, messages []lsptest.Message, step int) string {
	t.Helper()
	var live strings.Builder
	for _, m := range messages {
		var p struct {
			Step *int
			Text string
		}
		if err := json.Unmarshal(m.Params, &p); err != nil {
			t.Fatal(err)
		}
		if p.Step != nil && *p.Step == step {
			live.WriteString(p.Text)
		}
	}
	return live.String()
}

// An engine that leaves out output says so, and the log says what to do about it.
func TestClippedLog(t *testing.T) {
	s := buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t, "Dockerfile", base(t)+"RUN seq 1 600000; exit 3\n")
	e := edit(t, s.env, dir)
	r := buildNow(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile", "noCache": true})
	if out := logOf(t, e, r); !strings.Contains(out, "[output clipped, log limit") || !strings.Contains(out, "\n600000\n") || !strings.Contains(out, "BUILDKIT_STEP_LOG_MAX_SIZE=-1") {
		t.Errorf("%d bytes, that end with %q", len(out), out[max(0, len(out)-300):])
	}
	if r.Error == nil || !strings.HasSuffix(r.Error.Message, "\n600000") {
		t.Errorf("%+v", r.Error)
	}
}
