package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/practice"
)

// severities are how severe the author wants rules to be, by rule name. A rule that is
// not in it is as severe as BuildKit says.
type severities map[string]string

// severityNames are the values of the setting; "off" is none of build's.
var severityNames = map[string]dockerfile.Severity{"error": dockerfile.Error, "warning": dockerfile.Warning, "info": dockerfile.Information, "hint": dockerfile.Hint}

// apply changes the problems' severities, and leaves out those that are off.
func (s severities) apply(problems []dockerfile.Problem) []dockerfile.Problem {
	if len(s) == 0 {
		return problems
	}
	var out []dockerfile.Problem
	for _, p := range problems {
		if p, shown := s.of(p); shown {
			out = append(out, p)
		}
	}
	return out
}

// of is a problem as severe as the author wants it, by its rule's name or else by hadolint's number
// for the same; shown is false if it is off.
func (s severities) of(p dockerfile.Problem) (_ dockerfile.Problem, shown bool) {
	name, set := s[p.Code]
	for _, number := range practice.Numbers(p.Code) {
		if !set {
			name, set = s[number]
		}
	}
	if set {
		p.Severity = severityNames[name]
	}
	return p, name != "off"
}

// setSeverity reads lint.severity. Whether a rule of that name exists is not asked:
// an engine may know newer ones.
func setSeverity(s *Settings, raw json.RawMessage) error {
	var given severities
	if err := json.Unmarshal(raw, &given); err != nil {
		return errors.New("it must be an object of rule names and severities")
	}
	for rule, name := range given {
		if _, ok := severityNames[name]; !ok && name != "off" {
			return fmt.Errorf("%s: %q is not one of %s", rule, name, strings.Join([]string{"off", "hint", "info", "warning", "error"}, ", "))
		}
	}
	s.LintSeverity = given
	return nil
}

// maxDelay bounds lint.delay, which is in milliseconds.
const maxDelay = 10 * time.Second

func setDelay(field func(*Settings) *time.Duration) func(*Settings, json.RawMessage) error {
	return setDuration(field, "milliseconds", time.Millisecond, maxDelay)
}

// setDuration sets a time from 0 to most, which is given in a unit.
func setDuration(field func(*Settings) *time.Duration, units string, unit, most time.Duration) func(*Settings, json.RawMessage) error {
	return func(s *Settings, raw json.RawMessage) error {
		var n float64
		if err := json.Unmarshal(raw, &n); err != nil || n < 0 || n > float64(most/unit) {
			return fmt.Errorf("it must be a number of %s, from 0 to %d", units, most/unit)
		}
		*field(s) = time.Duration(n * float64(unit))
		return nil
	}
}
