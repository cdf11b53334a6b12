# make run      start Kefu on SQLite with its data in ./data
# make test     everything CI runs
# make check    formatting, lints, types: the quick look before a commit
# make gen      write the derived files anew
# make release  the optimised binary

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: run test check gen release deps test-deps

# Always the whole workspace: another choice of packages is another choice of features, and builds everything again.
CARGO := cargo --locked

run: deps
	$(CARGO) build --workspace
	KEFU_DATA_DIR=$${KEFU_DATA_DIR:-data} target/debug/kefu serve

test: test-deps check
	$(CARGO) build --workspace --all-targets
	target/debug/sdk-gen openapi --check
	$(CARGO) test --workspace --doc -q
	tests/with-databases tests/run-all

check: deps
	cargo fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

gen: deps
	$(CARGO) build --workspace
	target/debug/sdk-gen openapi

release: deps
	$(CARGO) build --release

deps:
	@tests/install build

test-deps:
	@tests/install build test
