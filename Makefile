# make help lists the targets.

PREFIX       ?= /usr
DESTDIR      ?=
OCF_ROOT     ?= /usr/lib/ocf
OCF_PROVIDER ?= ovn

# For make integration: the Debian release of the nodes (also sid and bullseye), a regular expression of tests, which are then run
# as a whole, how often, for how long at most, whether all tests with the long ones and the long variants, and the commit of an
# earlier version, from which the agent is upgraded in one.
SUITE   ?= trixie
RUN     ?=
COUNT   ?= 1
TIMEOUT ?= 60m
LONG    ?=
EARLIER ?=
# For make test-releases: the Debian releases, which tests, and further flags, as -run, -unit-run and -packages.
RELEASES     ?= bullseye bookworm trixie sid
PARTS        ?= -unit -clusters
RELEASEFLAGS ?=
# For make fuzz: how many inputs for each target, or for how long.
FUZZTIME ?= 2000x
# For make bench: how often each case is run, a regular expression of cases, the numbers of rows that failovers and starts are
# run with, and further flags, as -large or -document.
ROUNDS     ?= 3
ONLY       ?=
ROWS       ?= 0
BENCHFLAGS ?=
# For make demo and make bench: how soon a lost node is noticed, normal or fast.
PROFILE    ?= normal
# For make torture: the number that faults are drawn by (another one each time if empty), for how long, whether lost nodes are
# fenced, and further flags, as -only or -settle.
SEED         ?=
MINUTES      ?= 5
FENCING      ?= no
TORTUREFLAGS ?=

# For make lint: the URL of another database of vulnerabilities than govulncheck's own.
VULNDB ?=

# For packages: who answers for them. Whoever publishes packages names a reachable address.
MAINTAINER ?= ovndb-servers maintainers <maintainers@localhost>

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BINARY  := $(CURDIR)/bin/ovndb-servers
BUILDFLAGS := -trimpath -ldflags '-s -w -X main.linkedVersion=$(VERSION)'

# Tools are built once and kept outside the tree, under their version and Go's, so that neither a clean clone nor make clean costs minutes.
CACHE            := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ovndb-servers
GOLANGCI_VERSION := $(shell sed -n 's|^.*github.com/golangci/golangci-lint/v2 \(v[^ ]*\).*|\1|p' tools/go.mod)
GOLANGCI         := $(CACHE)/tools/golangci-lint-$(GOLANGCI_VERSION)-$(shell go env GOVERSION)
# nfpm has a module of its own, so that it and golangci-lint do not change each other's dependencies.
NFPM_VERSION     := $(shell sed -n 's|^.*github.com/goreleaser/nfpm/v2 \(v[^ ]*\).*|\1|p' tools/nfpm/go.mod)
NFPM             := $(CACHE)/tools/nfpm-$(NFPM_VERSION)-$(shell go env GOVERSION)
# So has govulncheck.
VULN_VERSION     := $(shell sed -n 's|^.*golang.org/x/vuln \(v[^ ]*\).*|\1|p' tools/govulncheck/go.mod)
GOVULNCHECK      := $(CACHE)/tools/govulncheck-$(VULN_VERSION)-$(shell go env GOVERSION)

SHELL := /bin/bash
export CGO_ENABLED = 0
export GOFLAGS ?= -buildvcs=false

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: deps-cluster build ## Start three cluster nodes in containers, and show a failover
	@echo "== demo"
	go run ./integration/demo -profile $(PROFILE) up

.PHONY: demo-down
demo-down: ## Remove the cluster of make demo
	@echo "== demo-down"
	go run ./integration/demo down

.PHONY: build
build: ## Build bin/ovndb-servers, static
	@echo "== build $(VERSION)"
	go build $(BUILDFLAGS) -o $(BINARY) ./cmd/ovndb-servers

.PHONY: test
test: ## Run every test: unit tests, then clusters of trixie and of bookworm
	@$(MAKE) --no-print-directory test-unit RACE=1
	@$(MAKE) --no-print-directory deps-cluster $(if $(LONG),deps-prometheus) build
	@$(MAKE) --no-print-directory suite-trixie
	@$(MAKE) --no-print-directory suite-bookworm

.PHONY: test-unit
test-unit: deps-unit ## Run the tests that need no cluster (RACE=1: those of pkg/ with the race detector; LONG=1: with the long ones)
	@echo "== test-unit"
	@$(MAKE) --no-print-directory -j 2 test-unit-pkg test-unit-programs

# The servers of the tests write to memory where that can be had. Those of the programs start one process after the
# other and wait for it most of the time, so that they run beside the others.
MEMORY  = tmp=$$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d); chmod 755 $$tmp; trap 'rm -rf "$$tmp"' EXIT; export TMPDIR=$$tmp;
UNITS   = go test $(if $(LONG),,-short) -shuffle=on -timeout 20m

