package handlers

import (
	"fmt"
	"strings"
	"time"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/inspect"
)

// became is what became of a step, in a few words.
func became(step build.Step, last time.Duration) string {
	text := string(step.Status)
	switch {
	case step.Status == build.Done:
		text = "took " + seconds(step.Duration)
		if last > 0 {
			text += ", was " + seconds(last)
		}
	case step.Status == build.Cached:
		if last > 0 {
			text += "; took " + seconds(last) + " when it ran"
		}
	case step.Status == build.Failed && step.ExitCode != nil:
		text = fmt.Sprintf("failed with exit code %d after %s", *step.ExitCode, seconds(step.Duration))
	case step.Status == build.Failed:
		text = "failed after " + seconds(step.Duration)
	case step.Status == build.Canceled && !step.Started:
		text = "not reached"
	}
	return text
}

// ago is how long a moment is over.
func ago(t time.Time) string {
	switch d := time.Since(t); {
	case d < time.Minute:
		return "less than a minute ago"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute", "minutes") + " ago"
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour", "hours") + " ago"
	default:
		return plural(int(d.Hours()/24), "day", "days") + " ago"
	}
}

// layer says what a step left of files.
func (p *prose) layer(l seenLayer) {
	switch {
	case l.gone:
		p.item("its files are no longer in the engine's cache")
		return
	case l.Layer == nil:
		return
	}
	var counts []string
	for _, c := range []struct {
		n    int
		what inspect.ChangeKind
	}{{l.Added, inspect.Added}, {l.Changed, inspect.Changed}, {l.Deleted, inspect.Deleted}} {
		if c.n > 0 {
			counts = append(counts, fmt.Sprintf("%s %s", plural(c.n, "file", "files"), c.what))
		}
	}
	if len(counts) == 0 {
		counts = []string{"no files"}
	}
	p.item("layer: %s, %s", size(l.Bytes), strings.Join(counts, ", "))
	if len(l.Largest) > 0 {
		var list []string
		for _, c := range l.Largest {
			list = append(list, p.code(c.Path)+" "+size(c.Bytes))
		}
		p.item("the largest: %s", strings.Join(list, ", "))
	}
}

// image says what is known of the image of a FROM.
func (p *prose) image(b *inspect.Base, seen seenLayer) {
	switch {
	case b.Digest != "":
		p.item("digest: %s", p.code(b.Digest))
	case b.ID != "":
		p.item("image ID: %s", p.code(b.ID))
	}
	if b.Platform != "" {
		p.item("platform: %s", p.code(b.Platform))
	}
	if !b.Created.IsZero() {
		p.item("created: %s, %s", b.Created.Format(time.DateOnly), ago(b.Created))
	}
	if b.Layers > 0 {
		p.item("layers: %d", b.Layers)
	}
	if seen.imageFiles > 0 {
		p.item("size: %s, %s", size(seen.imageBytes), plural(seen.imageFiles, "file", "files"))
	}
}
