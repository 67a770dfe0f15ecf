# `make` lists the targets. PYTHON chooses the interpreter of .venv at set-up.
PY := .venv/bin/python
CLUSTER_WORKERS ?= 4
TEST_WORKERS ?= auto
PYTEST_ARGS ?=
STRESS_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo setup lock check format test test-cluster test-contract stress cluster bench wheel dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## tell the story on a simulated cluster; needs no cluster
	@$(PY) -m rollonce demo

setup: ## make or refresh .venv from the lock
	@PYTHON='$(PYTHON)' tools/setup.sh

lock: ## write the lock files again from pyproject.toml
	@PYTHON='$(PYTHON)' tools/lock.sh

check: setup ## format, lint, types and layers; changes nothing
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo

format: setup ## format the code and apply the safe fixes
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

test: setup ## the fast tests: no control plane
	$(PY) -m pytest -n $(TEST_WORKERS) $(PYTEST_ARGS)

test-cluster: setup ## the tests that need more: a real control plane, a browser, a package index
	$(PY) -m pytest -m "cluster or browser or index" -n $(CLUSTER_WORKERS) $(PYTEST_ARGS)

test-contract: setup ## of these, the same kubectl commands on both clusters; and what still differs
	$(PY) -m pytest -m contract -n $(CLUSTER_WORKERS) $(PYTEST_ARGS)

stress: setup ## the long suites; resumable; STRESS_ARGS="controllers --count 100" runs a part
	$(PY) -m tests.stress $(STRESS_ARGS)

cluster: setup ## start the real control plane and keep it up
	$(PY) -m tests.controlplane up

bench: setup ## measure
	$(PY) -m bench

wheel: setup ## build the wheel into dist/
	$(PY) -m hatchling build --target wheel

dist: setup ## build wheel, sdist and the single file rollonce.pyz into dist/
	$(PY) -m tools.dist

clean: ## remove what can be made again
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
