package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	ws "github.com/buildls/buildls/workspace"
)

// formats are the values of --format.
var formats = map[string]func(io.Writer, []checked) error{
	"text": writeText, "json": writeJSON, "sarif": writeSARIF,
	"checkstyle": writeCheckstyle, "junit": writeJUnit, "gitlab": writeGitLab, "github": writeGitHub,
}

var severityWords = map[dockerfile.Severity]string{dockerfile.Error: "error", dockerfile.Warning: "warning", dockerfile.Information: "info", dockerfile.Hint: "hint"}

// region is the part of a text that a problem is about: lines and columns from 1, the
// end exclusive. Lines are an editor's: "\n", "\r\n" and "\r" end one.
type region struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

// regionOf counts columns in units of e.
func (f checked) regionOf(p dockerfile.Problem, e ws.Encoding) region {
	r := f.text.RowRange(p.Lines.First, p.Lines.Last, e)
	if p.Columns != (dockerfile.Columns{}) {
		r = ws.Range{
			Start: f.text.PositionOf(f.text.OffsetIn(p.Lines.First, p.Columns.Start), e),
			End:   f.text.PositionOf(f.text.OffsetIn(p.Lines.Last, p.Columns.End), e),
		}
	}
	return region{r.Start.Line + 1, r.Start.Character + 1, r.End.Line + 1, r.End.Character + 1}
}

// writeText is for people: the place, the words, the line, and a mark under it.
func writeText(w io.Writer, files []checked) error {
	for _, f := range files {
		for _, p := range f.problems {
			r := f.regionOf(p, ws.UTF32)
			if _, err := fmt.Fprintf(w, "%s:%d:%d: %s: %s (%s)\n%s", f.name, r.StartLine, r.StartColumn, severityWords[p.Severity], printable(p.Message), p.Code, f.mark(r)); err != nil {
				return err
			}
		}
	}
	return nil
}

// mark is the first line of a region with carets under what is meant of it.
func (f checked) mark(r region) string {
	line := f.text.Line(r.StartLine - 1)
	if line == "" {
		return ""
	}
	end := r.EndColumn
	if r.EndLine > r.StartLine {
		end = len([]rune(line)) + 1
	}
	runes := []rune(line)
	start, end := r.StartColumn-1, min(end-1, len(runes))
	indent := strings.Map(func(c rune) rune {
		if c == '\t' {
			return '\t'
		}
		return ' '
	}, redact.URLs(string(runes[:start])))
	marked := []rune(redact.URLs(string(runes[start:max(start, end)])))
	return fmt.Sprintf("    %s\n    %s%s\n", printable(redact.URLs(line)), indent, strings.Repeat("^", max(1, len(marked))))
}

// printable is a text in which U+FFFD stands for each byte that is no UTF-8 and each
// control character but a tab.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\t' {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}

// A finding is an element of the JSON format. Columns count UTF-16 units.
type finding struct {
	File     string `json:"file"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	URL      string `json:"url,omitempty"`
	region
}

func writeJSON(w io.Writer, files []checked) error {
	found := []finding{}
	for _, f := range files {
		for _, p := range f.problems {
			found = append(found, finding{f.name, severityWords[p.Severity], p.Code, p.Message, p.URL, f.regionOf(p, ws.UTF16)})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(found)
}

// The parts of SARIF 2.1.0 (OASIS) that are used.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		LineBreaks []string      `json:"newlineSequences"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string `json:"id"`
		HelpURI string `json:"helpUri,omitempty"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   region        `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
)

var sarifLevels = map[dockerfile.Severity]string{dockerfile.Error: "error", dockerfile.Warning: "warning", dockerfile.Information: "note", dockerfile.Hint: "note"}

func writeSARIF(w io.Writer, files []checked) error {
	run := sarifRun{ColumnKind: "utf16CodeUnits", LineBreaks: []string{"\r\n", "\n", "\r"}, Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "buildls", InformationURI: "https://github.com/buildls/buildls", Rules: []sarifRule{}}
	seen := map[string]bool{}
	for _, f := range files {
		for _, p := range f.problems {
			if !seen[p.Code] {
				run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{p.Code, p.URL})
			}
			seen[p.Code] = true
			at := sarifLocation{sarifPhysical{sarifArtifact{artifactURI(f.path())}, f.regionOf(p, ws.UTF16)}}
			run.Results = append(run.Results, sarifResult{p.Code, sarifLevels[p.Severity], sarifText{p.Message}, []sarifLocation{at}})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// artifactURI is relative for a relative name, as SARIF's consumers expect.
func artifactURI(name string) string {
	if filepath.IsAbs(name) {
		return string(ws.FileURI(name))
	}
	if name == "-" {
		return "stdin"
	}
	full := string(ws.FileURI("/" + name))
	return strings.TrimPrefix(full, "file:///")
}
