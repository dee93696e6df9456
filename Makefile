# Treatygraph. Two commands do everything: `make serve` and `make test`.
# Each target sets up what it needs; nothing has to be installed first but Python 3.11+, make and git.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
RELEASE ?= release
# Processes that run tests. One more than two cores have: many tests wait for a process or for a limit of time.
TESTERS ?= 3
PYTEST := $(BIN)/python -m pytest -q -n $(TESTERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup serve test test-cluster test-clients check build bench hook format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# The stamp is newer than the lock file when the environment holds what the lock file says.
$(VENV)/.stamp: pyproject.toml uv.lock scripts/setup
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/setup
	@touch $@

setup: $(VENV)/.stamp ## Make the virtual environment from the lock file

build: setup ## Build the release from data/
	@$(BIN)/treatygraph build --out $(RELEASE)

serve: build ## Build the release and serve it (HOST, PORT)
	@$(BIN)/treatygraph serve --release $(RELEASE) --host $(HOST) --port $(PORT)

check: setup ## Style, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: check ## Everything: check, then all tests
	@bash scripts/browser
	@$(PYTEST)

test-cluster: setup ## Install what the tests of stores on several machines need, then run those
	@VENV="$(VENV)" bash scripts/cluster
	@$(PYTEST) -m cluster

test-clients: setup ## The clients of researchers, Comunica and Apache Jena among them, which it installs
	@PYTHON=$(BIN)/python bash scripts/clients
	@$(BIN)/python -m pytest -q tests/api/test_clients.py tests/api/test_foreign_clients.py tests/api/test_editors.py

bench: setup ## Measure, beside peers in the same run; the tables are written to docs/performance.md
	@UV_PROJECT_ENVIRONMENT="$(VENV)" $(BIN)/uv sync -q --frozen --inexact --all-groups --extra mcp --extra client || \
	  echo "bench: the group 'peers' could not be installed; the run goes on without it" >&2
	@$(BIN)/python -m benchmarks $(BENCH)

hook: setup ## Check staged data before each commit (installs a git hook)
	@bash scripts/install-hook

format: setup ## Put code and data into their canonical form
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .
	@$(BIN)/treatygraph format data

clean: ## Remove what was made (not the data)
	@rm -rf $(VENV) release dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .clients
