package main

import (
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Every way to cancel ends the step's process, and the progress.
func TestCancel(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		e := edit(t, s.env, dir)

		sleep, token := started(t, e, dir)
		e.Notify("window/workDoneProgress/cancel", map[string]any{"token": token[1 : len(token)-1]})
		awaitNoSleep(t, sleep)
		e.Await("the progress's end", func() bool { return e.Ended(token) })
		if p := e.Progress(token); p[len(p)-1].Message != "Canceled" {
			t.Errorf("%+v", p[len(p)-1])
		}

		sleep, token = started(t, e, dir)
		var answer struct{ Canceled bool }
		if err := e.Execute("buildls.cancel", nil, &answer); err != nil || !answer.Canceled {
			t.Errorf("%+v, %v", answer, err)
		}
		awaitNoSleep(t, sleep)
		e.Await("the progress's end", func() bool { return e.Ended(token) })
		if err := e.Execute("buildls.cancel", nil, &answer); err != nil || answer.Canceled {
			t.Errorf("nothing runs: %+v, %v", answer, err)
		}

		cancelRequest(t, e, dir)

		// The same file and target again: the first goes, the second builds.
		sleep, token = started(t, e, dir)
		e.Replace("file://"+dir+"/Dockerfile", base(t)+"RUN echo better\n")
		mustBuild(t, e, nil)
		awaitNoSleep(t, sleep)
		e.Await("the first's end", func() bool { return e.Ended(token) })

		sleep, _ = started(t, e, dir)
		e.Shutdown()
		awaitNoSleep(t, sleep)
	})
}

// cancelRequest cancels a waiting command by $/cancelRequest.
func cancelRequest(t *testing.T, e *lsptest.Editor, dir string) {
	t.Helper()
	sleep := newSleep()
	uri := "file://" + dir + "/Dockerfile"
	e.Replace(uri, base(t)+"RUN "+sleep+"\n")
	done := make(chan error, 1)
	go func() {
		done <- e.CallWithID("mine", "workspace/executeCommand", map[string]any{
			"command": "buildls.build", "arguments": []any{map[string]any{"uri": uri, "wait": true}}}, nil)
	}()
	awaitSleep(t, sleep)
	e.Notify("$/cancelRequest", map[string]any{"id": "mine"})
	if err := <-done; lsptest.Code(err) != -32800 {
		t.Errorf("a canceled request: %v", err)
	}
	awaitNoSleep(t, sleep)
}
