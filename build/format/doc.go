// Package format lays out the text of a Dockerfile so that nothing changes that a build or its
// cache goes by. That is proved each time, and what cannot be proved is left as it is.
//
// # What is laid out
//
// Keywords are in upper case; one blank is between words, where these are not part of a command's
// text; continuation lines are indented by one step, and so are the comments between them; arrays
// of JSON are spaced; at most one empty line follows another line, and one precedes a stage.
// Each line of the author's stays a line: none is joined, none is split, and comments and heredocs
// stay where they are. Empty continuation lines go, which BuildKit says it will refuse.
//
// What a shell is given (RUN, CMD, ENTRYPOINT and HEALTHCHECK without JSON) stays to the byte:
// BuildKit joins continuation lines without taking anything away, so the blanks at their beginning
// and before the escape at their end are part of the command, and of what the cache goes by. The
// same holds of what follows ONBUILD, which the image's configuration has as it is written, of
// values in the old form of ENV, and of heredocs.
//
// # The proof
//
// BuildKit's converter (dockerfile2llb, toDispatchState) takes three things of a text: its
// directives, what the parser makes of it (nodes, their comments, the escape), and its lines for
// messages. All else — steps, image, what is asked of registries — it makes of the instructions
// that instructions.Parse makes of the nodes, one of each: of a node's keyword in any case, its
// flags, its arguments and whether they are JSON, and its heredocs. The node's own line
// (Node.Original) becomes a description of the step, which is not part of the cache's keys, and
// for ONBUILD the trigger; its comments are for the rules alone.
//
// So if two texts have equal directives and, one by one, equal nodes in this sense, the converter
// makes the same of both: for each target, platform and argument, and whatever the base images
// are, where to convert both would prove it for one choice of these. That is what is compared
// (prove.go), with BuildKit's parser, each time. TestSameBuild has the converter itself as the
// oracle. It is proved of the version of BuildKit that is linked here; a text whose `# syntax=`
// names a front end that is not Docker's is left alone.
//
// The parser keeps nothing from one instruction for the next but the comments between them. So in
// a text that it refuses an empty comment stands for what it refuses, which stays as it is, and
// the rest is compared; with many mistakes each instruction is compared alone.
//
// Rules can fail a build too (`# check=error=true`). Formatting adds no cause: comments stay in
// front of their instructions, and keywords are not put in upper case if some would stay in lower.
//
// The package knows no protocol, no engine and no file.
package format
