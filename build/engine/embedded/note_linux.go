//go:build !portable

package embedded

import (
	"os"
	"path/filepath"
	"strings"
)

// noteName is the file in the root with what an engine has to say to the next who connects:
// when it happened, nobody may have been there to hear it.
const noteName = "note.txt"

// LeaveNote adds a sentence to what is said to the next who connects.
func (p Paths) LeaveNote(text string) error {
	file, err := os.OpenFile(filepath.Join(p.Root, noteName), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text + "\n")
	return err
}

// TakeNotes returns what engines had to say since somebody last asked: of several who ask at
// once, one is told.
func (p Paths) TakeNotes() []string {
	path := filepath.Join(p.Root, noteName)
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	own, err := os.CreateTemp(p.Root, noteName+".")
	if err != nil {
		return nil
	}
	own.Close()
	defer os.Remove(own.Name())
	if os.Rename(path, own.Name()) != nil {
		return nil
	}
	text, _ := os.ReadFile(own.Name())
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}
