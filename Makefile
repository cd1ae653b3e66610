# clanker: `make help` lists the targets. Everything that is built or downloaded for the work goes to .cache and bin, which
# git ignores.

GO       ?= go
LISTEN   ?= 127.0.0.1:39393
QUESTION ?= Are all services in production healthy?
FUZZTIME ?= 30s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT   ?= $(shell git rev-parse --short HEAD 2>/dev/null)

# One set of flags for everything, so that all share one build cache. Without grpcnotrace the linker would keep every
# exported method of every type.
TAGS     := grpcnotrace
FLAGS    := -trimpath -tags $(TAGS)
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The race detector needs a C compiler; without one the tests run all the same, and say so.
RACE     := $(if $(shell command -v gcc cc 2>/dev/null),-race)

LINTER   := golangci-lint
LINTER_VERSION := v2.15.0
HELM_VERSION := v3.22.0
OLLAMA_VERSION := v0.17.4

.PHONY: help build run demo test eval eval-models arm64 e2e attacks lint check golden bench fuzz controlplane terraform helm ollama conformance

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/clanker
	@CGO_ENABLED=0 $(GO) build $(FLAGS) -ldflags '$(LDFLAGS)' -o bin/clanker ./server/clanker

demo: build ## start the workspace on the built-in demo estate, ask it a question, leave it running
	@bin/clanker mcp --demo --listen $(LISTEN) --ask '$(QUESTION)'

run: build ## the same on whatever this machine is signed in to
	@bin/clanker mcp --listen $(LISTEN) --ask '$(QUESTION)'

test: ## unit tests, examples of all intents, stories; with the race detector where there is a C compiler
	$(if $(RACE),,@echo "no C compiler: running without the race detector")
	$(GO) test $(FLAGS) $(RACE) -timeout 45m ./...

eval: build ## measure how questions are routed, and hold the line of eval/baseline.json; and what intents suggest brings back
	@bin/clanker eval --baseline eval/baseline.json
	@$(GO) test $(FLAGS) -count 1 -v -run TestSuggestRecovers ./eval/suggest

eval-models: build ## ask real models what no intent covers, those in MODELS or of the keys in the environment; it stops at DOLLARS (5)
	@$(GO) run $(FLAGS) ./eval/models/run -clanker bin/clanker -models "$$MODELS" -dollars "$${DOLLARS:-5}" -table eval/models/RESULTS.md

e2e: build controlplane terraform helm ollama conformance ## real Kubernetes, PostgreSQL and Ollama, the official MCP suite and clients, Chromium, other users, 50 clients for a minute
	@.ci/install chromium:chromium "$(firstword $(wildcard /usr/lib/postgresql/*/bin/postgres) postgres):postgresql"
	$(GO) test -trimpath -tags $(TAGS),e2e -count 1 -timeout 45m ./server/e2e/... ./server/store/... ./server/peer ./server/isolation ./adapters/kubernetes/... ./adapters/terraform
	$(GO) test -trimpath -tags $(TAGS),e2e -count 1 -run '^TestConformance$$' -v ./server

attacks: controlplane ## every attack on the gate, a line each: stopped, or SUCCEEDED; the details are in .cache/attacks.log
	@.ci/install chromium:chromium
	@{ $(GO) test -trimpath -tags $(TAGS),e2e -count 1 -timeout 20m -v -run '^TestAttacks$$|^TestKill$$|^TestPage$$/^attacks$$' ./server/e2e; \
		$(GO) test $(FLAGS) -count 1 -v -run 'Attacks|Mutations|ChangedExport|Torture|ProveNothing|Naughty|Flood|IntoTheLedger|ManyExecutes|Guard|Elsewhere|ATokenOnce|Invariants' \
			./policies ./policies/approval/... ./server/store ./server/web ./adapters/internal/command; } > .cache/attacks.log 2>&1; \
	awk '$$1 == "---" { verdict[$$3] = $$2; order[n++] = $$3 } /^(FAIL|panic:)/ { broken = 1 } \
		END { for (i = 0; i < n; i++) for (name = order[i]; sub("/[^/]*$$", "", name); ) group[name] = 1; \
			for (i = 0; i < n; i++) if (!(order[i] in group)) { tried++; bad += verdict[order[i]] != "PASS:"; \
				text = order[i]; gsub("_", " ", text); print (verdict[order[i]] == "PASS:" ? "stopped    " : "SUCCEEDED  ") text } \
			printf "%d attacks, %d succeeded\n", tried, bad; if (broken && !bad) print "something else failed: see .cache/attacks.log"; \
			exit !tried || bad || broken }' .cache/attacks.log

