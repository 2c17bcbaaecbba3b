package main

import (
	"os"

	"github.com/buildls/buildls/build/attach"
)

// resizes tells nothing: there are no shells here yet.
func resizes(*os.File) (<-chan attach.Size, func()) { return nil, func() {} }
