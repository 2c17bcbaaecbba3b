package dockerfile

import (
	"fmt"
	"strings"
	"testing"
)

// TestDepth holds that stages may be many, and that few instructions may stand on each other.
func TestDepth(t *testing.T) {
	copies := strings.Repeat("COPY a /a\n", 2000)
	for _, c := range []struct {
		text string
		want string
	}{
		{"FROM scratch\n" + copies, ""},
		{"FROM scratch\n" + strings.Repeat(copies, 4), "stand on each other"},
		{"FROM scratch AS a\n" + copies + "FROM A AS b\n" + copies + "FROM b\n" + copies, "stand on each other"},
		{"ARG A\nFROM scratch AS a\n" + copies + "FROM $A AS b\n" + copies + "FROM $A\n" + copies, "stand on each other"},
		{strings.Repeat("FROM scratch\n"+strings.Repeat("COPY a /a\n", 100), 80), ""},
	} {
		if got := fmt.Sprint(Parse([]byte(c.text)).bounded()); !strings.Contains(got, c.want) || c.want == "" && got != "<nil>" {
			t.Errorf("%.40q: %s", c.text, got)
		}
	}
}
