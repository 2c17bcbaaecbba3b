// Package handlers is where the editor's protocol, the author's workspace and the
// builds meet: each handler takes the snapshot, delegates to workspace or build, and
// has the one converter turn the answer into the protocol's types.
//
// What the wire is, how a file becomes a context and how a build runs, it does not
// know: that is below.
//
// Words that are ours, and where they live:
//
//	plan            all that is asked of one build, checked; a build.Request is made of it (plan/plan.go)
//	setup           the part of a plan that one needs to look, without secrets and outputs (plan/setup.go)
//	profile         a build with a name, of a compose or bake file or a setting (plan/profiles.go)
//	project         what the compose and bake files of one directory say (build/project)
//	view            a setup and its ignore file: one way in which a Dockerfile would be built (views.go)
//	overlay         a buffer that stands in for a file of a context (workspace/overlay.go)
//	place           where a path leads, to compare paths by (workspace/place.go)
//	snapshot        the workspace at one moment; it does not change (workspace/snapshot.go)
//	follower        a part that keeps something of each open document (follow.go)
//	reread          an edit or a file of the disk changed how Dockerfiles are built (follow.go)
//	mark            what a lens or a hint shows of the newest build of a target (marks.go)
//	quiet           a build that nobody asked for by command: it leaves and shows little (buildon.go)
//	context usage   what each instruction takes from the context (contextusage.go)
//	sent context    a context that an engine has of an earlier build (sentcontexts.go)
//	attempt         how far one build got: engine, platforms, overlays (build.go)
//	history         the ends of past builds, on the disk (historystore.go, history/)
package handlers
