// Package pairs reads and writes key=value,key=value, as flags such as --secret take it: what
// holds a comma is quoted, as in CSV.
package pairs

import (
	"fmt"
	"strings"

	"github.com/tonistiigi/go-csvvalue"
)

// A Pair is key=value; the key is in lower case.
type Pair struct{ Key, Value string }

// Parse reads pairs.
func Parse(text string) ([]Pair, error) {
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	list := make([]Pair, len(fields))
	for i, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return nil, fmt.Errorf("%q: write it as key=value", field)
		}
		list[i] = Pair{strings.ToLower(strings.TrimSpace(key)), value}
	}
	return list, nil
}

// Join writes fields, each of which is key=value, so that Parse reads the same.
func Join(fields []string) string {
	quoted := make([]string, len(fields))
	for i, field := range fields {
		if strings.ContainsAny(field, ",\"\n") {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		quoted[i] = field
	}
	return strings.Join(quoted, ",")
}
