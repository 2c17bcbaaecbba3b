//go:build portable

package main

// portable says that what runs is the code of systems that are not Linux, such as macOS:
// there is no embedded engine.
const portable = true
