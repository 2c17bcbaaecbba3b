package practice

import (
	"maps"
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
)

// The severities, as hadolint has them.
const (
	broken  = dockerfile.Error
	warning = dockerfile.Warning
	info    = dockerfile.Information
	style   = dockerfile.Hint
)

// rules are all rules. Recommended is what makes a build fail or another build of the same text
// differ, what hides a failure or leaks, and what a project asks for by its own configuration. That
// versions of a distribution's packages are pinned is not: its archives drop them, and then the
// build fails.
var rules = []Rule{
	{Code: "DL1001", Title: "No comment turns off rules", Severity: info, quiet: true, file: inlineIgnores},
	{Code: "DL3001", Title: "Commands that are of no use in a build", Severity: info, text: pointlessTools},
	{Code: "DL3002", Title: "The last user is not root", Severity: warning, stage: rootAtEnd},
	{Code: "DL3003", Title: "WORKDIR instead of cd", Severity: warning, text: changesDirectory},
	{Code: "DL3004", Title: "No sudo", Severity: broken, text: usesSudo},
	{Code: "DL3006", Title: "Images have a tag", Severity: warning, Recommended: true, stage: untagged},
	{Code: "DL3007", Title: "The tag is not latest", Severity: warning, Recommended: true, stage: latest},
	{Code: "DL3008", Title: "apt-get install pins versions", Severity: warning, text: aptUnpinned},
	{Code: "DL3009", Title: "The lists of apt-get are removed", Severity: info, text: aptListsStay, moot: lost, stage: aptPackagesStay},
	{Code: "DL3010", Title: "ADD unpacks archives", Severity: info, stage: unpacked},
	{Code: "DL3013", Title: "pip install pins versions", Severity: warning, Recommended: true, text: pipUnpinned},
	{Code: "DL3014", Title: "apt-get does not ask", Severity: warning, Recommended: true, text: aptAsks},
	{Code: "DL3015", Title: "apt-get installs no recommended packages", Severity: info, text: aptRecommends},
	{Code: "DL3016", Title: "npm install pins versions", Severity: warning, Recommended: true, text: npmUnpinned},
	{Code: "DL3018", Title: "apk add pins versions", Severity: warning, text: apkUnpinned},
	{Code: "DL3019", Title: "apk add keeps no index", Severity: info, text: apkCaches, moot: lost},
	{Code: "DL3020", Title: "COPY instead of ADD", Severity: broken, text: addAsCopy},
	{Code: "DL3021", Title: "Several files are copied into a folder", Severity: broken, Recommended: true, text: copyIntoFile},
	{Code: "DL3022", Title: "COPY --from names a stage above", Severity: warning, Recommended: true, stage: fromNowhere},
	{Code: "DL3025", Title: "HEALTHCHECK has a JSON array", Severity: warning, text: plainHealth},
	{Code: "DL3026", Title: "Images are of trusted registries", Severity: broken, Recommended: true, stage: untrusted},
	{Code: "DL3027", Title: "apt-get instead of apt", Severity: warning, text: aptForPeople},
	{Code: "DL3028", Title: "gem install pins versions", Severity: warning, Recommended: true, text: gemUnpinned},
	{Code: "DL3030", Title: "yum does not ask", Severity: warning, Recommended: true, text: asking(yum)},
	{Code: "DL3032", Title: "yum keeps nothing", Severity: warning, text: cachesStay(yum), moot: lost},
	{Code: "DL3033", Title: "yum install pins versions", Severity: warning, text: unpinned(yum)},
	{Code: "DL3034", Title: "zypper does not ask", Severity: warning, Recommended: true, text: asking(zypper)},
	{Code: "DL3035", Title: "No zypper dist-upgrade", Severity: warning, Recommended: true, text: zypperUpgrades},
	{Code: "DL3036", Title: "zypper keeps nothing", Severity: warning, text: cachesStay(zypper), moot: lost},
	{Code: "DL3037", Title: "zypper install pins versions", Severity: warning, text: unpinned(zypper)},
	{Code: "DL3038", Title: "dnf does not ask", Severity: warning, Recommended: true, text: asking(dnf)},
	{Code: "DL3040", Title: "dnf keeps nothing", Severity: warning, text: cachesStay(dnf), moot: lost},
	{Code: "DL3041", Title: "dnf install pins versions", Severity: warning, text: unpinned(dnf)},
	{Code: "DL3042", Title: "pip keeps nothing", Severity: warning, text: pipCaches, moot: pipTold},
	{Code: "DL3044", Title: "ENV does not use what it sets", Severity: broken, Recommended: true, text: ownVariables},
	{Code: "DL3045", Title: "COPY has a whole path, or a WORKDIR", Severity: warning, text: copyNowhere, moot: placed},
	{Code: "DL3046", Title: "useradd -l for high numbers", Severity: warning, Recommended: true, text: sparseLogs},
	{Code: "DL3047", Title: "wget shows little progress", Severity: info, text: showsProgress},
	{Code: "DL3048", Title: "Labels have valid names", Severity: style, text: labelNames},
	{Code: "DL3049", Title: "The image has its labels", Severity: info, Recommended: true, file: labelsMissing},
	{Code: "DL3050", Title: "The image has no other labels", Severity: info, Recommended: true, text: labelsStrict},
	{Code: "DL3051", Title: "Labels are not empty", Severity: warning, Recommended: true, text: labelsEmpty},
	{Code: "DL3052", Title: "The label is an address", Severity: warning, Recommended: true, text: labelsOf("url")},
	{Code: "DL3053", Title: "The label is a time", Severity: warning, Recommended: true, text: labelsOf("rfc3339")},
	{Code: "DL3054", Title: "The label is a license", Severity: warning, Recommended: true, text: labelsOf("spdx")},
	{Code: "DL3055", Title: "The label is a commit", Severity: warning, Recommended: true, text: labelsOf("hash")},
	{Code: "DL3056", Title: "The label is a version", Severity: warning, Recommended: true, text: labelsOf("semver")},
	{Code: "DL3057", Title: "The image has a HEALTHCHECK", Severity: info, quiet: true, file: healthless},
	{Code: "DL3058", Title: "The label is an address of mail", Severity: warning, Recommended: true, text: labelsOf("email")},
	{Code: "DL3059", Title: "Consecutive RUNs are one", Severity: info, stage: consecutive},
	{Code: "DL3060", Title: "yarn keeps nothing", Severity: info, text: yarnCaches, moot: lost},
	{Code: "DL3062", Title: "go install pins versions", Severity: warning, Recommended: true, text: goUnpinned, stage: goOutside},
	{Code: "DL3064", Title: "No secrets in a global ARG", Severity: warning, Recommended: true, file: globalSecrets},
	{Code: "DL4001", Title: "wget or curl, not both", Severity: warning, stage: twoFetchers},
	{Code: "DL4005", Title: "SHELL instead of another /bin/sh", Severity: warning, text: replacesShell},
	{Code: "DL4006", Title: "A failure before a pipe is one", Severity: warning, Recommended: true, text: hiddenFailure},
}

