# What is too long or too seldom needed for .ci/run. `go test ./...` and `go run ./cmd/redx lab` need no make.

FUZZTIME ?= 10m
# One worker, so that several targets can run side by side on a small machine.
FUZZPARALLEL ?= 1
FUZZJOBS ?= 1
# An absolute folder for the inputs that are worth keeping. Go's own, when empty, grows with every run, and loading it
# takes a short run longer than fuzzing does.
FUZZCACHE ?=

.PHONY: build cross fuzz bench bench-server soak soak-lab golden accuracy pictures wine idle

build:
	CGO_ENABLED=0 go build -trimpath -o redx ./cmd/redx

# All platforms that redx is built for.
cross:
	@for t in linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64; do \
		echo $$t; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 go build -o /dev/null ./... || exit 1; done

# Every fuzz target, FUZZJOBS side by side, FUZZTIME each; the first that fails ends it. With REDX_TESTDATA the real
# samples are seeds. Without a bound Go spends most of the time making inputs smaller that are merely new. On a busy machine
# Go itself fails at times when the time is over, with no input that it could show: that is tried again, twice.
fuzz:
	@packages=$$(go list -f '{{.ImportPath}} {{.Dir}} {{join .TestGoFiles " "}} {{join .XTestGoFiles " "}}' ./...) || exit 1; \
	echo "$$packages" | while read -r package dir files; do \
		(cd "$$dir" && grep -ho '^func Fuzz[A-Za-z0-9_]*' $$files /dev/null) | sed "s|^func |$$package |"; \
	done | xargs -P $(FUZZJOBS) -L 1 $(SHELL) -c ' \
		for try in 1 2 3; do \
			if out=$$(go test -vet=off -run "^$$" -fuzz "^$$2$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x -parallel $(FUZZPARALLEL) \
				"$$1" $(if $(FUZZCACHE),-args -test.fuzzcachedir="$(FUZZCACHE)/$$1") 2>&1); then \
				echo "$${1#*/redx/} $$2: $$(echo "$$out" | grep "^fuzz: elapsed" | tail -n 1)"; exit 0; \
			fi; \
			if ! echo "$$out" | grep -qE "^ *(context deadline exceeded|communicating with fuzzing process: )" || \
				echo "$$out" | grep -q "Failing input written"; then break; fi; \
			echo "$${1#*/redx/} $$2: the time was over, and Go took that for a failure"; \
		done; \
		echo "FAIL $$1 $$2"; echo "$$out" | grep -v "^fuzz: elapsed"; exit 255' fuzz

# Redx beside its peers, one table; see bench/README.md. REDX_BENCH_MB=64 makes it short.
bench:
	@cd bench && go run ./compare

# The update server under load, one table; see bench/README.md.
bench-server:
	@cd bench && go run ./serve

# The power is cut CUTS times while the server works for WORK seconds, and hostile clients come ROUNDS times; wants strace.
CUTS ?= 1000
WORK ?= 60
ROUNDS ?= 10
soak:
	REDX_POWERCUTS=$(CUTS) REDX_POWERCUT_WORK=$(WORK) go test ./cmd/redx -run 'PowerCut' -count=1 -timeout 12h -v
	go test ./cmd/redx -run '^TestServerHostile$$' -count=$(ROUNDS) -timeout 12h -v

# 500 lab computers that lose something again and again, for ten minutes: each attempt must end installed, mended or with a
# reason; memory and open files must not grow.
soak-lab:
	REDX_SOAK=10m REDX_SOAK_COMPUTERS=500 go test ./cmd/redx -run '^TestSoak$$' -count=1 -timeout 1h -v

# Rewrites what the tests compare with. Look at the difference before you commit it.
golden:
	REDX_UPDATE_SCRIPTS=1 go test ./cmd/redx
	go test ./internal/report -update
	go test ./internal/publish -update

# Writes docs/accuracy.md anew; wants REDX_TESTDATA.
accuracy:
	go test ./internal/lab -run '^TestAccuracy$$' -update

# The pictures of the server's web page in docs; wants Chromium. Look at them before you commit them.
pictures:
	go test ./internal/server/console -run '^TestChromium$$' -update

# The Windows build under Wine; tools/wine/run.sh says what it wants.
wine:
	@tools/wine/run.sh

# What an agent takes that only waits: ten minutes, or as long as REDX_IDLE says.
idle:
	REDX_IDLE=$${REDX_IDLE:-10m} go test ./cmd/redx -run 'TestIdleAgent$$' -count=1 -v -timeout 60m
