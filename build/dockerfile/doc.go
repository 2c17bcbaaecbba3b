// Package dockerfile says what a Dockerfile's text means, with the lines that it stands on: its
// stages, its variables, what it takes from its context, which instructions an edit changes.
// BuildKit's own parser and converter read it, within bounds (see [Readable]).
//
// It needs no engine, no network and no file, and imports nothing else of this module.
package dockerfile
