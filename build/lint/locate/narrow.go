// Package locate finds the place that BuildKit means: it says which lines a problem is in and what is
// wrong, and from the words of the message and the lines follow the bytes.
//
// It knows the messages of one version of BuildKit. Of one that it does not know, the lines count.
package locate

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// Narrow sets the lines (0-based) and columns (in bytes) of problems to the token that is meant,
// where there is one: of lint's and of a build's. BuildKit says the same of the same lines once for
// each token, so the second of such problems is about the second token. A problem that has been
// narrowed stays as it is, or becomes narrower. It never fails.
func Narrow(problems []dockerfile.Problem, file *dockerfile.File) {
	l := &locator{file, map[int]*dockerfile.Instruction{}}
	type same struct {
		code, message string
		lines         dockerfile.Lines
	}
	seen := map[same]int{}
	for i := range problems {
		p := &problems[i]
		key := same{p.Code, p.Message, p.Lines}
		if list := l.find(*p); len(list) > 0 {
			t := list[min(seen[key], len(list)-1)]
			p.Lines = dockerfile.Lines{First: t.First, Last: t.Last}
			p.Columns = dockerfile.Columns{Start: t.Start, End: t.End}
		}
		seen[key]++
	}
}

// A locator finds the places of problems in a Dockerfile.
type locator struct {
	file *dockerfile.File
	read map[int]*dockerfile.Instruction // by their first lines: many problems are of one instruction
}

// instruction is the one that begins on a line.
func (l *locator) instruction(first int) *dockerfile.Instruction {
	st := l.read[first]
	if st == nil {
		st = l.file.ReadAt(first)
		l.read[first] = st
	}
	return st
}

// find returns the tokens that a problem may be about, the likeliest first; none if its
// lines are all that can be said.
func (l *locator) find(p dockerfile.Problem) []dockerfile.Token {
	f, match := finderOf(p)
	if f == nil {
		return nil
	}
	list := f(Site{l.instruction(p.Lines.First), p.Lines, match})
	for _, t := range list {
		if !l.file.Holds(t) {
			return nil // in doubt, the lines as they are
		}
	}
	return list
}

// A Site is where a problem is: the instruction that its lines begin with, those lines (0-based),
// and what its message names.
type Site struct {
	*dockerfile.Instruction
	Reported dockerfile.Lines
	Match    []string
}

// A Finder finds the tokens that a problem may be about, the likeliest first; none if it cannot tell.
type Finder func(s Site) []dockerfile.Token

// A Pattern is a message of BuildKit's, with a % for each part that varies, and what
// finds its token.
type Pattern struct {
	Message string
	Find    Finder
}

// Rule is the message of one of BuildKit's lint rules, by its name; ok is false if it is none.
func Rule(code string) (p Pattern, ok bool) {
	p, ok = rules[code]
	return p, ok
}

// Rules are the names of BuildKit's lint rules.
func Rules() []string { return slices.Collect(maps.Keys(rules)) }

// finderOf looks a problem up in the tables below, and what its message names.
func finderOf(p dockerfile.Problem) (Finder, []string) {
	message, _, _ := strings.Cut(p.Message, " (did you mean ")
	if r, ok := rules[p.Code]; ok {
		match, _ := Match(r.Message, message)
		return r.Find, match
	}
	patterns := mistakes
	if p.Code == "build" {
		patterns = failures
	}
	for _, m := range patterns {
		if match, ok := Match(m.Message, message); ok {
			return m.Find, match
		}
	}
	if p.Code == "build" {
		return imageIn(message), nil
	}
	return nil, nil
}

// Match finds a message's pattern in a text and returns what stands for each %; a name in quotes
// comes without them. It is false if the text is another message.
func Match(pattern, text string) ([]string, bool) {
	parts := strings.Split(pattern, "%")
	_, rest, ok := strings.Cut(text, parts[0])
	if !ok {
		return nil, false
	}
	var match []string
	for i, part := range parts[1:] {
		at := strings.Index(rest, part)
		if quoted, err := strconv.QuotedPrefix(rest); err == nil && strings.HasPrefix(rest[len(quoted):], part) {
			at = len(quoted)
		} else if i == len(parts)-2 && strings.HasSuffix(rest, part) {
			at = len(rest) - len(part)
		}
		if at < 0 {
			return nil, false
		}
		match = append(match, unquoted(rest[:at]))
		rest = rest[at+len(part):]
	}
	return match, true
}

// rules are BuildKit's lint rules (linter/ruleset.go).
var rules = map[string]Pattern{
	"StageNameCasing":                 {"Stage name '%' should", stageToken},
	"FromAsCasing":                    {"", argument(1)},
	"NoEmptyContinuation":             {"", emptyLine},
	"ConsistentInstructionCasing":     {"", Keyword},
	"DuplicateStageName":              {"", stageToken},
	"ReservedStageName":               {"", stageToken},
	"JSONArgsRecommended":             {"", arguments},
	"MaintainerDeprecated":            {"", Keyword},
	"UndefinedArgInFrom":              {"FROM argument '%' is", variableToken},
	"WorkdirRelativePath":             {"Relative workdir % can have", arguments},
	"UndefinedVar":                    {"variable '$%'", variableToken},
	"MultipleInstructionsDisallowed":  {"", Keyword},
	"LegacyKeyValueFormat":            {"", arguments},
	"InvalidBaseImagePlatform":        {"", argument(0)},
	"RedundantTargetPlatform":         {"", flagOf("--platform")},
	"SecretsUsedInArgOrEnv":           {"data (% %)", keyToken},
	"InvalidDefaultArgInFrom":         {"", argument(0)},
	"FromPlatformFlagConstDisallowed": {"", flagOf("--platform")},
	"CopyIgnoredFile":                 {"file % that is excluded", ignoredSource},
	"InvalidDefinitionDescription":    {"", Description},
	"ExposeProtoCasing":               {"protocol '%' in", wordToken},
	"ExposeInvalidFormat":             {"found '%'", wordToken},
}

