# The tasks of this repository. They need Go, make and git; what else they use
# is fetched by Go, pinned by internal/tools/go.mod.

GO    ?= go
BUILD := .build

# All modules; a user's share of them; those whose tests need servers that others
# wrote; the rest.
MODULES := $(shell find . -name go.mod ! -path '*/testdata/*' ! -path './.*' -exec dirname {} \; | sort)
MAIN    := $(filter . ./examples,$(MODULES))
REAL    := $(filter ./internal/realservers/%,$(MODULES))
OTHERS  := $(filter-out $(MAIN) $(REAL),$(MODULES))

PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# The least statement coverage of the root module, in percent.
COVERAGE := 85

# What a long fuzz run gives a decoder and a state machine (a target with
# Session or Program in its name), and what `make test` gives either: a number
# of runs there, since go test may report the end of a short time as a failure
# of its own ("context deadline exceeded").
FUZZTIME_DECODER := 2m
FUZZTIME_MACHINE := 10m
FUZZTIME_SMOKE   := 1000x

# What `make bench-compare` runs: the packages that have benchmarks of their own,
# how often, and for how long each benchmark.
BENCHMARKS := . client codec/proto dispatch internal/bufpool internal/workers schema transport transport/mem wire/internal/coalesce wire/native
COUNT      ?= 6
BENCHTIME  ?= 300ms

# The race detector needs cgo and a C compiler everywhere but on macOS.
RACE ?= $(shell [ "`$(GO) env CGO_ENABLED`" = 1 -o "`$(GO) env GOOS`" = darwin ] && echo -race)

# Arguments for go test, such as TESTFLAGS='-count=1 -v'.
TESTFLAGS ?=

# The same with and without a go.work.
export GOWORK := off

.NOTPARALLEL:
.DEFAULT_GOAL := help

# $(call each,<modules>,<command>) runs a command in every module, up to the
# first failure.
each = for m in $(1); do echo "   $$m"; (cd "$$m" && $(2)) || exit 1; done

# $(norace) sets $names to a pattern for the current module's tests that only
# run without -race, and $dirs to their packages.
norace = files=`$(GO) list -tags race -f '{{range .IgnoredGoFiles}}{{$$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... | \
		grep '_test\.go$$' | xargs grep -l '^//go:build !race' /dev/null`; \
	dirs=`for f in $$files; do dirname "$$f"; done | sort -u`; \
	names=`sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/^\1$$/p' $$files /dev/null | sort -u | paste -s -d '|' -`

