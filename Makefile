# Nothing but Go is needed for build, test, race, conformance and bench; lint and ginkgo install their tools into ./bin.

BIN          := $(CURDIR)/bin
STATICCHECK  := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GINKGOLINTER := github.com/nunnatsa/ginkgolinter/cmd/ginkgolinter@v0.24.0
GINKGO       := github.com/onsi/ginkgo/v2/ginkgo@v2.34.0
RUNS         ?= 20

.DEFAULT_GOAL := help
.PHONY: help build test race conformance lint cross bench ginkgo repeat stress

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the command, as bin/faultwire
	go build -o bin/faultwire .

test: ## all tests
	go test -timeout 10m ./...

race: ## all tests, under the race detector
	go test -race -count=1 -timeout 20m ./...

conformance: ## the whole catalogue against the reference targets: Faultwire tests itself
	go run . run

lint: bin/staticcheck bin/ginkgolinter ## gofmt, vet, staticcheck, ginkgolinter
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on: $$unformatted" >&2; exit 1; }
	go vet ./...
	bin/staticcheck ./...
	bin/ginkgolinter -forbid-focus-container -forbid-spec-pollution -validate-async-intervals ./...

cross: ## does it compile for windows and darwin, too?
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...

bench: ## the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

ginkgo: bin/ginkgo ## the suites by Ginkgo's own command; ARGS="--label-filter 'role:client'" and so on
	bin/ginkgo $(ARGS) ./suites/...

repeat: ## ten runs of all tests under the race detector
	for i in 1 2 3 4 5 6 7 8 9 10; do echo "run $$i of 10"; $(MAKE) --no-print-directory race || exit 1; done

stress: ## RUNS=20 runs of the catalogue while stress-ng keeps the processors busy: every verdict agrees
	@command -v stress-ng >/dev/null || { echo "stress-ng is missing; install it: apt-get install stress-ng" >&2; exit 1; }
	stress-ng --quiet --cpu 4 & busy=$$!; trap "kill $$busy" EXIT; \
	FAULTWIRE_STRESS=$(RUNS) go test -count=1 -timeout 2h -v -run TestVerdictsAgree .

# The tools depend on this file: it names their versions.
bin/staticcheck: Makefile
	GOBIN=$(BIN) go install $(STATICCHECK) && touch $@
bin/ginkgolinter: Makefile
	GOBIN=$(BIN) go install $(GINKGOLINTER) && touch $@
bin/ginkgo: Makefile
	GOBIN=$(BIN) go install $(GINKGO) && touch $@
