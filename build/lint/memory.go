package lint

// A memory remembers answers by the whole text of the question, so that it cannot be
// wrong. It forgets what one generation did not ask for.
type memory[T any] struct {
	now, before map[string]T
}

func (m *memory[T]) get(key string) (T, bool) {
	v, ok := m.now[key]
	if ok {
		return v, true
	}
	if v, ok = m.before[key]; ok {
		m.put(key, v)
	}
	return v, ok
}

func (m *memory[T]) put(key string, v T) {
	if m.now == nil {
		m.now = map[string]T{}
	}
	m.now[key] = v
}

// nextGeneration starts a new generation; a cancelled pass keeps the old one, because it did not look up
// everything it needs.
func (m *memory[T]) nextGeneration(whole bool) {
	if whole {
		m.before, m.now = m.now, nil
	}
}
