package dockerfile

import (
	"strings"
	"testing"
)

// TestResolveBounded asks for a base that would be a gigabyte.
func TestResolveBounded(t *testing.T) {
	text := "ARG A=" + strings.Repeat("x", 60_000) + "\nFROM " + strings.Repeat("$A", 20_000) + "\n"
	b := &Baseline{File: Parse([]byte(text))}
	stages, err := b.File.Stages()
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Resolve(t.Context(), stages); got[0].Base != stages[0].Base {
		t.Errorf("a base of %d bytes", len(got[0].Base))
	}
	if _, err := b.VariableAt(t.Context(), "A", 1, false); err == nil {
		t.Error("the variable is computed")
	}
}
