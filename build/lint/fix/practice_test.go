package fix

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/linttest"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/build/shell"
)

// allKnown is what a build may have told.
var allKnown = Known{
	Images: dockerfile.Images{"docker.io/library/srv:latest": []byte(`{"os":"linux","config":{"WorkingDir":"/srv"}}`)},
	Installed: func(*dockerfile.Instruction) []Package {
		list := []Package{{"go", "example.com/x", "v1.2.3"}, {"go", "example.com/x/y", "v0.1.0"}, {"npm", "@c/d", "2.0.0"}, {"apt", "git", "1:2.39.5-0+deb12u2"}, {"apt", "two", "1"}, {"apt", "two", "2"}}
		for _, manager := range []string{"apt", "apk", "pip", "npm", "gem", "rpm", "go"} {
			for _, name := range []string{"a", "abc", "b", "curl", "vim"} {
				list = append(list, Package{manager, name, "1.2-r3"})
			}
		}
		return list
	},
	Digest: func(image string) string {
		if strings.HasSuffix(image, ":") {
			return ""
		}
		return "sha256:" + strings.Repeat("0123456789abcdef", 4)
	},
}

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

var practiceCases = []fixed{
	{"DL3002", "End the stage with USER app", "FROM a:1\nUSER app\nUSER root\nRUN b\nFROM c:1\n", "FROM a:1\nUSER app\nUSER root\nRUN b\nUSER app\nFROM c:1\n"},
	{"DL3002", "End the stage with USER app", "from a:1 as b\nuser app\nfrom b\nuser 0\nrun <<E\nx\nE", "from a:1 as b\nuser app\nfrom b\nuser 0\nrun <<E\nx\nE\nuser app"},
	{"DL3003", "Write as WORKDIR /src", "FROM a:1\nWORKDIR /w\nRUN cd /src && make \\\n  && b\nCOPY c d\n", "FROM a:1\nWORKDIR /w\nWORKDIR /src\nRUN make \\\n  && b\nWORKDIR /w\nCOPY c d\n"},
	{"DL3003", "Write as WORKDIR /srv/sub", "FROM srv\n# why\n  RUN cd sub; \\\n  make\n", "FROM srv\n# why\n  WORKDIR /srv/sub\n  RUN make\n  WORKDIR /srv\n"},
	{"DL3003", "Write as WORKDIR /opt", "FROM scratch\nRUN <<EOF\ncd /opt\nmake\nEOF\n", "FROM scratch\nWORKDIR /opt\nRUN <<EOF\nmake\nEOF\nWORKDIR /\n"},
	{"DL3003", "Write as WORKDIR /opt, where what follows runs too", "FROM a:1\nRUN cd /opt && a || b\n", "FROM a:1\nWORKDIR /opt\nRUN a || b\n"},
	{"DL3004", "Remove sudo", "FROM a:1\nRUN sudo -E A=1 b && sudo c\n", "FROM a:1\nRUN A=1 b && sudo c\n"},
	{"DL3006", "Pin to sha256:0123456789ab, which the last build used", "FROM --platform=linux/amd64 a AS b\n", "FROM --platform=linux/amd64 a@" + someDigest + " AS b\n"},
	{"DL3007", "Pin to sha256:0123456789ab, which the last build used", "FROM a:latest\n", "FROM a:latest@" + someDigest + "\n"},
	{"DL3008", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN apt-get install -y \\\n  # why\n  curl \\\n  vim=1\n", "FROM a:1\nRUN apt-get install -y \\\n  # why\n  curl=1.2-r3 \\\n  vim=1\n"},
	{"DL3008", "Pin to 1:2.39.5-0+deb12u2, which the last build installed", "FROM a:1\nRUN [\"apt-get\", \"-y\", \"install\", \"git\"]\n", "FROM a:1\nRUN [\"apt-get\", \"-y\", \"install\", \"git=1:2.39.5-0+deb12u2\"]\n"},
	{"DL3009", "Mount a cache at /var/lib/apt/lists", "FROM a:1\nRUN --network=none apt-get update && apt-get install -y b\n",
		"FROM a:1\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked --network=none apt-get update && apt-get install -y b\n"},
	{"DL3009", "End with rm -rf /var/lib/apt/lists/*", "FROM a:1\r\nRUN apt-get update \\\r\n  && apt-get install -y b\r\n", "FROM a:1\r\nRUN apt-get update \\\r\n  && apt-get install -y b \\\r\n  && rm -rf /var/lib/apt/lists/*\r\n"},
	{"DL3009", "End with rm -rf /var/lib/apt/lists/*", "FROM a:1\nRUN apt-get update && \\\n    apt-get install -y b", "FROM a:1\nRUN apt-get update && \\\n    apt-get install -y b && \\\n    rm -rf /var/lib/apt/lists/*"},
	{"DL3009", "End with rm -rf /var/lib/apt/lists/*", "FROM a:1\nRUN <<-EOF\n\tset -ex\n\tapt-get update\n\nEOF\n", "FROM a:1\nRUN <<-EOF\n\tset -ex\n\tapt-get update\n\n\trm -rf /var/lib/apt/lists/*\nEOF\n"},
	{"DL3013", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN pip install 'ABC[x]' d==1\n", "FROM a:1\nRUN pip install 'ABC[x]==1.2-r3' d==1\n"},
	{"DL3014", "Add -y", "FROM a:1\nONBUILD RUN apt-get \\\n  install \\\n  b\n", "FROM a:1\nONBUILD RUN apt-get \\\n  install -y \\\n  b\n"},
	{"DL3014", "Add -y", "FROM a:1\nRUN [\"apt-get\", \"install\"]\n", "FROM a:1\nRUN [\"apt-get\", \"install\", \"-y\"]\n"},
	{"DL3014", "Add -y", "FROM a:1\nRUN bash -c 'apt-get install b'\n", "FROM a:1\nRUN bash -c 'apt-get install -y b'\n"},
	{"DL3015", "Add --no-install-recommends", "FROM a:1\nRUN <<E\nif a; then\n  apt-get -y install b\nfi\nE\n", "FROM a:1\nRUN <<E\nif a; then\n  apt-get -y install --no-install-recommends b\nfi\nE\n"},
	{"DL3015", "Write --no-install-recommends", "FROM a:1\nRUN apt-get install --install-recommends b\n", "FROM a:1\nRUN apt-get install --no-install-recommends b\n"},
	{"DL3016", "Pin to 2.0.0, which the last build installed", "FROM a:1\nRUN npm i -g @c/d@latest\n", "FROM a:1\nRUN npm i -g @c/d@2.0.0\n"},
	{"DL3018", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN apk add \"curl\"\n", "FROM a:1\nRUN apk add \"curl=1.2-r3\"\n"},
	{"DL3019", "Add --no-cache", "FROM a:1\nRUN apk add b\n", "FROM a:1\nRUN apk add --no-cache b\n"},
	{"DL3019", "Mount a cache at /var/cache/apk", "FROM a:1\nRUN apk add b\n", "FROM a:1\nRUN --mount=type=cache,target=/var/cache/apk,sharing=locked apk add b\n"},
	{"DL3020", "Write COPY", "FROM a:1\nADD --chown=1 b /\n", "FROM a:1\nCOPY --chown=1 b /\n"},
	{"DL3020", "Write copy", "from a:1\nonbuild add b /\n", "from a:1\nonbuild copy b /\n"},
	{"DL3021", "End with /", "FROM a:1\nCOPY a b \\\n  /c\n", "FROM a:1\nCOPY a b \\\n  /c/\n"},
	{"DL3021", "End with /", "FROM a:1\nCOPY [\"a\", \"b\", \"/c d\"]\n", "FROM a:1\nCOPY [\"a\", \"b\", \"/c d/\"]\n"},
	{"DL3025", "Write as JSON", "FROM a:1\nHEALTHCHECK --interval=5s CMD curl -f \"http://x\"\n", "FROM a:1\nHEALTHCHECK --interval=5s CMD [\"curl\", \"-f\", \"http://x\"]\n"},
	{"DL3027", "Write apt-get", "FROM a:1\nRUN apt -y install b\n", "FROM a:1\nRUN apt-get -y install b\n"},
	{"DL3027", "Write apt-get", "FROM a:1\nRUN apt upgrade -y\n", "FROM a:1\nRUN apt-get upgrade --with-new-pkgs -y\n"},
	{"DL3027", "Write apt-cache", "FROM a:1\nRUN /usr/bin/apt search b\n", "FROM a:1\nRUN /usr/bin/apt-cache search b\n"},
	{"DL3028", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN gem install a\n", "FROM a:1\nRUN gem install a:1.2-r3\n"},
	{"DL3030", "Add -y", "FROM a:1\nRUN yum update\n", "FROM a:1\nRUN yum update -y\n"},
	{"DL3032", "Mount a cache at /var/cache/dnf", "FROM a:1\nRUN yum install -y a-1\n", "FROM a:1\nRUN --mount=type=cache,target=/var/cache/yum --mount=type=cache,target=/var/cache/dnf yum install -y a-1\n"},
	{"DL3032", "End with yum clean all", "FROM a:1\nRUN a; yum install -y a-1\n", "FROM a:1\nRUN a; yum install -y a-1 && yum clean all\n"},
	{"DL3033", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN yum -y install curl\n", "FROM a:1\nRUN yum -y install curl-1.2-r3\n"},
	{"DL3034", "Add -n", "FROM a:1\nRUN zypper in b=1\n", "FROM a:1\nRUN zypper -n in b=1\n"},
	{"DL3036", "End with zypper clean --all", "FROM a:1\nRUN zypper -n in b=1\n", "FROM a:1\nRUN zypper -n in b=1 && zypper clean --all\n"},
	{"DL3037", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN zypper -n in curl\n", "FROM a:1\nRUN zypper -n in curl=1.2-r3\n"},
	{"DL3038", "Add -y", "FROM a:1\nRUN dnf module install a:1\n", "FROM a:1\nRUN dnf -y module install a:1\n"},
	{"DL3040", "End with microdnf clean all", "FROM a:1\nRUN microdnf -y install a-1\n", "FROM a:1\nRUN microdnf -y install a-1 && microdnf clean all\n"},
	{"DL3040", "Mount a cache at /var/cache/libdnf5", "FROM a:1\nRUN dnf5 -y install a-1\n", "FROM a:1\nRUN --mount=type=cache,target=/var/cache/libdnf5 dnf5 -y install a-1\n"},
	{"DL3041", "Pin to 1.2-r3, which the last build installed", "FROM a:1\nRUN dnf -y install curl\n", "FROM a:1\nRUN dnf -y install curl-1.2-r3\n"},
	{"DL3042", "Add --no-cache-dir", "FROM a:1\nRUN python3 -m pip install -r b\n", "FROM a:1\nRUN python3 -m pip install --no-cache-dir -r b\n"},
	{"DL3042", "Mount a cache at /root/.cache/pip", "FROM a:1\nRUN pip install -r b\n", "FROM a:1\nRUN --mount=type=cache,target=/root/.cache/pip pip install -r b\n"},
	{"DL3044", "Begin another ENV here", "FROM a:1\nONBUILD ENV A=1 \\\n  B=x$A C=2\n", "FROM a:1\nONBUILD ENV A=1\nONBUILD ENV B=x$A C=2\n"},
	{"DL3045", "Begin the path with /srv/", "FROM srv\nCOPY a ./b/\n", "FROM srv\nCOPY a /srv/b/\n"},
	{"DL3045", "Begin the path with /", "FROM scratch\nCOPY [\"a\", \".\"]\n", "FROM scratch\nCOPY [\"a\", \"/\"]\n"},
	{"DL3046", "Add -l", "FROM a:1\nRUN useradd -u 1234567 b\n", "FROM a:1\nRUN useradd -l -u 1234567 b\n"},
	{"DL3047", "Add --progress=dot:giga", "FROM a:1\nRUN wget https://x\n", "FROM a:1\nRUN wget --progress=dot:giga https://x\n"},
	{"DL3047", "Add -q", "FROM alpine:3\nRUN wget https://x\n", "FROM alpine:3\nRUN wget -q https://x\n"},
	{"DL3059", "Join with the RUN before", "FROM a:1\nRUN a b\n\n# why\n  RUN c\n", "FROM a:1\nRUN a b \\\n# why\n    && c\n"},
	{"DL3059", "Join with the RUN before", "FROM a:1\nONBUILD RUN --network=none a\nONBUILD RUN --network=none b\n", "FROM a:1\nONBUILD RUN --network=none a \\\n    && b\n"},
	{"DL3060", "End with yarn cache clean", "FROM a:1\nRUN yarn install\n", "FROM a:1\nRUN yarn install && yarn cache clean\n"},
	{"DL3060", "Mount a cache at /usr/local/share/.cache/yarn", "FROM a:1\nRUN yarn install\n", "FROM a:1\nRUN --mount=type=cache,target=/usr/local/share/.cache/yarn yarn install\n"},
	{"DL3062", "Pin to v0.1.0, which the last build installed", "FROM a:1\nRUN go install example.com/x/y/cmd/z@latest\n", "FROM a:1\nRUN go install example.com/x/y/cmd/z@v0.1.0\n"},
	{"DL4005", "Write as SHELL [\"/bin/bash\", \"-c\"]", "FROM a:1\nRUN ln -sf /bin/bash /bin/sh\n", "FROM a:1\nSHELL [\"/bin/bash\", \"-c\"]\n"},
	{"DL4006", "Use SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]", "FROM a:1\n# why\nRUN a | b\n", "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n# why\nRUN a | b\n"},
	{"DL4006", "Use SHELL [\"/bin/ash\", \"-eo\", \"pipefail\", \"-c\"]", "FROM alpine:3\nRUN a | b\n", "FROM alpine:3\nSHELL [\"/bin/ash\", \"-eo\", \"pipefail\", \"-c\"]\nRUN a | b\n"},
	{"DL4006", "Begin with set -o pipefail", "FROM alpine:3\nRUN --network=none a \\\n  | b\n", "FROM alpine:3\nRUN --network=none set -o pipefail && a \\\n  | b\n"},
	{"DL4006", "Begin with set -o pipefail", "FROM a:1\nRUN <<E\n#!/bin/bash\n  a | b\nE\n", "FROM a:1\nRUN <<E\n#!/bin/bash\n  set -o pipefail\n  a | b\nE\n"},
	{"DL4006", "Begin with set -o pipefail", "FROM a:1\nRUN bash <<E\na | b\nE\n", "FROM a:1\nRUN bash <<E\nset -o pipefail\na | b\nE\n"},
	{"DL4006", "Begin with set -o pipefail", "FROM a:1\nRUN [\"bash\", \"-c\", \"a | b\"]\n", "FROM a:1\nRUN [\"bash\", \"-c\", \"set -o pipefail && a | b\"]\n"},
	{"DL4006", "Use SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]", "FROM a:1\nRUN <<E\na | b\nE\n", "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN <<E\na | b\nE\n"},
	{"DL4006", "Use SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-ec\"]", "FROM a:1\nSHELL [\"/bin/bash\", \"-ec\"]\nRUN a | b\n", "FROM a:1\nSHELL [\"/bin/bash\", \"-ec\"]\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-ec\"]\nRUN a | b\n"},
}

// practiced are the problems of a text by all rules.
func practiced(text string) ([]dockerfile.Problem, lint.File) {
	f := lint.File{Dockerfile: dockerfile.Parse([]byte(text)), Images: allKnown.Images}
	f.Rules.Set = practice.All
	return lint.Check(context.Background(), f), f
}

func TestPracticeFixes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range practiceCases {
		problems, f := practiced(c.before)
		i := slices.IndexFunc(problems, func(p dockerfile.Problem) bool { return p.Code == c.code })
		if i < 0 {
			t.Errorf("%q: no problem %s in %+v", c.before, c.code, problems)
			continue
		}
		seen[c.code] = true
		fixes := For(problems[i], f.Dockerfile, allKnown)
		n := slices.IndexFunc(fixes, func(f Fix) bool { return f.Title == c.title })
		if n < 0 {
			t.Errorf("%q: %s: no fix %q in %+v", c.before, problems[i].Message, c.title, fixes)
			continue
		}
		if after := apply(c.before, fixes[n].Edits); after != c.after {
			t.Errorf("%s\ngot  %q\nwant %q", c.title, after, c.after)
		}
		mends(t, problems, i, f, fixes[n])
	}
	for code := range practices {
		if !seen[code] {
			t.Errorf("no case for %s", code)
		}
	}
}

// TestNoPracticeFix: what has more than one meaning, or would break the script, has no fix.
func TestNoPracticeFix(t *testing.T) {
	for _, c := range []struct{ code, text string }{
		{"DL3002", "FROM a:1\nUSER root\n"},
		{"DL3003", "FROM a:1\nRUN a && cd /b && c\n"},
		{"DL3003", "FROM a:1\nRUN (cd /b && c); d\n"},
		{"DL3003", "FROM a:1\nRUN cd /b || exit 1; c\n"},
		{"DL3003", "FROM a:1\nRUN cd /b && a & c\n"},
		{"DL3003", "FROM a:1\nRUN cd $B && a\n"},
		{"DL3003", "FROM a:1\nRUN cd b && a\n"},
		{"DL3003", "FROM scratch\nRUN cd ~/b && a\n"},
		{"DL3003", "FROM scratch\nRUN cd /b && a && cd - && c\n"},
		{"DL3003", "FROM scratch\nRUN cd /b\n"},
		{"DL3003", "FROM scratch\nONBUILD RUN cd /b && a\n"},
		{"DL3003", "FROM scratch\nRUN cd /b && \\\n# why\n a\n"},
		{"DL3004", "FROM a:1\nUSER me\nRUN sudo a\n"},
		{"DL3004", "FROM a:1\nRUN sudo -u me a\n"},
		{"DL3009", "FROM a:1\nRUN apt-get update\nRUN apt-get install -y b\n"},
		{"DL3020", "FROM a:1\nADD --unpack=false b /\n"},
		{"DL3021", "FROM a:1\nCOPY a b \"/c\"\n"},
		{"DL3027", "FROM a:1\nRUN apt list\n"},
		{"DL3008", "FROM a:1\nRUN apt-get install -y two\n"},
		{"DL3008", "FROM a:1\nRUN apt-get install -y unknown\n"},
		{"DL3045", "FROM a:1\nCOPY a b\n"},
		{"DL3059", "FROM a:1\nRUN cd /b\nRUN a\n"},
		{"DL3059", "FROM a:1\nRUN a &\nRUN b\n"},
		{"DL3059", "FROM a:1\nRUN a # why\nRUN b\n"},
		{"DL3059", "FROM a:1\nRUN a\nRUN [\"b\"]\n"},
		{"DL3059", "FROM a:1\nRUN a\n# hadolint ignore=DL3004\nRUN b\n"},
		{"DL4005", "FROM a:1\nRUN a && ln -s /bin/bash /bin/sh\n"},
		{"DL4005", "FROM a:1\nRUN ln -s bash /bin/sh\n"},
		{"DL4006", "FROM scratch\nRUN a | b\n"},
		{"DL4006", "FROM a:1\nRUN <<E\n#!/bin/sh\na | b\nE\n"},
		{"DL4006", "FROM a:1\nRUN sh <<E\na | b\nE\n"},
		{"DL4006", "FROM a:1\nSHELL [\"pwsh\", \"-c\"]\nRUN <<E\n#!/bin/sh\na | b\nE\n"},
		{"DL4006", "FROM a:1\nRUN [\"sh\", \"-c\", \"a | b\"]\n"},
	} {
		problems, f := practiced(c.text)
		found := false
		for _, p := range problems {
			if found = found || p.Code == c.code; p.Code != c.code {
				continue
			}
			if fixes := For(p, f.Dockerfile, allKnown); !strings.HasPrefix(fixes[0].Title, "Ignore") {
				t.Errorf("%q: %s: %q", c.text, c.code, apply(c.text, fixes[0].Edits))
			}
		}
		if !found {
			t.Errorf("%q: no %s", c.text, c.code)
		}
	}
}

// TestNoCleanUp: what would not run, or hide a failure, is not put at the end.
func TestNoCleanUp(t *testing.T) {
	for _, text := range []string{
		"RUN apt-get update # why", "RUN apt-get update &", "RUN apt-get update;", "RUN <<E\napt-get update\nE", "RUN [\"apt-get\", \"update\"]",
		"RUN <<E\nset -e\napt-get update \\\nE", "RUN <<E\n#!/bin/sh -e\ncat <<X\n$(apt-get update)\nE",
	} {
		problems, f := practiced("FROM a:1\n" + text + "\n")
		for _, p := range problems {
			for _, fix := range For(p, f.Dockerfile, allKnown) {
				if strings.HasPrefix(fix.Title, "End with rm") {
					t.Errorf("%q", apply(f.Dockerfile.String(), fix.Edits))
				}
			}
		}
	}
}

// practiceTexts are the texts of the rules' own tests and page, and of the corpus.
func practiceTexts(t *testing.T) (texts []string) {
	rules, err := os.ReadFile("../practice/testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Split(string(rules), "\n---\n") {
		_, text, _ := strings.Cut(c, "\n")
		texts = append(texts, strings.ReplaceAll(text, "~\n", "\\\n")+"\n")
	}
	page, err := os.ReadFile("../../../cmd/buildls/help/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile("(?s)```dockerfile\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		texts = append(texts, found[1])
	}
	for _, c := range practiceCases {
		texts = append(texts, c.before)
	}
	for _, s := range enginetest.Sample(linttest.Corpus(t)) {
		texts = append(texts, s.Dockerfile)
	}
	for _, text := range texts {
		if !strings.Contains(text, "\r") && len(text) < 10_000 {
			texts = append(texts, strings.ReplaceAll(text, "\n", "\r\n"))
		}
	}
	return texts
}

// TestEveryPracticeFix: whatever fix is applied, BuildKit and the shell can read what they could read
// before, the problem is gone, and there is no new one.
func TestEveryPracticeFix(t *testing.T) {
	tried := map[string]int{}
	for _, text := range practiceTexts(t) {
		problems, f := practiced(text)
		_, err := f.Dockerfile.Nodes()
		for _, p := range problems {
			if practices[p.Code] == nil {
				continue
			}
			for _, fix := range For(p, f.Dockerfile, allKnown) {
				if strings.HasPrefix(fix.Title, "Ignore") {
					continue
				}
				tried[p.Code]++
				if fix.Safe && !mayBeSafe[p.Code] {
					t.Errorf("%s, %s is safe, and not among those of All", p.Code, fix.Title)
				}
				mended := dockerfile.Parse([]byte(apply(text, fix.Edits)))
				if _, after := mended.Nodes(); after != nil && err == nil {
					t.Errorf("%s, %s: %q: %v", p.Code, fix.Title, mended, after)
				}
				if unread(mended) > unread(f.Dockerfile) {
					t.Errorf("%s, %s: %q: no shell reads it", p.Code, fix.Title, mended)
				}
				fewer(t, problems, p.Code, f, fix)
			}
		}
	}
	for code := range practices {
		if tried[code] == 0 {
			t.Errorf("no fix for %s was tried", code)
		}
	}
	t.Log(tried)
}

// fewer checks that a fix leaves fewer problems of its code, and not more of another one.
func fewer(t *testing.T, before []dockerfile.Problem, code string, f lint.File, fix Fix) {
	t.Helper()
	left := map[string]int{}
	for _, p := range before {
		left[p.Code]++
	}
	left[code]--
	after, mended := practiced(apply(f.Dockerfile.String(), fix.Edits))
	for _, p := range after {
		if left[p.Code]--; left[p.Code] < 0 {
			t.Errorf("%s: %q has a problem: %s: %s", fix.Title, mended.Dockerfile, p.Code, p.Message)
		}
	}
}

func unread(f *dockerfile.File) (n int) {
	for _, st := range f.Instructions() {
		if shell.Read(st, shell.POSIX).Unread {
			n++
		}
	}
	return n
}

// TestSafePracticeFixes: all safe ones are soon applied, and then no more changes.
func TestSafePracticeFixes(t *testing.T) {
	for _, text := range practiceTexts(t) {
		for n := 0; ; n++ {
			problems, f := practiced(text)
			edits := All(problems, f.Dockerfile, Known{})
			if len(edits) == 0 {
				break
			}
			if text = Apply(f.Dockerfile, edits); n > 20 {
				t.Fatalf("no end: %q", text)
			}
		}
	}
}