# $(call install,<package>:<program> …) installs the packages whose programs are
# missing.
install = missing=; for p in $(1); do \
		command -v $${p\#*:} >/dev/null || [ -x /usr/sbin/$${p\#*:} ] || missing="$$missing $${p%%:*}"; \
	done; \
	[ -z "$$missing" ] || if [ "`id -u`" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing$$missing"; \
		apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing >/dev/null; \
	else \
		echo "Missing:$$missing. Install them; what cannot be checked counts as failed." >&2; \
	fi

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: check-go ## start the demo server, call it through every protocol and by the command curlew, keep serving (ONCE=1: leave after the tour)
	@echo "Building cmd/curlew and examples/demo. The first time, this takes a minute or two."
	@mkdir -p $(BUILD)
	@$(GO) -C cmd/curlew build -buildvcs=auto -o "$(CURDIR)/$(BUILD)/curlew" .
	@cd examples && exec $(GO) run ./demo -curlew "$(CURDIR)/$(BUILD)/curlew" $(if $(filter-out 0,$(ONCE)),-once) $(ARGS)

.PHONY: test
test: check-go ## test the root module and the examples: allocations, a short fuzz run, then everything with -race
	@echo "== tests that only run without the race detector"
	@$(call each,$(MAIN),$(norace); [ -z "$$names" ] || $(GO) test $(TESTFLAGS) -timeout 5m -run "$$names" $$dirs)
	@echo "== fuzz targets, $(FUZZTIME_SMOKE) each"
	@$(MAKE) --no-print-directory fuzz FUZZTIME=$(FUZZTIME_SMOKE)
	@[ -n "$(RACE)" ] || echo "No C compiler, so no race detector: the tests run without it."
	@echo "== all tests $(RACE)"
	@$(call each,$(MAIN),$(GO) test $(RACE) $(TESTFLAGS) -timeout 15m ./...)

.PHONY: test-all
test-all: test-others test-real test ## test every module of the repository

.PHONY: test-others
test-others: check-go # those that compare with buf find it once `make interop` has built it
	@echo "== all tests of the other modules $(RACE)"
	@PATH="$(CURDIR)/$(BUILD)/interop:$$PATH"; $(call each,$(OTHERS),$(GO) test $(RACE) `[ $$m = ./bench/kitex ] && echo -ldflags=-checklinkname=0` $(TESTFLAGS) -timeout 15m ./...)

.PHONY: test-real
test-real: check-go real-programs ## test with real servers, such as etcd and Consul; what is missing is built first, which takes about 20 minutes, once
	@echo "== servers"
	@$(GO) -C internal/realservers run ./build
	@echo "== tests with real servers $(RACE)"
	@export CURLEW_REAL=required; $(call each,$(REAL),$(GO) test $(RACE) $(TESTFLAGS) -timeout 15m ./...)

.PHONY: real-programs
real-programs: ## install the servers for `make test-real` that are not built and are missing (as root, on Debian and its like)
	@$(call install,redis-server:redis-server iproute2:ip)

.PHONY: fuzz
fuzz: check-go ## run every fuzz target: 2 minutes a decoder, 10 a state machine (FUZZTIME=30s: that long each)
	@mkdir -p $(BUILD)
	@find . -name '*_test.go' ! -path './.*' -exec grep -l '^func Fuzz' {} + | sort | while read -r file; do \
		for name in `sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"`; do \
			case $$name in *Session*|*Program*) time=$(FUZZTIME_MACHINE);; *) time=$(FUZZTIME_DECODER);; esac; \
			dir=`dirname "$$file"`; time=$${FUZZTIME:-$$time}; echo "   $$dir $$name $$time"; \
			(cd "$$dir" && $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime "$$time" . </dev/null) >$(BUILD)/fuzz.log 2>&1 || \
				if grep -q 'Failing input\|panic' $(BUILD)/fuzz.log || ! grep -q 'context deadline exceeded' $(BUILD)/fuzz.log; \
				then cat $(BUILD)/fuzz.log; exit 1; fi; \
		done || exit 1; \
	done

.PHONY: bench
bench: check-go ## measure beside other frameworks, at most 45 minutes (QUICK=1: only the floors, at most 8; DOCS=1: write the docs' tables)
	@mkdir -p $(BUILD)
	@echo "Building the benchmarks. The first time, this takes a minute or two."
	@$(GO) -C bench build -buildvcs=auto -o "$(CURDIR)/$(BUILD)/bench" .
	@$(if $(quick),,$(GO) -C bench/kitex build -buildvcs=auto -ldflags=-checklinkname=0 -o "$(CURDIR)/$(BUILD)/bench-kitex" .)
	@$(BUILD)/bench $(if $(quick),-quick,-kitex $(BUILD)/bench-kitex) -out bench \
		$(if $(filter-out 0,$(DOCS)),-docs docs/benchmarks.md,-plots $(BUILD)/plots) $(ARGS)

quick = $(filter-out 0,$(QUICK))

