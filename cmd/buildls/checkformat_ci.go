package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	ws "github.com/buildls/buildls/workspace"
)

// The formats of this file are those in which systems that run checks take what they found.

// writeGitHub writes workflow commands, which GitHub shows beside the lines of a pull request
// (docs.github.com, "Workflow commands for GitHub Actions"). GitHub takes columns only of a region
// on one line.
func writeGitHub(w io.Writer, files []checked) error {
	levels := map[dockerfile.Severity]string{dockerfile.Error: "error", dockerfile.Warning: "warning", dockerfile.Information: "notice", dockerfile.Hint: "notice"}
	value := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range files {
		for _, p := range f.problems {
			r := f.regionOf(p, ws.UTF16)
			at := fmt.Sprintf("line=%d,endLine=%d", r.StartLine, r.EndLine)
			if r.StartLine == r.EndLine {
				at += fmt.Sprintf(",col=%d,endColumn=%d", r.StartColumn, r.EndColumn)
			}
			_, err := fmt.Fprintf(w, "::%s file=%s,%s,title=%s::%s\n", levels[p.Severity], property.Replace(f.path()), at, property.Replace(p.Code), value.Replace(p.Message))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// path is the file's name as systems want it that know the files of a repository, whose folder is
// the current one: relative, with slashes.
func (f checked) path() string {
	name := filepath.Clean(f.name)
	if filepath.IsAbs(name) {
		if here, err := os.Getwd(); err == nil {
			if below, err := filepath.Rel(here, name); err == nil && filepath.IsLocal(below) {
				name = below
			}
		}
	}
	return filepath.ToSlash(name)
}

// A gitlabIssue is an element of GitLab's report of code quality (docs.gitlab.com, "Code Quality
// report format").
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
		End   int `json:"end"`
	} `json:"lines"`
}

func writeGitLab(w io.Writer, files []checked) error {
	severities := map[dockerfile.Severity]string{dockerfile.Error: "critical", dockerfile.Warning: "major", dockerfile.Information: "minor", dockerfile.Hint: "info"}
	issues := []gitlabIssue{}
	for _, f := range files {
		for i, print := range f.fingerprints(f.path()) {
			p := f.problems[i]
			r := f.regionOf(p, ws.UTF16)
			issue := gitlabIssue{p.Message, p.Code, print, severities[p.Severity], gitlabLocation{Path: f.path()}}
			issue.Location.Lines.Begin, issue.Location.Lines.End = r.StartLine, r.EndLine
			issues = append(issues, issue)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(issues)
}

// fingerprints tell the problems of all files apart, and stay as they are when lines are added
// elsewhere: each is a hash of the file's name, the rule, the first line's text and how many such
// there were before.
func (f checked) fingerprints(name string) (list []string) {
	before := map[string]int{}
	for _, p := range f.problems {
		line := strings.TrimSpace(f.text.Line(f.regionOf(p, ws.UTF16).StartLine - 1))
		key := strings.Join([]string{name, p.Code, line}, "\x00")
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, before[key]))
		before[key]++
		list = append(list, hex.EncodeToString(sum[:16]))
	}
	return list
}

// A checkstyleReport is Checkstyle's XML, which Jenkins and many others read.
type checkstyleReport struct {
	XMLName xml.Name         `xml:"checkstyle"`
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr"`
	Column   int    `xml:"column,attr"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

func writeCheckstyle(w io.Writer, files []checked) error {
	levels := map[dockerfile.Severity]string{dockerfile.Error: "error", dockerfile.Warning: "warning", dockerfile.Information: "info", dockerfile.Hint: "info"}
	report := checkstyleReport{Version: "4.3"}
	for _, f := range files {
		file := checkstyleFile{Name: f.name}
		for _, p := range f.problems {
			r := f.regionOf(p, ws.UTF16)
			file.Errors = append(file.Errors, checkstyleError{r.StartLine, r.StartColumn, levels[p.Severity], p.Message, p.Code})
		}
		report.Files = append(report.Files, file)
	}
	return writeXML(w, report)
}

// A junitReport is the XML of JUnit's runners: a suite for each file, and a test case for each
// problem. A file without one has a single case, which passed.
type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, files []checked) error {
	report := junitReport{Name: "buildls check"}
	for _, f := range files {
		suite := junitSuite{Name: f.name, Failures: len(f.problems)}
		for _, p := range f.problems {
			r := f.regionOf(p, ws.UTF16)
			place := fmt.Sprintf("%s:%d:%d", f.name, r.StartLine, r.StartColumn)
			suite.Cases = append(suite.Cases, junitCase{Name: p.Code + " at " + place, Class: f.name, File: f.name, Line: r.StartLine,
				Failure: &junitFailure{p.Code, p.Message, place + ": " + severityWords[p.Severity] + ": " + p.Message + "\n" + redact.URLs(f.text.Line(r.StartLine-1))}})
		}
		if len(suite.Cases) == 0 {
			suite.Cases = []junitCase{{Name: "no problems", Class: f.name, File: f.name}}
		}
		suite.Tests = len(suite.Cases)
		report.Tests, report.Failures = report.Tests+suite.Tests, report.Failures+suite.Failures
		report.Suites = append(report.Suites, suite)
	}
	return writeXML(w, report)
}

// writeXML writes a document. What XML cannot hold becomes U+FFFD.
func writeXML(w io.Writer, document any) error {
	data, err := xml.MarshalIndent(document, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	}
	return err
}
