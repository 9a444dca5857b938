# Two commands are enough on a fresh machine:  make run MUSIC=~/Music   and   make test
SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help
BIN := .venv/bin

# the first Python that is new enough and able to make a virtual environment
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

# the demo library has a state of its own, so that it never gets into anybody's playlists
ifeq ($(strip $(MUSIC)),)
run: export PLAYLISTA_STATE_PATH := $(CURDIR)/demo/state
endif
run: .venv/installed ## the daemon in the foreground: make run MUSIC=~/Music (without MUSIC: a demo library)
	@[ -n "$$MUSIC" ] || $(BIN)/playlista demo demo/music
	@$(BIN)/playlista models fetch msd-musicnn >/dev/null || echo >&2 "without a model, for now"
# on a terminal the daemon is a job of its own: Ctrl-C stops it alone, and make sees it end well
	@if [ -t 0 ]; then set -m; $(BIN)/playlista run "$${MUSIC:-demo/music}"; \
	else exec $(BIN)/playlista run "$${MUSIC:-demo/music}"; fi
export MUSIC

test: .venv/installed ## the whole suite with coverage; REQUIRE_ALL=1 makes a skip a failure
	@$(BIN)/python -m pytest --cov --cov-report=term $(if $(REQUIRE_ALL),--require-all) -m "not heavy"

test-faults: .venv/installed ## the heavy half of the fault suite; REQUIRE_ALL=1 as above
	@$(BIN)/python -m pytest $(if $(REQUIRE_ALL),--require-all) -m heavy

check: .venv/installed ## format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: export PLAYLISTA_STATE_PATH := $(CURDIR)/build/bench
bench: .venv/installed .venv/peers ## accuracy and cost beside the peers, into docs/benchmarks.md: some 25 minutes, nothing else running
	@$(BIN)/playlista models fetch msd-musicnn >/dev/null
	@PYTHONPATH=tests:.venv/peers OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/report.py

pressure: .venv/installed ## what the pool does while memory runs short, into docs/pressure.svg: a minute, as root, with cgroup v1
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/pressure.py

# outside the environment proper: the benchmarks alone have a use for them, and do without where none can be had
.venv/peers: tests/benchmarks/peers.txt .venv/installed
	@{ $(BIN)/pip install --quiet --require-hashes --only-binary :all: --upgrade --target $@ -r $< && touch $@; } || \
		echo >&2 "no bliss-audio for this machine, or no package index: the benchmarks go without"

docs: .venv/installed ## write playlista.conf and the tables in docs/ from the code
	@$(BIN)/python docs/generate.py

lock: .venv/installed ## write requirements.lock; UPGRADE=1 takes the newest versions
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-emit-index-url --no-header $(if $(UPGRADE),--upgrade) \
		--extra dev pyproject.toml --output-file requirements.lock

clean: ## remove what make made
	@rm -rf .venv demo build dist .coverage .{pytest,mypy,ruff,import_linter}_cache .hypothesis

.venv/installed: requirements.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo >&2 "no Python 3.11 or later that can make a virtual environment:" \
		"apt install python3 python3-venv"; exit 1; }
	@echo "installing into .venv; the first time this fetches about 350 MB"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --require-hashes -r requirements.lock | sed -un 's/^ *Downloading /  /p'
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: help run test test-faults check bench pressure docs lock clean
