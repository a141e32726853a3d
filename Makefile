# onsale: `make run` and `make test` are the two commands; everything else is here for the people who build it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= var
PROFILE ?= emf
REPEATS ?= 20
STEPS ?= 100000
ROOM ?= room.html
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test elsewhere lint format bench rehearse failover herd kills model simulate soak openapi words lock clean browser

help: ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .stamps/extension ## Create .venv, install what is locked, build the Rust extension (release)

run: setup ## Start everything with a demo on-sale (ARGS="--ports 8080,8081,8082 --data-dir var")
	@exec $(BIN)/python -m engine up --demo $(if $(findstring --data-dir,$(ARGS)),,--data-dir $(DATA)) $(ARGS)

test: setup browser ## The whole suite: Rust, Python, browser
	cargo test --quiet --locked --manifest-path hotpath_rs/Cargo.toml
	$(BIN)/python -m pytest -q -n 3 $(ARGS)

elsewhere: setup browser ## The suite as other machines run it: cores, place, buffers, year (ARGS="--setting abroad")
	$(BIN)/python -m tests.elsewhere -n 3 $(ARGS)

lint: setup ## Formats, types, floors, clippy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m engine openapi --check docs/openapi.json
	$(BIN)/python -m engine access --check docs/ACCESS.md
	cargo fmt --check --manifest-path hotpath_rs/Cargo.toml
	cargo clippy --quiet --locked --all-targets --manifest-path hotpath_rs/Cargo.toml -- -D warnings

format: setup ## Put everything into the house format
	$(BIN)/ruff check --fix-only --quiet . || true
	$(BIN)/ruff format .
	cargo fmt --manifest-path hotpath_rs/Cargo.toml

bench: setup ## Every ratio of the hot path, interleaved; writes docs/BENCHMARKS.md (ARGS="--quick" for a short run)
	$(BIN)/python -m tests.bench $(ARGS)

rehearse: setup ## Replay a demand profile against a stack of its own: make rehearse PROFILE=emf
	$(BIN)/python -m engine rehearse $(PROFILE) $(ARGS)

failover: setup ## The same over two Postgres, whose primary is killed in the middle: make failover PROFILE=emf
	$(BIN)/python -m tests.faults.failover_emf $(PROFILE) $(ARGS)

herd: setup ## A thousand simultaneous callers on four workers, repeated (REPEATS=20)
	$(BIN)/python -m tests.invariants.herd --repeats $(REPEATS)

kills: setup ## An engine killed at every await between an order and its tickets, one after the other
	KILL_EVERY=1 $(BIN)/python -m pytest -q -n 0 tests/faults/test_killed_order.py

model: setup ## Selling beside its oracle, at random (STEPS=1000000 ARGS="--seed 1")
	$(BIN)/python -m tests.invariants.model --steps $(STEPS) $(ARGS)

simulate: setup ## A million visitors in simulated time, with plots (ROOM=room.html ARGS="--visitors 1000000")
	$(BIN)/python -m waitingroom.simulate --out $(ROOM) $(ARGS)

soak: setup ## The waiting room's scripts for simulated hours: rate, windows, capacity (ARGS="--people 200000 --claims 1000000")
	$(BIN)/python -m tests.invariants.room_soak $(ARGS)

openapi: setup ## Write docs/openapi.json and docs/ACCESS.md from the route tables
	$(BIN)/python -m engine openapi --write docs/openapi.json
	$(BIN)/python -m engine access --write docs/ACCESS.md

words: setup ## Read every sentence that people see out of the code, and into each language's catalogue
	$(BIN)/python -m tests.words

lock: .stamps/venv ## Pin every dependency with its hashes, no host in the file
	$(BIN)/uv pip compile --quiet --no-header --no-emit-index-url --generate-hashes pyproject.toml --extra dev -o requirements.lock

browser: ## Chromium for the browser tests, where the machine has none
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || (echo "==> installing Chromium"; \
		as=$$([ "$$(id -u)" = 0 ] || echo sudo); $$as apt-get update -qq; \
		$$as apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-liberation >/dev/null 2>&1 \
		|| $$as apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null)

clean: ## Remove what was built (not the data)
	rm -rf $(VENV) .stamps target build *.egg-info

.stamps/venv:
	@mkdir -p .stamps
	@echo "==> creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r <(grep -A200 '^uv==' requirements.lock | awk 'NR>1 && /^[a-z]/{exit} {print}')
	@touch $@

.stamps/packages: .stamps/venv requirements.lock
	@echo "==> installing packages"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@touch $@

RUST := $(shell find hotpath_rs/src -name '*.rs' 2>/dev/null) hotpath_rs/Cargo.toml Cargo.toml Cargo.lock hotpath_rs/hotpath_rs.pyi
.stamps/extension: .stamps/packages $(RUST)
	@echo "==> building the Rust extension (release)"
	@cd hotpath_rs && VIRTUAL_ENV=$(CURDIR)/$(VENV) $(CURDIR)/$(BIN)/maturin develop --release --locked --quiet
	@printf '#!/bin/sh\nexec "%s/python" -m engine "$$@"\n' '$(CURDIR)/$(BIN)' > $(BIN)/onsale && chmod +x $(BIN)/onsale
	@touch $@
