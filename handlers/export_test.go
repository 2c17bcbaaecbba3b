package handlers

import "github.com/buildls/buildls/build/lint/shellcheck"

// A test runs ShellCheck only if its settings name it.
func init() { auto = shellcheck.Off }
