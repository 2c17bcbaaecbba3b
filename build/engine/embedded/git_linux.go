//go:build !portable

package embedded

import "os/exec"

// LacksGit says what installs git, which fetches contexts that are repositories; empty
// if it is there. All else the engine does without.
func LacksGit() (mend string) {
	if _, err := exec.LookPath("git"); err == nil {
		return ""
	}
	return installer() + " git"
}
