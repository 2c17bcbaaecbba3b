//go:build man

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// With the tag man the program writes its man pages into the folder that it is given, and ends: the
// commands in section 1, the topics of the help in section 7. A release has them; see
// .goreleaser.yaml. What they need is not linked into the program that is released.
func init() {
	if err := writeManPages(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// nameValue has the pages show what a flag takes where they show its default, which our flags say in
// words.
func nameValue(f *pflag.Flag) {
	if f.NoOptDefVal == "" {
		f.DefValue = f.Value.Type()
	}
}

func writeManPages(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root := rootCommand(stdio{})
	root.DisableAutoGenTag = true
	root.Short = "language server that builds container images"
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(nameValue)
		cmd.PersistentFlags().VisitAll(nameValue)
	}
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Hidden {
			continue
		}
		var page bytes.Buffer
		if err := doc.GenMan(cmd, &doc.GenManHeader{Section: "1", Source: "buildls", Manual: "buildls"}, &page); err != nil {
			return err
		}
		text := bytes.ReplaceAll(page.Bytes(), []byte("[=false]"), nil) // behind switches
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	for _, t := range helpTopics() {
		name := "buildls-" + t.name
		_, body, _ := strings.Cut(t.text, "\n") // the heading is the page's name
		page := fmt.Sprintf("%% %s 7 \"\" buildls\n# NAME\n%s - %s\n# DESCRIPTION\n%s",
			strings.ToUpper(name), name, strings.TrimRight(t.line, "."), body)
		if err := os.WriteFile(filepath.Join(folder, name+".7"), md2man.Render([]byte(page)), 0o644); err != nil {
			return err
		}
	}
	return nil
}
