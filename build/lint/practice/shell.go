package practice

import "github.com/buildls/buildls/build/shell"

// Shell is the code of a mistake for which a shell runs nothing of an instruction. It is no rule: it
// has no number, and is in each set but BuildKit's.
const Shell = "shell"

// faults are the mistakes in an instruction's scripts, which cannot be read.
func (t *text) faults(in shellState) []shell.Fault {
	if !t.Unread || in.uncertain {
		return nil
	}
	return shell.Faults(t.Instruction, in.dialect)
}

// faults says of a step what its shell refuses. A RUN of this build fails by it.
func (s *say) faults(st *step) {
	if len(st.facts.faults) == 0 || !st.before.shell.named && st.stage.maybeWindows() {
		return
	}
	s.rule = &Rule{Code: Shell, Severity: warning}
	if st.name == "RUN" && st.Onbuild.Empty() {
		s.rule.Severity = broken
	}
	for _, f := range st.facts.faults {
		s.at(st, f.Place, f.Message)
	}
}

// maybeWindows says whether the shell of a stage that names none may be one of Windows.
func (s *stage) maybeWindows() bool {
	for at := range s.chain {
		if at.from == nil || at.base == nil && at.file.mayBeWindows(at.from.Instruction) {
			return true
		}
	}
	return false
}
