# What is too long or too seldom needed for .ci/run. `go test ./...` and `go run ./cmd/redx lab` need no make.

FUZZTIME ?= 10m
# One worker, so that several targets can run side by side on a small machine.
FUZZPARALLEL ?= 1

.PHONY: build cross fuzz bench golden wine

build:
	CGO_ENABLED=0 go build -trimpath -o redx ./cmd/redx

# All platforms that redx is built for.
cross:
	@for t in linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64; do \
		echo $$t; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 go build -o /dev/null ./... || exit 1; done

# Every fuzz target, one after the other, FUZZTIME each.
fuzz:
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		for f in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' "$$dir"/*_test.go 2>/dev/null | cut -c6-); do \
			echo "$$dir $$f"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -parallel $(FUZZPARALLEL) .) || exit 1; \
		done; done

# Redx beside its peers, one table; see bench/README.md. REDX_BENCH_MB=64 makes it short.
bench:
	@cd bench && go run ./compare

# Rewrites what the tests compare with. Look at the difference before you commit it.
golden:
	REDX_UPDATE_SCRIPTS=1 go test ./cmd/redx
	go test ./internal/report -update

# The Windows build under Wine; tools/wine/run.sh says what it wants.
wine:
	@tools/wine/run.sh
