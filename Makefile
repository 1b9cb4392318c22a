# Nothing but Go is needed for build, test, race, conformance and bench; lint and ginkgo install their tools into ./bin.

BIN          := $(CURDIR)/bin
STATICCHECK  := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GINKGOLINTER := github.com/nunnatsa/ginkgolinter/cmd/ginkgolinter@v0.24.0
GINKGO       := github.com/onsi/ginkgo/v2/ginkgo@v2.34.0
TOXIPROXY    := github.com/Shopify/toxiproxy/v2/cmd
TOXIVERSION  := 2.12.0
TOXIINSTALL   = GOBIN=$(BIN)/tmp go install -ldflags '-X github.com/Shopify/toxiproxy/v2.Version=$(TOXIVERSION)'
NODECLIENT   := toxiproxy-node-client@4.1.0
PLATFORMS    := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
RUNS         ?= 20
HUNT         ?= 2000
PROGRAMS     ?= .
SOAK         ?= 60s

.DEFAULT_GOAL := help
.PHONY: help build dist test race conformance lint cross bench ginkgo repeat stress soak peers mutants programs hunt realworld browser screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the command, as bin/faultwire
	go build -o bin/faultwire .

dist: ## static binaries for all systems, and their checksums, in dist/; the version is the tag's, or the commit's
	rm -rf dist && mkdir dist
	for p in $(PLATFORMS); do os=$${p%/*}; arch=$${p#*/}; ext=; test $$os != windows || ext=.exe; echo "dist/faultwire-$$os-$$arch$$ext"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -buildvcs=true -trimpath -ldflags '-s -w' -o dist/faultwire-$$os-$$arch$$ext . || exit 1; done
	cd dist && sum=$$(command -v sha256sum || echo shasum -a 256) && $$sum faultwire-* >SHA256SUMS

test: ## all tests
	go test -timeout 10m ./...

race: ## all tests, under the race detector
	go test -race -count=1 -timeout 20m ./...

conformance: ## the catalogue, but for its long cases, against the reference targets: Faultwire tests itself
	go run . run

lint: bin/staticcheck bin/ginkgolinter ## gofmt, vet, staticcheck, ginkgolinter
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on: $$unformatted" >&2; exit 1; }
	go vet ./...
	bin/staticcheck ./...
	bin/ginkgolinter -forbid-focus-container -forbid-spec-pollution -validate-async-intervals ./...

cross: ## does it compile for windows and darwin, too?
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...

bench: bin/toxiproxy-server ## what the wire costs and how exact it is, beside stock Toxiproxy and a bare splice proxy: proxy/BENCHMARKS.md
	go run ./proxy/bench -toxiproxy bin/toxiproxy-server -o proxy/BENCHMARKS.md

soak: ## SOAK=60s: connections come and go while toxics are changed, under the race detector; and 10^9 bytes each way
	FAULTWIRE_SOAK=$(SOAK) FAULTWIRE_SOAK_CONNS=2000 FAULTWIRE_LONG=1 go test -race -count=1 -timeout 30m -v -run 'Soak' ./proxy/...
	FAULTWIRE_LONG=1 go test -count=1 -timeout 30m -v -run 'AThousandMillionBytes' ./proxy

peers: bin/toxiproxy-server bin/toxiproxy-cli bin/node_modules ## Toxiproxy's own server, command and Node client against ours
	FAULTWIRE_TOXIPROXY_SERVER=$(BIN)/toxiproxy-server FAULTWIRE_TOXIPROXY_CLI=$(BIN)/toxiproxy-cli FAULTWIRE_NODE_CLIENT=$(BIN) \
		go test -count=1 -v -run 'Peer' ./proxy/control ./proxy/remote .

programs: ## PROGRAMS=pattern real servers and clients, as far as they are installed: they fail nothing that is not known of them
	FAULTWIRE_PROGRAMS=1 go test -count=1 -run "$(PROGRAMS)" ./targets/examples/real
	FAULTWIRE_PROGRAMS=1 go test -count=1 ./targets/examples/conversation

realworld: ## real servers and clients against the whole catalogue, and what they fail: suites/REALWORLD.md; ten minutes
	go run ./targets/examples/real/table -o suites/REALWORLD.md

screenshots: build ## the README's pictures, of a real run; needs python3 and chromium
	go run ./reports/screenshots bin/faultwire

browser: ## the HTML report in headless Chromium: filter, open a case, copy a line; needs chromium and chromedriver
	FAULTWIRE_BROWSER=1 go test -count=1 -v -run InABrowser ./reports

mutants: ## the whole catalogue against every mutant: who kills whom; fails on a survivor, or on a MUST that kills none
	FAULTWIRE_MUTANTS=1 go test -count=1 -timeout 30m -v -run "TestKillMatrix|TestTheMutantsBaseIsSound" ./suites

hunt: ## HUNT=2000 random schedules of faults in virtual time against each client among the references and the mutants: what is found
	GOGC=400 FAULTWIRE_HUNT=$(HUNT) go test -count=1 -timeout 30m -v -run TestHunt ./suites

ginkgo: bin/ginkgo ## the suites by Ginkgo's own command; ARGS="--label-filter 'role:client'" and so on
	bin/ginkgo $(ARGS) ./suites/*/

repeat: ## ten runs of all tests under the race detector
	for i in 1 2 3 4 5 6 7 8 9 10; do echo "run $$i of 10"; $(MAKE) --no-print-directory race || exit 1; done

stress: ## RUNS=20 runs of the catalogue while stress-ng keeps the processors busy: every verdict agrees
	@command -v stress-ng >/dev/null || { echo "stress-ng is missing; install it: apt-get install stress-ng" >&2; exit 1; }
	stress-ng --quiet --cpu 4 --io 2 & busy=$$!; trap "kill $$busy" EXIT; \
	FAULTWIRE_STRESS=$(RUNS) go test -count=1 -timeout 4h -v -run TestVerdictsAgree .

# The tools depend on this file: it names their versions.
bin/staticcheck: Makefile
	GOBIN=$(BIN) go install $(STATICCHECK) && touch $@
bin/ginkgolinter: Makefile
	GOBIN=$(BIN) go install $(GINKGOLINTER) && touch $@
bin/ginkgo: Makefile
	GOBIN=$(BIN) go install $(GINKGO) && touch $@
bin/toxiproxy-server: Makefile
	$(TOXIINSTALL) $(TOXIPROXY)/server@v$(TOXIVERSION) && mv $(BIN)/tmp/server $@ && touch $@
bin/toxiproxy-cli: Makefile
	$(TOXIINSTALL) $(TOXIPROXY)/cli@v$(TOXIVERSION) && mv $(BIN)/tmp/cli $@ && touch $@
bin/node_modules: Makefile
	npm install --silent --no-fund --no-audit --prefix $(BIN) $(NODECLIENT) && touch $@
