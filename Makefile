# make run      start Kefu on SQLite with its data in ./data
# make test     everything CI runs
# make check    formatting, lints, types: the quick look before a commit
# make proof    the long proof of delivery: CYCLES=300 kills on each database, CUTS=1000 power failures, planted bugs
# make gen      write the derived files anew
# make release  the optimised binary
# make bench    measure it: ARGS="--only messages" and more, see docs/bench.md

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: run test proof check gen release bench deps test-deps planted

# Always the whole workspace: another choice of packages is another choice of features, and builds everything again.
CARGO := cargo --locked

# The pages, which are part of the binary: built when anything that they are made of has changed.
PAGES := edge-http/web/dist/console/index.html
PAGES_OF := package-lock.json tsconfig.base.json $(shell find edge-http/web sdk-gen/typescript \
	\( -name node_modules -o -name dist -o -name tests \) -prune -o -type f -print)

run: deps $(PAGES)
	$(CARGO) build --workspace
	KEFU_DATA_DIR=$${KEFU_DATA_DIR:-data} target/debug/kefu serve $(ARGS)

test: test-deps $(PAGES) check
	npm test
	$(CARGO) build --workspace --all-targets
	target/debug/sdk-gen openapi --check
	target/debug/sdk-gen typescript --check
	$(CARGO) test --workspace --doc -q
	tests/with-databases tests/run-all
	tests/with-databases tests/prove kills
	npm run browser

CYCLES ?= 300
CUTS ?= 1000
SEED ?= $(shell date +%s)
proof: test-deps $(PAGES)
	$(CARGO) build --workspace --all-targets
	@$(MAKE) --no-print-directory planted
	CYCLES=$(CYCLES) CUTS=$(CUTS) SEED=$(SEED) tests/with-databases tests/prove

# A second Kefu, with bugs on purpose. It shares the dependencies with the first, not the crates of our own; cargo then
# puts the first back into its place.
planted:
	$(CARGO) build --workspace --bin kefu --features kefu/planted-bugs
	cp target/debug/kefu target/debug/kefu-planted
	$(CARGO) build --workspace --bin kefu

check: deps
	cargo fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy --workspace --features kefu/planted-bugs -- -D warnings
	npm run check

gen: deps
	$(CARGO) build --workspace
	target/debug/sdk-gen openapi
	target/debug/sdk-gen typescript

release: deps $(PAGES)
	$(CARGO) build --release

# With as many connections as the system lets one process have; on the servers, the messages.
bench: DATABASES ?= mariadb postgres
bench: test-deps $(PAGES)
	$(CARGO) build --release --workspace
	ulimit -n "$$(ulimit -Hn)" && target/release/kefu-bench $(ARGS) && for database in $(DATABASES); do \
		tests/with-databases --durable target/release/kefu-bench --database $$database --only messages $(ARGS) \
			|| exit; \
	done

$(PAGES): $(PAGES_OF) | deps
	npm run build

deps:
	@tests/install build

test-deps:
	@tests/install build test browser
