# docsvc. `make` lists the targets; `make run` needs Go and nothing else.

GO ?= go
DATA ?= var/demo
ADDR ?= 127.0.0.1:8080
FUZZTIME ?= 30s
KILLS ?= 500
DOCUMENTS ?= 500

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILDFLAGS = -trimpath -buildvcs=false -ldflags '-s -w -buildid= -X main.version=$(VERSION)'

# The linter is built by the Go that checks the code, outside the repository,
# once for each pair of versions.
GOLANGCI_VERSION = v2.15.0
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/docsvc
GOLANGCI_DIR = $(CACHE)/golangci-lint-$(GOLANGCI_VERSION)-$(shell $(GO) env GOVERSION)
GOLANGCI = $(GOLANGCI_DIR)/golangci-lint

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/docsvc: static, reproducible
	CGO_ENABLED=0 $(GO) build $(BUILDFLAGS) -o bin/docsvc ./cmd/docsvc

.PHONY: demo
demo: build ## Make the demo office in var/demo and issue the sample acts
	@test -f $(DATA)/docsvc.json || bin/docsvc init --data $(DATA) --demo
	bin/docsvc demo --data $(DATA)

.PHONY: run
run: demo ## The demo, then its pages on http://127.0.0.1:8080
	bin/docsvc serve --data $(DATA) --addr $(ADDR)

# What the tests need beside Go is obtained first, unless DOCSVC_SERVERS=none.
.PHONY: obtain
obtain:
	@GO=$(GO) tools/servers/obtain.sh

.PHONY: run-production
run-production: build ## The real servers on this machine, the sample acts through them, and the pages
	@tools/servers/build.sh minio vault oidcop
	$(GO) build -o bin/production ./tools/production
	bin/production -dir var/production -docsvc bin/docsvc -address $(ADDR) $(COMMAND)

.PHONY: test
test: obtain ## All tests; those whose tool or server is missing say so (see DOCSVC_MUST_RUN)
	$(GO) test -timeout 30m ./...

.PHONY: race
race: obtain ## All tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 60m ./...

.PHONY: fuzz
fuzz: ## Every fuzz target for FUZZTIME (30s)
	GO=$(GO) FUZZTIME=$(FUZZTIME) tools/fuzz.sh

.PHONY: torture
torture: ## Kill the processes 500 times (KILLS) at random moments under load and count
	DOCSVC_KILLS=$(KILLS) $(GO) test -count=1 -v -timeout 60m -run 'TestKill$$' ./cmd/docsvc

# The servers are obtained first; DOCSVC_MUST_RUN makes a missing one a failure.
.PHONY: torture-production
torture-production: obtain ## The same over PostgreSQL, MinIO and Vault, which are killed too
	DOCSVC_KILLS=$(KILLS) DOCSVC_MUST_RUN=postgres,minio,vault,oidc \
	  $(GO) test -count=1 -v -timeout 120m -run 'TestKillProduction$$' ./cmd/docsvc

.PHONY: bench
bench: build ## Benchmarks of the packages, then the whole line
	$(GO) test -run '^$$' -bench . -benchmem ./...
	bin/docsvc bench --documents $(DOCUMENTS)

.PHONY: lint
lint: $(GOLANGCI) ## Formatting, checksums of modules, golangci-lint
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	  test -z "$$unformatted" || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	$(GO) mod verify
	$(GOLANGCI) run ./...

# A module of its own: what it needs to know Kubernetes and compose is not for docsvc.
.PHONY: deploy-check
deploy-check: build ## Check deploy/: manifests, compose, units, alert rules, servers' configurations
	@GO=$(GO) tools/servers/build.sh promtool minio vault
	cd tools/deploycheck && $(GO) vet ./... && $(GO) test -count=1 ./...

# The build needs about 2 GB of memory and some minutes; it happens once.
$(GOLANGCI):
	GOBIN=$(GOLANGCI_DIR) CGO_ENABLED=0 $(GO) install -trimpath \
	  github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

.PHONY: vuln
vuln: ## Known vulnerabilities of what is linked (asks vuln.go.dev)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

.PHONY: reproducible
reproducible: build ## Build again elsewhere from an empty cache and compare
	tools/reproducible.sh bin/docsvc $(VERSION)

.PHONY: clean-clone
clean-clone: ## What a new user does: clone HEAD, build, run the demo twice
	tools/clean-clone.sh

.PHONY: tools
tools: ## Install the Debian tools that judge documents in tests
	tools/install.sh

.PHONY: servers
servers: ## Build the servers of the tests (once, about ten minutes); name, version, path
	@GO=$(GO) tools/servers/build.sh
	@tools/servers/build.sh --list

.PHONY: clean
clean: ## Remove what was built; the demo data stay (read-only files: remove var by hand)
	rm -rf bin
