//go:build !portable

package main

// portable says that what runs is the code of other systems; see portable_test.go.
const portable = false
