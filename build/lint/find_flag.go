package lint

import (
	"slices"
	"strings"
)

// flagOf finds a flag by its name.
func flagOf(name string) finder {
	return func(s subject) []token { return s.tokens(s.flag(name)...) }
}

// flagNamed finds the flag that the message names.
func flagNamed(s subject) []token { return s.tokens(s.flag(s.named(0))...) }

// namedFlag is the same for a message that names it without its dashes.
func namedFlag(s subject) []token { return s.tokens(s.flag("--" + s.named(0))...) }

// repeatedFlag finds the second flag of a name.
func repeatedFlag(s subject) []token {
	list := flagNamed(s)
	return list[min(1, len(list)):]
}

// flagsWhere finds the flags of which something is true.
func (s subject) flagsWhere(is func(name, value string, valued bool) bool) []token {
	var list []span
	for _, f := range s.flags {
		if name, value, valued := s.cut(f, "="); is(s.plain(name), s.plain(value), valued) {
			list = append(list, f)
		}
	}
	return s.tokens(list...)
}

// bareFlag finds the flag that the message names and that has no value.
func bareFlag(s subject) []token {
	return s.flagsWhere(func(name, value string, _ bool) bool {
		return name == s.named(0) && value == ""
	})
}

// flagWithValue finds a flag by the name and the value in the message.
func flagWithValue(s subject) []token {
	return s.flagsWhere(func(name, value string, _ bool) bool {
		return name == s.named(0) && value == s.named(1)
	})
}

// flagValued finds a flag by the value in the message.
func flagValued(s subject) []token {
	return s.flagsWhere(func(_, value string, valued bool) bool { return valued && value == s.named(0) })
}

// fieldsWhere returns the mounts' fields of which something is true.
func (s subject) fieldsWhere(is func(f field) bool) []field {
	return slices.DeleteFunc(s.fields(), func(f field) bool { return !is(f) })
}

func (s subject) allOf(list []field) []token {
	var spans []span
	for _, f := range list {
		spans = append(spans, f.all)
	}
	return s.tokens(spans...)
}

func (s subject) keysOf(list []field) []token {
	var spans []span
	for _, f := range list {
		spans = append(spans, f.key)
	}
	return s.tokens(spans...)
}

// fieldToken finds the field that the message quotes.
func fieldToken(s subject) []token {
	return s.allOf(s.fieldsWhere(func(f field) bool { return s.plain(f.all) == s.named(0) }))
}

// fieldKey finds the key of the field that the message quotes.
func fieldKey(s subject) []token {
	return s.keysOf(s.fieldsWhere(func(f field) bool {
		return s.plain(f.all) == s.named(1) || s.keyOf(f) == s.named(0)
	}))
}

// fieldOfType finds a key that a type of mount does not have.
func fieldOfType(s subject) []token {
	return s.keysOf(s.fieldsWhere(func(f field) bool {
		return s.keyOf(f) == s.named(0) && s.typeOf(f) == s.named(1)
	}))
}

// keyOfType is the same with the type in quotes.
func keyOfType(s subject) []token {
	words := strings.Fields(s.named(0))
	if len(words) > 0 {
		s.match = []string{words[len(words)-1], s.named(1)}
	}
	return fieldOfType(s)
}

// typedKey finds a key of a mount whose type the message names.
func typedKey(key string) finder {
	return func(s subject) []token { return mountKey(s.named(0), key)(s) }
}

// mountKey finds a key of a mount of some type.
func mountKey(kind, key string) finder {
	return func(s subject) []token {
		return s.allOf(s.fieldsWhere(func(f field) bool {
			short := key == "source" && s.keyOf(f) == "src"
			return (short || s.keyOf(f) == key) && s.typeOf(f) == kind
		}))
	}
}

// mountOf finds the mounts of a type.
func mountOf(kind string) finder {
	return func(s subject) []token {
		var list []span
		for _, f := range s.fields() {
			if s.typeOf(f) == kind && !slices.Contains(list, f.flag) {
				list = append(list, f.flag)
			}
		}
		return s.tokens(list...)
	}
}

// fieldValue finds the value of a key: the one that the message names if it does, else one
// that may expand to it.
func fieldValue(keys ...string) finder {
	return func(s subject) []token {
		var exact, any []span
		for _, f := range s.fieldsWhere(func(f field) bool { return slices.Contains(keys, s.keyOf(f)) }) {
			any = append(any, f.value)
			if s.plain(f.value) == s.named(0) {
				exact = append(exact, f.value)
			}
		}
		return s.tokens(slices.Concat(exact, s.withVariables(any), any)...)
	}
}

// fieldNamed finds the field with a key and a value.
func (s subject) fieldNamed(key, value string) []token {
	is := func(f field) bool { return s.keyOf(f) == key }
	exact := func(f field) bool { return is(f) && s.plain(f.value) == value }
	expanded := func(f field) bool { return is(f) && strings.Contains(s.of(f.value), "$") }
	return slices.Concat(s.allOf(s.fieldsWhere(exact)), s.allOf(s.fieldsWhere(expanded)), s.allOf(s.fieldsWhere(is)))
}

func fieldNamedFirst(s subject) []token { return s.fieldNamed(s.named(0), s.named(1)) }
func fieldNamedLast(s subject) []token  { return s.fieldNamed(s.named(1), s.named(0)) }

// dollarField finds the field whose value has a variable where none may be.
func dollarField(s subject) []token {
	return s.allOf(s.fieldsWhere(func(f field) bool {
		return s.keyOf(f) == s.named(0) && strings.Contains(s.of(f.value), "$")
	}))
}

// imageNamed finds the image or stage that the message names, as it is or expanded.
// BuildKit does not always say on which lines.
func imageNamed(s subject) []token {
	for _, st := range append([]*statement{s.statement}, s.src.statements()...) {
		for _, sp := range st.images() {
			if st.plain(sp) == s.named(0) {
				return st.tokens(sp)
			}
		}
	}
	return s.tokens(s.images()...)
}

// dollarFrom finds the first --from with a variable in it, which BuildKit has no lines
// for.
func dollarFrom(s subject) []token {
	for _, st := range append([]*statement{s.statement}, s.src.statements()...) {
		for _, f := range st.flag("--from") {
			if strings.Contains(st.of(f), "$") {
				return st.tokens(f)
			}
		}
	}
	return nil
}

// dependency finds what makes a stage depend on another one.
func dependency(s subject) []token {
	if list := s.tokens(s.images()...); s.name() != "FROM" && len(list) > 0 {
		return list
	}
	if len(s.args) == 3 {
		return stageToken(s)
	}
	return nil
}
