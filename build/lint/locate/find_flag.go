package locate

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// flagOf finds a flag by its name.
func flagOf(name string) Finder {
	return func(s Site) []dockerfile.Token { return s.Tokens(s.FlagsNamed(name)...) }
}

// flagNamed finds the flag that the message names.
func flagNamed(s Site) []dockerfile.Token { return s.Tokens(s.FlagsNamed(s.Named(0))...) }

// namedFlag is the same for a message that names it without its dashes.
func namedFlag(s Site) []dockerfile.Token { return s.Tokens(s.FlagsNamed("--" + s.Named(0))...) }

// repeatedFlag finds the second flag of a name.
func repeatedFlag(s Site) []dockerfile.Token {
	list := flagNamed(s)
	return list[min(1, len(list)):]
}

// flagsWhere finds the flags of which something is true.
func (s Site) flagsWhere(is func(name, value string, valued bool) bool) []dockerfile.Token {
	var list []dockerfile.Part
	for _, f := range s.Flags {
		if name, value, valued := s.Cut(f, "="); is(s.Unquoted(name), s.Unquoted(value), valued) {
			list = append(list, f)
		}
	}
	return s.Tokens(list...)
}

// bareFlag finds the flag that the message names and that has no value.
func bareFlag(s Site) []dockerfile.Token {
	return s.flagsWhere(func(name, value string, _ bool) bool {
		return name == s.Named(0) && value == ""
	})
}

// flagWithValue finds a flag by the name and the value in the message.
func flagWithValue(s Site) []dockerfile.Token {
	return s.flagsWhere(func(name, value string, _ bool) bool {
		return name == s.Named(0) && value == s.Named(1)
	})
}

// flagValued finds a flag by the value in the message.
func flagValued(s Site) []dockerfile.Token {
	return s.flagsWhere(func(_, value string, valued bool) bool { return valued && value == s.Named(0) })
}

// fieldsWhere returns the mounts' fields of which something is true.
func (s Site) fieldsWhere(is func(f dockerfile.Field) bool) []dockerfile.Field {
	return slices.DeleteFunc(s.Fields(), func(f dockerfile.Field) bool { return !is(f) })
}

func (s Site) allOf(list []dockerfile.Field) []dockerfile.Token {
	var spans []dockerfile.Part
	for _, f := range list {
		spans = append(spans, f.All)
	}
	return s.Tokens(spans...)
}

func (s Site) keysOf(list []dockerfile.Field) []dockerfile.Token {
	var spans []dockerfile.Part
	for _, f := range list {
		spans = append(spans, f.Key)
	}
	return s.Tokens(spans...)
}

// fieldToken finds the field that the message quotes.
func fieldToken(s Site) []dockerfile.Token {
	return s.allOf(s.fieldsWhere(func(f dockerfile.Field) bool { return s.Unquoted(f.All) == s.Named(0) }))
}

// FieldKey finds the key of the field that the message quotes.
func FieldKey(s Site) []dockerfile.Token {
	return s.keysOf(s.fieldsWhere(func(f dockerfile.Field) bool {
		return s.Unquoted(f.All) == s.Named(1) || s.KeyOf(f) == s.Named(0)
	}))
}

// fieldOfType finds a key that a type of mount does not have.
func fieldOfType(s Site) []dockerfile.Token {
	return s.keysOf(s.fieldsWhere(func(f dockerfile.Field) bool {
		return s.KeyOf(f) == s.Named(0) && s.TypeOf(f) == s.Named(1)
	}))
}

// keyOfType is the same with the type in quotes.
func keyOfType(s Site) []dockerfile.Token {
	words := strings.Fields(s.Named(0))
	if len(words) > 0 {
		s.Match = []string{words[len(words)-1], s.Named(1)}
	}
	return fieldOfType(s)
}

// typedKey finds a key of a mount whose type the message names.
func typedKey(key string) Finder {
	return func(s Site) []dockerfile.Token { return mountKey(s.Named(0), key)(s) }
}