.PHONY: test-unit-pkg test-unit-programs
test-unit-pkg:
	@$(MEMORY) $(if $(RACE),CGO_ENABLED=1) $(UNITS) $(if $(RACE),-race) -p 2 -parallel 4 ./pkg/...
test-unit-programs:
	@$(MEMORY) $(UNITS) ./cmd/... ./integration/... ./packaging/...

.PHONY: integration
integration: deps-cluster $(if $(LONG)$(RUN),deps-prometheus) build ## Run the tests on a cluster in containers (SUITE=trixie, RUN=regexp for some of them as a whole, COUNT=1, TIMEOUT=60m, LONG=1 for all with the long ones)
	@$(MAKE) --no-print-directory suite-$(SUITE)

# Each line says which suite it is of. Two at once are too much for two processors: clusters were not up in time.
.PHONY: suite-sid suite-trixie suite-bookworm suite-bullseye
suite-sid suite-trixie suite-bookworm suite-bullseye: suite-%:
	@echo "== integration on $*"
	@set -o pipefail; log=$$(mktemp); trap 'rm -f "$$log"' EXIT; SUITE=$* OVNDB_SERVERS_BIN=$(BINARY) \
		$(if $(EARLIER),OVNDB_SERVERS_EARLIER_BIN=$$(tools/earlier $(EARLIER))) \
		go test -tags integration $(if $(LONG)$(RUN),,-short) -count $(COUNT) -timeout $(TIMEOUT) $(if $(RUN),-run '$(RUN)') -v ./integration 2>&1 \
		| tee "$$log" | sed -u 's/^/$*: /' || { tools/failures "$$log"; exit 1; }

.PHONY: test-releases
test-releases: deps-unit deps-cluster build ## Run unit tests, and a short set on clusters, on each Debian release, and write docs/versions.md (RELEASES='sid trixie', PARTS='-unit -clusters', RELEASEFLAGS=)
	@echo "== test-releases on $(RELEASES)"
	go run ./integration/releases $(PARTS) -bin $(BINARY) -document docs/versions.md $(RELEASEFLAGS) $(RELEASES)

.PHONY: images
images: deps-cluster ## Build the node images of trixie and bookworm, where they are missing
	@echo "== images"
	go run ./integration/images trixie bookworm

.PHONY: bench
bench: deps-cluster build ## Measure the agent side by side with the shell agent and with RAFT (SUITE=trixie, ROUNDS=3, ONLY=regexp of cases, ROWS=0,100000, BENCHFLAGS='-large -document -timeline FILE')
	@echo "== bench on $(SUITE)"
	go run ./integration/bench -bin $(BINARY) -suite $(SUITE) -rounds $(ROUNDS) -rows '$(ROWS)' -profile $(PROFILE) $(if $(ONLY),-only '$(ONLY)') $(BENCHFLAGS)

.PHONY: torture
torture: deps-cluster build ## Cause drawn faults in a cluster under writers, and account for every row (SEED=, MINUTES=5, SUITE=trixie, FENCING=yes|no, TORTUREFLAGS=)
	@echo "== torture on $(SUITE)"
	go run ./integration/torture -bin $(BINARY) -suite $(SUITE) -seed '$(SEED)' -minutes $(MINUTES) -fencing $(FENCING) $(TORTUREFLAGS)

.PHONY: lint
lint: $(GOLANGCI) $(GOVULNCHECK) ## Check style, that the module files are tidy, and for known vulnerabilities where their database answers (VULNDB=URL)
	@echo "== lint"
	go mod tidy -diff
	$(GOLANGCI) run ./...
	tools/vulnerabilities $(GOVULNCHECK) $(if $(VULNDB),-db '$(VULNDB)')

.PHONY: fuzz
fuzz: deps-unit ## Run each fuzz target for a while (FUZZTIME=2000x, or a time as 1m)
	@echo "== fuzz, $(FUZZTIME) for each target"
	@tools/fuzz $(FUZZTIME)

.PHONY: microbench
microbench: deps-unit ## Run the Go benchmarks, for benchstat (RUN=regexp, COUNT=1)
	@echo "== microbench"
	@tmp=$$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d); chmod 755 $$tmp; trap 'rm -rf "$$tmp"' EXIT; export TMPDIR=$$tmp; \
		go test -run '^$$' -bench '$(or $(RUN),.)' -benchmem -count $(COUNT) -p 1 -timeout 60m ./pkg/...

