package plan

import (
	"fmt"
	"strings"

	"github.com/tonistiigi/go-csvvalue"
)

// A pair is key=value in a flag such as --secret.
type pair struct{ key, value string }

// csvPairs reads key=value,key=value; a pair may be quoted, as in CSV.
func csvPairs(text string) ([]pair, error) {
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	var pairs []pair
	for _, f := range fields {
		key, value, ok := strings.Cut(f, "=")
		if !ok {
			return nil, fmt.Errorf("%q: write it as key=value", f)
		}
		pairs = append(pairs, pair{strings.ToLower(strings.TrimSpace(key)), value})
	}
	return pairs, nil
}
