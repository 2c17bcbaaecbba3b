//go:build !portable

package main

// portable says that what runs is the code of other systems; see harness_engines_portable_test.go.
const portable = false