// Rules are all rules, ordered by code.
func Rules() []Rule { return rules }

// sames are BuildKit's rules by hadolint's numbers for the same things. Only BuildKit's are shown.
var sames = map[string][]string{
	"DL3000": {"WorkdirRelativePath"}, "DL3012": {"MultipleInstructionsDisallowed"}, "DL3024": {"DuplicateStageName"},
	"DL3025": {"JSONArgsRecommended"}, "DL3029": {"FromPlatformFlagConstDisallowed"}, "DL3063": {"ReservedStageName"},
	"DL3064": {"SecretsUsedInArgOrEnv"}, "DL3065": {"RedundantTargetPlatform"}, "DL4000": {"MaintainerDeprecated"},
	"DL4003": {"MultipleInstructionsDisallowed"}, "DL4004": {"MultipleInstructionsDisallowed"},
}

// Same are BuildKit's rules for what a number of hadolint is about. That BuildKit says by a rule of
// more numbers than one is said by each of them.
func Same(number string) []string { return sames[number] }

// Numbers are those of hadolint for what one of BuildKit's rules is about, in order.
func Numbers(rule string) []string { return numbers[rule] }

var numbers = func() map[string][]string {
	m := map[string][]string{}
	for _, number := range slices.Sorted(maps.Keys(sames)) {
		for _, rule := range sames[number] {
			m[rule] = append(m[rule], number)
		}
	}
	return m
}()
