package dockerfile

import "regexp"

var (
	wrapperText  = regexp.MustCompile(`^(?:failed to solve(?: with frontend [\w.]+)?|failed to create LLB definition|failed to run Build function|rpc error: code = \w+ desc =|dockerfile parse error (?:on )?line \d+)(?:: | )`)
	metadataText = regexp.MustCompile(`^(\S+): failed to resolve source metadata for \S+: `)
	solveRefText = regexp.MustCompile(`of ref [a-z0-9]+::[a-z0-9]+`)
)

// PlainError is an error's text without what only BuildKit's programmers need.
func PlainError(err error) string {
	text := err.Error()
	for {
		next := wrapperText.ReplaceAllString(text, "")
		if next == text {
			text = metadataText.ReplaceAllString(text, "$1: ")
			return solveRefText.ReplaceAllString(text, "of the file")
		}
		text = next
	}
}