// mistakes are the errors of BuildKit's parser and converter (parser, instructions,
// shell, dockerfile2llb), the more specific first.
var mistakes = []Pattern{
	{"only one % parser directive can be used", repeatedDirective},
	{"invalid escape token '%' does not match", directiveValue("escape")},
	{"invalid check option %", directiveValue("check")},
	{"failed to parse check options: %", directiveValue("check")},
	{"is not Docker's own front end", directiveValue("syntax")},
	{"dockerfile line greater than max", longLine},
	{"unterminated heredoc", unterminated},
	{"cannot accept a heredoc as a destination", lastArgument},

	{"unknown instruction: %", Keyword},
	{"no build stage in current context", Keyword},
	{"requires at least one argument", Keyword},
	{"Chaining ONBUILD", trigger},
	{"isn't allowed as an ONBUILD trigger", trigger},
	{"does not support the command stopsignal", Keyword},

	{"unknown flag: %", flagNamed},
	{"duplicate flag specified: %", repeatedFlag},
	{"missing a value on flag: %", bareFlag},
	{"expecting boolean value for flag %, not: %", flagWithValue},

	{"failed to parse csv mounts", flagOf("--mount")},
	{"failed to parse csv devices", flagOf("--device")},
	{"invalid field '%' must be a key=value pair", fieldToken},
	{"unexpected key '%' for mount type '%'", fieldOfType},
	{"unexpected key '%' in '%'", FieldKey},
	{"unsupported mount type %", FieldValue("type")},
	{"unsupported sharing value %", FieldValue("sharing")},
	{"invalid cache sharing set for % mount", typedKey("sharing")},
	{"invalid value % for %", fieldNamedLast},
	{"invalid value for %: %", fieldNamedFirst},
	{"device name already set to %", flagOf("--device")},
	{"'%' doesn't support variable expansion", dollarField},
	{"% not allowed for % type mounts", keyOfType},
	{"secret mount should not have a from", mountKey("secret", "from")},
	{"secret mount should not define sharing", mountKey("secret", "sharing")},
	{"both source and id can't be set", mountKey("secret", "id")},
	{"one of source, target required", mountOf("secret")},
	{"ssh does not support source", mountKey("ssh", "source")},
	{"secret target", mountOf("secret")}, // on Windows
	{"invalid mount target %", FieldValue("target", "dst", "destination")},
	{"invalid network mode", flagOf("--network")},
	{"unsupported network mode", flagOf("--network")},
	{"security % is not valid", flagOf("--security")},
	{"unsupported security mode", flagOf("--security")},

	{"invalid name for build stage: %, name", stageToken},
	{"FROM requires either one or three arguments", arguments},
	{"base name (%) should not be blank", argument(0)},
	{"empty platform value from expression", flagOf("--platform")},
	{"arguments for platform", flagOf("--platform")},
	{"failed to parse platform", flagOf("--platform")},
	{"failed to parse stage name %: ", imageNamed},
	{"cannot copy from stage %, it", imageNamed},
	{"cannot mount from stage % to %, stage", FieldValue("from")},
	{"invalid stage index %", imageNamed},
	{"variable expansion is not supported for --from", dollarFrom},
	{"circular dependency detected on stage: %", dependency},

	{"--chown=%: user", flagOf("--chown")},
	{"invalid chmod parameter", flagOf("--chmod")},
	{"checksum can't be specified", flagOf("--checksum")},
	{"checksum requires HTTP", flagOf("--checksum")},
	{"checksum mismatch", flagOf("--checksum")},
	{"unsupported digest algorithm", flagOf("--checksum")},
	{"invalid checksum digest", flagOf("--checksum")},
	{"inconsistent keep-git-dir", flagOf("--keep-git-dir")},
	{"source can't be a git ref for COPY", remoteSource},
	{"source can't be a URL for COPY", remoteSource},
	{"requires at least two arguments", arguments},

	{"invalid port: %: ", wordToken},
	{"invalid IP address: %", wordToken},
	{"invalid IP address %: ", wordToken},
	{"invalid containerPort: %", wordToken},
	{"invalid hostPort: %", wordToken},
	{"invalid ranges specified for container and host Ports: % and %", wordToken},

	{"SOURCE_DATE_EPOCH", arguments},
	{"must have two arguments", arguments},
	{"can't find = in %. Must be", wordToken},
	{"names can not be blank", blankKey},
	{"arrays must be comprised of strings only", notString},
	{"requires the arguments to be in JSON form", arguments},
	{"requires exactly one argument", arguments},
	{"VOLUME specified can not be an empty string", emptyString},
	{"normalizing workdir", arguments},

	{"Interval % cannot be less than", namedFlag},
	{"--retries cannot be negative", flagOf("--retries")},
	{"HEALTHCHECK NONE takes no arguments", afterType},
	{"Missing command after HEALTHCHECK CMD", argument(0)},
	{"Unknown type % in HEALTHCHECK", argument(0)},
	{"invalid duration %", flagValued},
	{"in duration %", flagValued},
	{"parsing %: ", flagValued},

	{"failed to process %: unexpected end of statement while looking for matching ", openQuote},
	{"failed to process %: syntax error: ", substitution},
	{"failed to process %: unsupported modifier", substitution},
	{"failed to process %: invalid pattern", substitution},
	{"failed to process %: %: ", requiredVariable},
}
