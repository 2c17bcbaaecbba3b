package dockerfile

// A slab has room for many instructions and their words: to ask for each alone would take longer
// than to read it. The zero value has room for one.
type slab struct {
	size         int // how many instructions or words are asked for at once; 0 for no more than are needed
	instructions []Instruction
	words        []Part
}

// instruction is room for one.
func (s *slab) instruction() *Instruction {
	if len(s.instructions) == 0 {
		s.instructions = make([]Instruction, max(s.size, 1))
	}
	st := &s.instructions[0]
	s.instructions = s.instructions[1:]
	return st
}

// parts is room for n parts. What is appended behind them does not run into others.
func (s *slab) parts(n int) []Part {
	if len(s.words) < n {
		s.words = make([]Part, max(n, s.size))
	}
	room := s.words[:0:n]
	s.words = s.words[n:]
	return room
}
