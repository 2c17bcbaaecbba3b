//go:build !linux || portable

package main

import "io"

// polled are the streams of stdio.
func polled(std stdio) (io.Reader, io.Writer) { return std.in, std.out }