arm64: ## learn and route on another processor (emulated): the same bits have to come out
	@.ci/install qemu-aarch64-static:qemu-user-static
	@for package in router/learn router; do \
		(cd $$package && GOARCH=arm64 CGO_ENABLED=0 $(GO) test $(FLAGS) -c -o $(CURDIR)/.cache/everywhere.test . && \
		qemu-aarch64-static $(CURDIR)/.cache/everywhere.test -test.run 'Same(Model|Routes)Everywhere') || exit 1; \
	done

conformance: .cache/conformance/node_modules/.package-lock.json
.cache/conformance/node_modules/.package-lock.json: server/conformance/package.json server/conformance/package-lock.json
	@echo "installing the MCP conformance suite, once"
	@mkdir -p .cache/conformance && cp $^ .cache/conformance
	@.ci/install npm:npm
	@cd .cache/conformance && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

controlplane:
	@$(GO) run $(FLAGS) ./adapters/kubernetes/kubetest/run -build

helm: .cache/bin/helm
.cache/bin/helm:
	@echo "building helm, once"
	@mkdir -p .cache/bin && CGO_ENABLED=0 GOBIN=$(CURDIR)/.cache/bin $(GO) install -trimpath helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)

terraform: $(if $(shell command -v terraform),,.cache/bin/terraform)
.cache/bin/terraform: adapters/terraform/build/go.mod
	@echo "building terraform, once"
	@mkdir -p .cache/bin && cd adapters/terraform/build && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ github.com/hashicorp/terraform

ollama: .cache/bin/ollama
.cache/bin/ollama:
	@echo "building ollama, once"
	@mkdir -p .cache/bin && .ci/ollama $(OLLAMA_VERSION) $(CURDIR)/$@

lint: .cache/bin/$(LINTER)-$(LINTER_VERSION) ## formatting, vet and the linters of .golangci.yml
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "lint: not formatted: run gofmt -w on the files above"; exit 1; }
	.cache/bin/$(LINTER)-$(LINTER_VERSION) run --timeout 15m

.cache/bin/$(LINTER)-$(LINTER_VERSION):
	@echo "building $(LINTER) $(LINTER_VERSION), once"
	@mkdir -p .cache/bin && CGO_ENABLED=0 GOBIN=$(CURDIR)/.cache/bin $(GO) install -trimpath github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@mv .cache/bin/$(LINTER) $@

check: ## all that has to pass before a change lands: lint, test, eval, arm64, e2e, with the time each takes
	@for stage in lint test eval arm64 e2e; do \
		start=$$(date +%s); echo "== $$stage"; \
		$(MAKE) --no-print-directory $$stage || { echo "== $$stage failed after $$(( ($$(date +%s) - start) / 60 )) min"; exit 1; }; \
		echo "== $$stage took $$(( $$(date +%s) - start )) s ($$(( ($$(date +%s) - start) / 60 )) min)"; \
	done

golden: ## rewrite the golden files; read the diff before you commit it
	$(GO) test $(FLAGS) ./intents ./router/learn -update
	$(GO) test $(FLAGS) ./router -run TestShipsWhatItLearned -update # what is learned is embedded by the next run
	$(GO) test $(FLAGS) ./router -update
	$(GO) test $(FLAGS) ./server/config ./policies ./server/isolation -update
	$(GO) test $(FLAGS) ./eval -update
	$(GO) test $(FLAGS) ./server -update || $(GO) test $(FLAGS) ./server -update # the schema it writes is embedded by the next run

bench: build controlplane ## speed and memory, each as a ratio measured in one run
	$(GO) test $(FLAGS) -run '^$$' -bench . -benchtime 2s ./adapters ./intents ./policies/... ./router ./server ./server/store
	$(GO) test -trimpath -tags $(TAGS),e2e -run '^$$' -bench . -benchtime 1x -timeout 30m ./server/e2e/...

fuzz: ## run every fuzz target for FUZZTIME
	@for package in $$($(GO) list $(FLAGS) ./...); do \
		for target in $$($(GO) test $(FLAGS) -list '^Fuzz' $$package | grep '^Fuzz'); do \
			$(GO) test $(FLAGS) -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
		done; \
	done