.PHONY: install
install: build ## Install the program, the agent's links to it, the manual pages and the JSON Schema (DESTDIR, PREFIX=/usr, OCF_PROVIDER=ovn)
	@echo "== install to $(DESTDIR)$(PREFIX)/sbin"
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/sbin/ovndb-servers
	install -d $(DESTDIR)$(OCF_ROOT)/resource.d/$(OCF_PROVIDER)
	ln -sfn $(PREFIX)/sbin/ovndb-servers $(DESTDIR)$(OCF_ROOT)/resource.d/$(OCF_PROVIDER)/ovndb-servers
	@# At each upgrade, ovn-common of bookworm and trixie points the agent's link there, where it ships no file.
ifeq ($(OCF_PROVIDER),ovn)
	install -d $(DESTDIR)/usr/share/openvswitch/scripts
	ln -sfn $(PREFIX)/sbin/ovndb-servers $(DESTDIR)/usr/share/openvswitch/scripts/ovndb-servers.ocf
endif
	install -D -m 644 man/ovndb-servers.8 $(DESTDIR)$(PREFIX)/share/man/man8/ovndb-servers.8
	install -D -m 644 docs/ovndb-servers.schema.json $(DESTDIR)$(PREFIX)/share/ovndb-servers/ovndb-servers.schema.json
	install -D -m 644 man/ocf_ovn_ovndb-servers.7 $(DESTDIR)$(PREFIX)/share/man/man7/ocf_$(OCF_PROVIDER)_ovndb-servers.7

# Packages of one commit are the same to the byte wherever they are built by the same version of Go.
ARCHES    := amd64 arm64
DIST      := $(CURDIR)/dist
BINARIES  := $(ARCHES:%=$(DIST)/ovndb-servers-linux-%)
PACKAGING  = PACKAGE_VERSION='$(shell packaging/version)' MAINTAINER='$(MAINTAINER)' \
	SOURCE_DATE_EPOCH=$(shell git log -1 --format=%ct 2>/dev/null || echo 0)

.PHONY: dist
dist: deb rpm ## Build programs and packages for amd64 and arm64, with an SBOM and checksums, in dist
	@echo "== dist"
	go run ./packaging/sbom '$(VERSION)' $(DIST)/ovndb-servers-linux-amd64 >$(DIST)/ovndb-servers.cdx.json
	cd $(DIST) && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS

.PHONY: deb rpm
deb: ## Build the Debian packages, in dist (MAINTAINER='NAME <ADDRESS>')
rpm: ## Build the RPM packages, in dist (MAINTAINER='NAME <ADDRESS>')
deb rpm: $(NFPM) dist-stage
	@echo "== $@"
	rm -f $(DIST)/*.$@
	@set -e; for arch in $(ARCHES); do \
		$(PACKAGING) PACKAGE_ARCH=$$arch $(NFPM) package --config packaging/$@.yaml --packager $@ --target $(DIST)/; \
	done

.PHONY: dist-stage dist-binaries
dist-stage: build dist-binaries
	$(PACKAGING) packaging/stage dist/stage $(BINARY)

dist-binaries:
	@echo "== programs $(VERSION)"
	@set -e; for arch in $(ARCHES); do \
		GOOS=linux GOARCH=$$arch go build $(BUILDFLAGS) -o $(DIST)/ovndb-servers-linux-$$arch ./cmd/ovndb-servers; \
	done

.PHONY: packages-test
packages-test: deps-packages deps-cluster dist ## Check the packages: content, linters, installation beside ovn-common, and the README's commands on a clean node (LONG=1: sid as well)
	@echo "== packages-test"
	PACKAGES=$(DIST) NFPM=$(NFPM) LONG=$(LONG) go test -count 1 -timeout 30m -parallel 3 -v ./packaging

.PHONY: deps
deps: deps-unit deps-cluster ## Install missing Debian packages for tests and demo; starts no service

.PHONY: deps-unit deps-cluster deps-packages deps-prometheus
deps-unit deps-cluster deps-packages deps-prometheus: deps-%:
	@tools/deps $*

.PHONY: clean
clean: ## Remove bin and dist; tools stay in the cache directory
	rm -rf bin dist

$(GOLANGCI):
	@echo "== building golangci-lint $(GOLANGCI_VERSION), once: it takes a few minutes"
	@mkdir -p $(@D)
	cd tools && go build -o $@.new github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	mv $@.new $@

$(NFPM):
	@echo "== building nfpm $(NFPM_VERSION), once"
	@mkdir -p $(@D)
	cd tools/nfpm && go build -o $@.new github.com/goreleaser/nfpm/v2/cmd/nfpm
	mv $@.new $@

$(GOVULNCHECK):
	@echo "== building govulncheck $(VULN_VERSION), once"
	@mkdir -p $(@D)
	cd tools/govulncheck && go build -o $@.new golang.org/x/vuln/cmd/govulncheck
	mv $@.new $@