.PHONY: bench-compare
bench-compare: check-go ## compare the microbenchmarks with those of BASE=revision (COUNT=6 runs of each, by turns)
	@[ -n "$(BASE)" ] || { echo "Say what to compare with, such as: make bench-compare BASE=HEAD" >&2; exit 2; }
	@mkdir -p $(BUILD); rm -rf $(BUILD)/base $(BUILD)/base.txt $(BUILD)/new.txt; git worktree prune
	@git worktree add --quiet --detach $(BUILD)/base "$(BASE)"
	@trap 'git worktree remove --force $(BUILD)/base' EXIT; trap 'exit 130' INT TERM; \
	for i in `seq $(COUNT)`; do \
		echo "   run $$i of $(COUNT)"; \
		for side in base new; do \
			dir=.; [ $$side = new ] || dir=$(BUILD)/base; \
			packages=; for p in $(BENCHMARKS); do [ ! -d $$dir/$$p ] || packages="$$packages ./$$p"; done; \
			$(GO) -C $$dir test -run '^$$' -bench . -benchmem -count=1 -benchtime=$(BENCHTIME) $$packages >$(BUILD)/side.txt || \
				{ cat $(BUILD)/side.txt; exit 1; }; \
			cat $(BUILD)/side.txt >>$(BUILD)/$$side.txt; \
		done; \
	done
	@`$(GO) -C internal/tools tool -n benchstat` base=$(BUILD)/base.txt new=$(BUILD)/new.txt

.PHONY: simulate
simulate: check-go ## compare pickers in simulated fleets, and write docs/balancing.md: about 2 minutes
	@$(GO) -C internal/fleetsim run . -docs ../../docs $(ARGS)

.PHONY: simulate-check
simulate-check: check-go ## fail if pickers do not do in small simulated fleets what they must: half a minute at most
	@echo "== pickers in simulated fleets"
	@$(GO) -C internal/fleetsim run . -check $(ARGS)

.PHONY: cover
cover: check-go ## measure the statement coverage of the root module and hold it to its floor
	@echo "== coverage"
	@mkdir -p $(BUILD)
	@$(norace); $(GO) test -timeout 10m $${names:+-skip "$$names"} -coverpkg=./... -coverprofile=$(BUILD)/cover.out ./... >$(BUILD)/cover.log 2>&1 || \
		{ cat $(BUILD)/cover.log; exit 1; }
	@$(GO) -C internal/tools run ./cover -min $(COVERAGE) $(CURDIR)/$(BUILD)/cover.out

.PHONY: lint
lint: check-go ## check formatting, go vet, staticcheck, go.mod files and the repository's own rules
	@echo "== gofmt"
	@files=`find . -name '*.go' ! -path './.*' | xargs "\`$(GO) env GOROOT\`/bin/gofmt" -l` || exit 1; \
		[ -z "$$files" ] || { echo "not formatted; run \`make fmt\`:"; echo "$$files"; exit 1; }
	@echo "== go vet"
	@$(call each,$(MODULES),$(GO) vet ./...)
	@echo "== staticcheck"
	@staticcheck=`$(GO) -C internal/tools tool -n staticcheck` || exit 1; $(call each,$(MODULES),"$$staticcheck" ./...)
	@echo "== go mod tidy"
	@$(call each,$(MODULES),$(GO) mod tidy -diff || { echo "run \`make tidy\`"; exit 1; })
	@echo "== the repository's own rules"
	@$(GO) test ./internal/repotest

.PHONY: generate
generate: check-go ## make the generated Go files from their .proto files
	@$(GO) -C internal/tools run ./gen

.PHONY: generate-check
generate-check: check-go ## fail if a generated file is not what its .proto file gives
	@echo "== generated files"
	@$(GO) -C internal/tools run ./gen -check

.PHONY: docs
docs: check-go ## cut the listings in README and docs from the examples
	@$(GO) test ./internal/repotest -run '^TestRepository$$/^listings$$' -update

.PHONY: api
api: check-go ## accept the exported API as it is: rewrite its golden files
	@$(GO) test ./internal/repotest -run '^TestRepository$$/^api$$' -update