// mountKey finds a key of a mount of some type.
func mountKey(kind, key string) Finder {
	return func(s Site) []dockerfile.Token {
		return s.allOf(s.fieldsWhere(func(f dockerfile.Field) bool {
			short := key == "source" && s.KeyOf(f) == "src"
			return (short || s.KeyOf(f) == key) && s.TypeOf(f) == kind
		}))
	}
}

// mountOf finds the mounts of a type.
func mountOf(kind string) Finder {
	return func(s Site) []dockerfile.Token {
		var list []dockerfile.Part
		for _, f := range s.Fields() {
			if s.TypeOf(f) == kind && !slices.Contains(list, f.Flag) {
				list = append(list, f.Flag)
			}
		}
		return s.Tokens(list...)
	}
}

// FieldValue finds the value of a key: the one that the message names if it does, else one
// that may expand to it.
func FieldValue(keys ...string) Finder {
	return func(s Site) []dockerfile.Token {
		var exact, any []dockerfile.Part
		for _, f := range s.fieldsWhere(func(f dockerfile.Field) bool { return slices.Contains(keys, s.KeyOf(f)) }) {
			any = append(any, f.Value)
			if s.Unquoted(f.Value) == s.Named(0) {
				exact = append(exact, f.Value)
			}
		}
		return s.Tokens(slices.Concat(exact, s.WithVariables(any), any)...)
	}
}

// fieldNamed finds the field with a key and a value.
func (s Site) fieldNamed(key, value string) []dockerfile.Token {
	is := func(f dockerfile.Field) bool { return s.KeyOf(f) == key }
	exact := func(f dockerfile.Field) bool { return is(f) && s.Unquoted(f.Value) == value }
	expanded := func(f dockerfile.Field) bool { return is(f) && strings.Contains(s.Slice(f.Value), "$") }
	return slices.Concat(s.allOf(s.fieldsWhere(exact)), s.allOf(s.fieldsWhere(expanded)), s.allOf(s.fieldsWhere(is)))
}

func fieldNamedFirst(s Site) []dockerfile.Token { return s.fieldNamed(s.Named(0), s.Named(1)) }
func fieldNamedLast(s Site) []dockerfile.Token  { return s.fieldNamed(s.Named(1), s.Named(0)) }

// dollarField finds the field whose value has a variable where none may be.
func dollarField(s Site) []dockerfile.Token {
	return s.allOf(s.fieldsWhere(func(f dockerfile.Field) bool {
		return s.KeyOf(f) == s.Named(0) && strings.Contains(s.Slice(f.Value), "$")
	}))
}

// imageNamed finds the image or stage that the message names, as it is or expanded.
// BuildKit does not always say on which lines.
func imageNamed(s Site) []dockerfile.Token {
	for _, st := range append([]*dockerfile.Instruction{s.Instruction}, s.File.Instructions()...) {
		for _, sp := range st.ImageNames() {
			if st.Unquoted(sp) == s.Named(0) {
				return st.Tokens(sp)
			}
		}
	}
	return s.Tokens(s.ImageNames()...)
}

// dollarFrom finds the first --from with a variable in it, which BuildKit has no lines
// for.
func dollarFrom(s Site) []dockerfile.Token {
	for _, st := range append([]*dockerfile.Instruction{s.Instruction}, s.File.Instructions()...) {
		for _, f := range st.FlagsNamed("--from") {
			if strings.Contains(st.Slice(f), "$") {
				return st.Tokens(f)
			}
		}
	}
	return nil
}

// dependency finds what makes a stage depend on another one.
func dependency(s Site) []dockerfile.Token {
	if list := s.Tokens(s.ImageNames()...); s.Name() != "FROM" && len(list) > 0 {
		return list
	}
	if len(s.Args) == 3 {
		return stageToken(s)
	}
	return nil
}
