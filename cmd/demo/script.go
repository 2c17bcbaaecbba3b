package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const dockerfile = `FROM scratch AS base
COPY busybox /bin/
RUN ["/bin/busybox", "--install", "/bin"]

FROM base AS page
WORKDIR /shop
COPY shop .
RUN sh page.sh index.html

FROM base
COPY --from=page /shop/index.html /www/
CMD ["httpd", "-f", "-h", "/www"]`

// pageLine is the line of the RUN that makes the page.
const pageLine = 7

// How long frames stay.
var (
	keystroke = hold{terminal: 30 * time.Millisecond, drawing: 70 * time.Millisecond}
	reported  = hold{drawing: 400 * time.Millisecond}
	glance    = hold{terminal: 700 * time.Millisecond, drawing: 1200 * time.Millisecond}
	opening   = hold{terminal: time.Second, drawing: 3 * time.Second, ends: true, first: true}
	telling   = hold{terminal: time.Second, drawing: 5 * time.Second, ends: true, poster: true}
	ending    = hold{terminal: time.Second, drawing: 3 * time.Second, ends: true}
)

// play is the session, and what must be true of it.
func play(ctx context.Context, e *editor, d *desk) error {
	if err := e.open(ctx, d.uri("")); err != nil {
		return err
	}
	for _, scene := range []struct {
		caption string
		play    func(context.Context, *editor, *desk) error
	}{
		{"1. Nothing is saved. Build.", buildUnsaved},
		{"2. A test is added, with a typo. Build.", breakIt},
		{"3. One key mends it. Build.", mendIt},
		{"4. A step takes too long. Build, and cancel.", cancelIt},
	} {
		e.screen.scene(scene.caption)
		if err := scene.play(ctx, e, d); err != nil {
			return fmt.Errorf("%s %w", scene.caption, err)
		}
	}
	if d.exists("Dockerfile") {
		return errors.New("somebody has saved the Dockerfile")
	}
	fmt.Fprintln(e.screen.out, "\nFour builds, and nothing was saved.")
	return nil
}

// buildUnsaved builds a Dockerfile that no disk has seen, with a file that the disk knows
// otherwise.
func buildUnsaved(ctx context.Context, e *editor, d *desk) error {
	e.lines = strings.Split(dockerfile, "\n")
	e.marks = make([]span, len(e.lines))
	e.also = "prices.txt ● Espresso: 2.40 (on disk 2.20)"
	prices := d.uri("shop/prices.txt")
	err := errors.Join(e.didOpen(e.uri, "dockerfile", dockerfile), e.didOpen(prices, "plaintext", "Espresso: 2.40\nFlat white: 3.40\n"))
	if err != nil {
		return err
	}
	e.show(glance)
	r, err := e.build(ctx, ignore)
	if err != nil {
		return err
	}
	var log struct{ Text string }
	if err := e.lsp.call(ctx, "workspace/executeCommand", object{"command": "buildls.log", "arguments": []object{{"id": r.ID}}}, &log); err != nil {
		return err
	}
	e.show(opening)
	return cmp.Or(
		expect(r, r.Status == "succeeded", "succeeds"),
		expect(r, slices.Contains(r.Overlaid, e.uri) && slices.Contains(r.Overlaid, prices), "says that both buffers stand in for their files"),
		expect(r, strings.Contains(log.Text, "2 prices, Espresso: 2.40"), "prints the price of the buffer, not the disk's"))
}

// breakIt adds a test that fails: the page is index.html.
func breakIt(ctx context.Context, e *editor, _ *desk) error {
	if err := e.typeText(ctx, pageLine, "\nRUN sh test.sh index.htm"); err != nil {
		return err
	}
	r, err := e.build(ctx, ignore)
	if err != nil {
		return err
	}
	e.show(telling)
	return cmp.Or(
		expect(r, r.Status == "failed" && r.Error.ExitCode == 2, "fails with exit code 2"),
		expect(r, cached(r) == 5, "has five steps cached"),
		expect(r, len(e.problems) == 1 && e.problems[0].Range.Start.Line == pageLine+1 && strings.Contains(e.problems[0].Message, "there is no page index.htm"),
			"has one diagnostic, on line %d, with the output of the test; there is %+v", pageLine+2, e.problems))
}

func mendIt(ctx context.Context, e *editor, _ *desk) error {
	if err := e.typeText(ctx, pageLine+1, "l"); err != nil {
		return err
	}
	if err := e.awaitNoProblem(); err != nil {
		return err
	}
	r, err := e.build(ctx, ignore)
	if err != nil {
		return err
	}
	e.show(ending)
	return cmp.Or(
		expect(r, r.Status == "succeeded" && len(e.problems) == 0, "succeeds without a diagnostic"),
		expect(r, cached(r) == len(r.Steps)-1, "has all steps cached but the test"))
}

func cancelIt(ctx context.Context, e *editor, _ *desk) error {
	const slow = "RUN sleep 60"
	if err := e.typeText(ctx, pageLine+1, "\n"+slow); err != nil {
		return err
	}
	var pressed time.Time
	r, err := e.build(ctx, func(p progress) {
		if strings.Contains(p.Message, slow) && pressed.IsZero() {
			e.show(glance)
			pressed = time.Now()
			e.cancel()
		}
	})
	if err != nil {
		return err
	}
	took := time.Since(pressed)
	e.show(ending)
	return expect(r, r.Status == "canceled" && took < 2*time.Second, "is canceled within 2 s; it took %v", took)
}

func ignore(progress) {}

func cached(r *result) (n int) {
	for _, s := range r.Steps {
		if s.Status == "cached" {
			n++
		}
	}
	return n
}

// expect is an error that says what a build should do, and did, unless ok.
func expect(r *result, ok bool, should string, args ...any) error {
	if ok {
		return nil
	}
	did := r.Status + " " + r.Error.Message
	for _, s := range r.Steps {
		did += fmt.Sprintf("\n  %-8s %s", s.Status, s.Name)
	}
	return fmt.Errorf("expected that the build %s\nit %s", fmt.Sprintf(should, args...), did)
}