.PHONY: cross
cross: check-go ## build and vet the root module, the examples and the command curlew for Linux, macOS and Windows
	@echo "== other platforms"
	@for p in $(PLATFORMS); do echo "  $$p"; \
		export GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0; \
		$(call each,$(MAIN) ./cmd/curlew,$(GO) build -buildvcs=false -o /dev/null ./... && $(GO) vet ./...); \
	done

.PHONY: release-check
release-check: check-go ## prove that users can install every module and command
	@echo "== release"
	@$(GO) -C internal/tools run ./release

.PHONY: conformance
conformance: check-go ## run the official suites of Connect, gRPC and HTTP/2 against server and client (ARGS='-only h2spec')
	@$(GO) -C internal/conformance run . -out "$(CURDIR)/$(BUILD)/conformance" $(ARGS)

.PHONY: chaos
chaos: check-go chaos-programs ## break a fleet of processes and hold what clients notice to its bounds (ARGS='-quick -run kill -seed 7'; docs/chaos.md)
	@echo "Building the chaos run. The first time, this takes a minute or two."
	@mkdir -p $(BUILD)
	@$(GO) -C internal/chaos build -o "$(CURDIR)/$(BUILD)/chaos" .
	@$(BUILD)/chaos -root . -json $(BUILD)/chaos.json -curlew $(BUILD)/curlew $(ARGS)

.PHONY: chaos-programs
chaos-programs: ## install what `make chaos` needs and is missing (as root, on Debian and its like)
	@$(call install,nginx:nginx etcd-server:etcd iproute2:ip nftables:nft)

.PHONY: interop
interop: check-go interop-programs ## call the demo server by clients that others wrote, and through proxies (ARGS='-only curl,nginx')
	@$(GO) -C internal/interop run . -out "$(CURDIR)/$(BUILD)/interop" $(ARGS)

.PHONY: interop-programs
interop-programs: ## install what `make interop` and tests against protoc, etcd and dnsmasq need and is missing (as root, on Debian and its like)
	@$(call install,curl:curl nodejs:node npm:npm chromium:chromium nginx:nginx haproxy:haproxy protobuf-compiler:protoc etcd-server:etcd dnsmasq-base:dnsmasq)

.PHONY: ci
ci: ## everything that must hold before a merge
	@begin=`date +%s`; \
	for step in interop-programs lint generate-check cross release-check cover simulate-check conformance interop test-others test-real demo test; do \
		echo "==== $$step, after $$((`date +%s` - begin)) s"; \
		$(MAKE) --no-print-directory $$step RACE=-race ONCE=1 || exit 1; \
	done

.PHONY: fmt
fmt: check-go ## format all Go files
	@find . -name '*.go' ! -path './.*' | xargs "`$(GO) env GOROOT`/bin/gofmt" -l -w

.PHONY: tidy
tidy: check-go ## run go mod tidy in every module
	@$(call each,$(MODULES),$(GO) mod tidy)

.PHONY: work
work: check-go ## make a go.work of all modules, for editors (not for commits)
	@unset GOWORK; rm -f go.work; $(GO) work init $(MODULES)

.PHONY: clean
clean: ## delete what these targets build
	@rm -rf $(BUILD)

.PHONY: check-go
check-go:
	@want=`sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod`; \
	if command -v $(GO) >/dev/null; then have=`$(GO) env GOVERSION`; else have=; fi; \
	case $$have in *devel*) exit 0;; esac; \
	echo "$$want $${have#go}" | awk '{ split($$1, w, "."); split($$2, h, "."); exit !(h[1] > w[1] || h[1] == w[1] && h[2]+0 >= w[2]) }' || { \
		echo "Curlew needs Go $$want or newer; found $${have:-none that works}." >&2; \
		echo "Get it from https://go.dev/dl/: unpack the archive into /usr/local and put /usr/local/go/bin on the PATH." >&2; \
		exit 1; }
