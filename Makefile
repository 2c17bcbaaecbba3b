# buildls: see CONTRIBUTING.md. Each target does its own set-up; Debian 12 is what is tested.

SHELL   := /bin/bash
ENGINES ?= $(or $(BUILDLS_TEST_ENGINES),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/buildls-test/engines)
LDFLAGS := -s -w
# Without gRPC's tracing pages the linker can drop what templates might call by name: 6 MB.
TAGS    := grpcnotrace
# Programs, tests, engines and linters compile alike, so that each package is compiled once: without this
# machine's paths, and without what a debugger reads, which costs a seventh of the time.
FLAGS   := -trimpath -tags=$(TAGS) -gcflags=all=-dwarf=false
override export GOFLAGS := $(filter-out $(FLAGS),$(or $(GOFLAGS),$(shell go env GOFLAGS))) $(FLAGS)
MAXSIZE := 43650000

.PHONY: all build demo test test-editors test-windows test-install bench soak fuzz release vulnerabilities lint engines install clean vsix

all: build

build: ## bin/buildls
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/buildls
	@size=$$(wc -c < bin/buildls); [ $$size -le $(MAXSIZE) ] || { echo "bin/buildls has $$size bytes, and $(MAXSIZE) are the limit: see which package is new, and what it links"; exit 1; }

install: ## buildls into GOBIN
	CGO_ENABLED=0 go install -ldflags '$(LDFLAGS)' ./cmd/buildls

vsix: ## out/buildls.vsix, VS Code's extension; with TARGET=linux-x64 or the like, the server is inside
	@editors/vscode/package $(TARGET)

# The pictures come from tests. Look at them before you commit them:
#   make demo && sudo bin/demo --svg .github/demo.svg
#   make test-editors PARTS=nvim && cp out/editors/nvim/nvim-0.12.4-4-log.svg .github/nvim.svg
#   make test-editors PARTS=vscode   # author-02-flags.png is completion.png, -07-log failed.png, -11-files builds.png
demo: build ## a scripted editor builds, breaks and mends an unsaved Dockerfile on the embedded engine
	@.ci/need runc busybox-static
	CGO_ENABLED=0 go build -o bin/ ./cmd/demo
	@$(if $(filter-out 0,$(shell id -u)),sudo -E) bin/demo

engines: ## the engines that the tests build on, ready under $(ENGINES)
	@.ci/test-engines $(ENGINES)

test: ## everything: unit, protocol, fuzz seeds, real engines; race detector on
	@.ci/test $(ENGINES)

test-editors: ## the plugins in the real editors; PARTS="nvim vscode" names some
	@.ci/test-editors $(ENGINES) $(PARTS)

test-windows: ## the program for Windows, with Wine
	@.ci/test-windows $(ENGINES)

BENCH ?= .
bench: engines build ## figures against peers, in pairs, and the table of them in cmd/buildls/BENCHMARKS.md; BENCH='Cached|Floor' measures some
	@$(if $(filter . Language,$(BENCH)),.ci/test-engines $(ENGINES) language-server)
	@$(if $(filter . Rules,$(BENCH)),.ci/test-engines $(ENGINES) linter)
	@$(if $(filter . Format,$(BENCH)),.ci/test-engines $(ENGINES) formatter)
	BUILDLS_TEST_ENGINES=$(ENGINES) go test -run '^$$' -bench '$(BENCH)' -skip ChangeInLargeContext -benchtime 30x -timeout 30m ./cmd/buildls -table $(CURDIR)/cmd/buildls/BENCHMARKS.md
	@# Each pair of this one takes minutes: BuildKit copies all of the context's files.
	$(if $(filter . LargeContext,$(BENCH)),BUILDLS_TEST_ENGINES=$(ENGINES) go test -run '^$$' -bench ChangeInLargeContext -benchtime 3x -timeout 30m ./cmd/buildls -table $(CURDIR)/cmd/buildls/BENCHMARKS.md)

soak: engines build ## a server all day: 2,000 builds, 100,000 edits, drawn into .github/soak.svg; a minute of stress; six to thirty minutes
	BUILDLS_TEST_ENGINES=$(ENGINES) BUILDLS_SOAK=2000 BUILDLS_SOAK_SVG=$(CURDIR)/.github/soak.svg go test -count 1 -timeout 3h -v -run 'TestSoak$$' ./cmd/buildls
	BUILDLS_TEST_ENGINES=$(ENGINES) BUILDLS_STRESS=60s BUILDLS_BLOCKED=30s go test -race -count 1 -v -run 'TestStress$$|TestBlockedEditor$$' ./cmd/buildls

FUZZTIME ?= 60s
fuzz: ## every fuzz target, for $(FUZZTIME) each; what they find is kept as a seed
	@.ci/fuzz $(FUZZTIME)

release: ## out/release: all files of a release; VERSION=v1.2.3
	@TAGS='$(TAGS)' LDFLAGS='$(LDFLAGS)' BASE='$(BASE)' ONCE='$(ONCE)' .ci/release $(VERSION)

test-install: ## what is in out/release, installed as its users do; PARTS="deb npm" names some
	@.ci/test-install $(ENGINES) out/release $(PARTS)

vulnerabilities: ## the known ones that the program reaches
	@.ci/vulnerabilities

lint: ## gofmt, vet, staticcheck, all platforms, shell scripts
	@.ci/lint

clean:
	rm -rf bin out
