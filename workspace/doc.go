// Package workspace is what the author sees: the open buffers, the folders
// around them, and the build context as it would be if everything were saved.
//
// Every event of an editor (open, change, close, folders) is one Modification,
// applied by Workspace.Apply, the only function that changes state. What it
// leaves behind is a Snapshot that never changes, so that slow work can read it
// without locks while typing goes on.
//
//	position.go, text.go, edit.go   positions, immutable text, and what an edit did to its lines
//	uri.go, kind.go                 the one place URIs become paths; the one that knows a Dockerfile
//	workspace.go, snapshot.go       the funnel and what comes out of it
//	overlay.go, contextfs.go,       a directory with the unsaved buffers laid over it,
//	contextwalk.go                  as BuildKit wants to read it
//	trace.go                        whether a context would still be walked as it was before
//	leanfs.go                       the same, cheaper, for callers that only count files (package survey)
//	dockerfilefs.go                 the Dockerfile itself, from memory
//
// The package does not know the Language Server Protocol's types, and it does
// not know that there is a Docker engine.
package workspace
