package format

// A Style is what an author may choose.
type Style struct {
	Indent    string // one step; empty: that of most lines which are a shell's
	LineBreak string // "\n" or "\r\n"; empty: each line keeps its own
	// KeepEnd leaves a last line without a line break, KeepTrailing the blanks at the ends of lines.
	KeepEnd, KeepTrailing bool
	Shell                 *Shell // nil: what a shell is given stays as it is
}

// DefaultIndent is the indentation of a text that has none of its own.
const DefaultIndent = "    "
