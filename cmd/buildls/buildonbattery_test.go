package main

import "testing"

// On battery, as the client says, nothing that is typed is built, and what runs is ended. When the
// power is back, what was typed meanwhile is built, unless a command has built it.
func TestBuildOnTypeBattery(t *testing.T) {
	x := newFollowedAuthor(t, embeddedSite(t), nil)
	power := func(battery bool) { x.Notify("buildls/power", map[string]any{"battery": battery}) }
	sleep := newSleep()
	x.types("RUN "+sleep+"\n", "building")
	awaitSleep(t, sleep)
	power(true)
	awaitNoSleep(t, sleep)
	x.awaitStatus("resting")
	if all := x.statuses(); all[len(all)-1].Message != "the computer runs on battery" {
		t.Errorf("%+v", all)
	}

	x.Forget()
	x.Replace(x.uri, base(t)+"RUN echo typed\n")
	mustBuild(t, x.Editor, map[string]any{"uri": x.uri})
	x.Replace(x.uri, base(t)+"RUN echo typed later\n")
	power(true) // again
	power(false)
	x.awaitStatus("succeeded")
	if n := x.count("building"); n != 1 {
		t.Errorf("%d builds: %+v", n, x.statuses())
	}
	if log := logOf(t, x.Editor, buildsOf(t, x.Editor)[0]); !contains(log, "typed later") {
		t.Error(log)
	}

	power(true)
	x.awaitStatus("resting")
	x.Forget()
	x.Replace(x.uri, base(t)+"RUN echo by command\n")
	mustBuild(t, x.Editor, map[string]any{"uri": x.uri})
	power(false)
	x.awaitStatus("waiting")
	x.types("RUN echo last\n", "succeeded")
	if n := x.count("building"); n != 1 {
		t.Errorf("%d builds: %+v", n, x.statuses())
	}
	x.Shutdown()
}
