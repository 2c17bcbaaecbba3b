package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/buildls/buildls/build/redact"
)

// releases is where releases are; $BUILDLS_RELEASES names another place.
const releases = "https://github.com/buildls/buildls/releases"

// maxAddress is how many bytes the address of a release may have.
const maxAddress = 2000

// askFor is how long that place may take to say which release is the newest.
const askFor = 10 * time.Second

// versionCommand is `buildls version`.
func versionCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version [flags]",
		Short: "the version of buildls",
		Long: `Prints the version of buildls. With --check it also asks GitHub which release is the newest.
Without it, buildls asks nobody. $BUILDLS_RELEASES names another place that has releases.

exit code: 0 done, 1 the place of the releases could not be asked, 2 wrong usage`,
		Args: noArgs,
	}
	var check bool
	cmd.Flags().BoolVar(&check, "check", false, "ask whether there is a newer release")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		printVersion(std)
		if !check {
			return nil
		}
		place := releases
		if named := os.Getenv("BUILDLS_RELEASES"); named != "" {
			place = named
		}
		newest, at, err := newestRelease(cmd.Context(), place)
		if err != nil {
			fmt.Fprintf(std.err, "buildls version: %s\n", redact.URLs(err.Error()))
			return exitCode(exitFailed)
		}
		fmt.Fprintln(std.out, compared(version(), newest, redact.URLs(at)))
		return nil
	}
	return cmd
}

// compared says whether the release at an address is newer than what runs. Go calls a program of a
// commit that is no release by a pseudo-version, or adds +dirty.
func compared(running, newest, at string) string {
	switch order := semver.Compare(running, newest); {
	case !semver.IsValid(running) || module.IsPseudoVersion(running) || semver.Build(running) != "":
		return fmt.Sprintf("This is no release. The newest release is %s: %s", newest, at)
	case order < 0:
		return fmt.Sprintf("There is a newer release, %s: %s", newest, at)
	case order > 0:
		return fmt.Sprintf("It is newer than the newest release, %s: %s", newest, at)
	}
	return "It is the newest release."
}

// newestRelease asks a place which release is its newest, and where that is. The answer is the
// redirect of its page latest, which is not followed. The error says what was asked, and what to do.
func newestRelease(ctx context.Context, place string) (release, at string, err error) {
	if u, err := url.Parse(place); err == nil && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		// It is not repeated: it may hold a password.
		return "", "", fmt.Errorf("BUILDLS_RELEASES is not the http or https address of a place that has releases, as %s is", releases)
	}
	asked := strings.TrimRight(place, "/") + "/latest"
	to, err := redirectOf(ctx, asked)
	switch {
	case ctx.Err() != nil:
		return "", "", errors.New("canceled")
	case err != nil:
		return "", "", fmt.Errorf("cannot ask %s: %w. If you need a proxy, set HTTPS_PROXY; BUILDLS_RELEASES names another place", asked, err)
	}
	release = path.Base(to.Path)
	if len(to.String()) > maxAddress {
		return "", "", fmt.Errorf("%s leads to an address of %d bytes, which is no release", asked, len(to.String()))
	}
	if !semver.IsValid(release) || to.Scheme != "http" && to.Scheme != "https" {
		return "", "", fmt.Errorf("%s leads to %s, which is no release: there is none yet, or BUILDLS_RELEASES names the wrong place", asked, to)
	}
	return release, to.String(), nil
}

// redirectOf is where a page redirects to.
func redirectOf(ctx context.Context, page string) (*url.URL, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askFor, fmt.Errorf("no answer within %s", askFor))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, withoutURL(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil || resp.StatusCode/100 != 3 {
		return nil, fmt.Errorf("it answered %s and not with a redirect to its newest release", resp.Status)
	}
	return to, nil
}

// withoutURL is an error without the URL that the sentence around it names.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

func printVersion(std stdio) { fmt.Fprintln(std.out, "buildls", version()) }

// release is set by the linker for a released binary.
var release string

// version is the release, else what Go knows of the module.
func version() string {
	if release != "" {
		return release
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "(devel)"
}
