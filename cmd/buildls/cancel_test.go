package main

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// started begins a build whose step runs until it is killed.
func started(t *testing.T, e *lsptest.Editor, dir string) (sleep string, token string) {
	t.Helper()
	sleep = newSleep()
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", base(t)+"RUN trap '' TERM; "+sleep+"; true\n")
	var answer struct{ ID, Token string }
	if err := e.Execute("buildls.build", map[string]any{"uri": uri}, &answer); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	return sleep, `"` + answer.Token + `"`
}

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

// An editor that dies takes its builds with it.
func TestEditorDies(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		for _, die := range []func(*lsptest.Editor){
			func(e *lsptest.Editor) { e.CloseStdin() },
			func(e *lsptest.Editor) { e.Kill() }, // the server itself, with -9
		} {
			dir := workspace(t)
			e := edit(t, s.env, dir)
			sleep, _ := started(t, e, dir)
			die(e)
			awaitNoSleep(t, sleep)
			e.Exit()
		}
	})
}

// Different targets and files build side by side.
func TestSideBySide(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := edit(t, s.env, dir)
	one, two := newSleep(), newSleep()
	uri := "file://" + dir + "/Dockerfile"
	from := base(t)
	e.Open(uri, "dockerfile", from[:len(from)-1]+" AS one\nRUN "+one+"\n"+from[:len(from)-1]+" AS two\nRUN "+two+"\n")
	for _, target := range []string{"one", "two"} {
		if err := e.Execute("buildls.build", map[string]any{"target": target}, nil); err != nil {
			t.Fatal(err)
		}
	}
	awaitSleep(t, one)
	awaitSleep(t, two)
	e.Shutdown()
	awaitNoSleep(t, one)
	awaitNoSleep(t, two)
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
