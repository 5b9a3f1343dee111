# Two commands matter: `make demo` and `make test`. Both do all set-up on a machine with Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test pictures verify notebooks bench lint format lock clean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with the locked libraries and tradewind itself

$(STAMP): .ci/requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, got " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .ci/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## the demo company end to end; prints where the page and the cube are
	test -d demo || $(BIN)/tradewind init demo demo
	$(BIN)/tradewind check demo
	$(BIN)/tradewind run demo --trials 128 --scenarios all

pictures: $(STAMP) ## renew the README's pictures from the newest run of the demo (needs Chromium)
	$(BIN)/python -m tests.pictures demo

lint: $(STAMP) ## style, types, import floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP) ## put the code into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint ## lint, types, floors, unit, property, reference, notebooks, wheel smoke
	$(BIN)/python -m tests.warm
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

verify: $(STAMP) ## slow validation against truth, printed as tables
	$(BIN)/python -m tests.verify

notebooks: $(STAMP) ## execute the notebooks and keep their outputs
	$(BIN)/python -m tests.notebooks

bench: $(STAMP) ## the benchmark registry: table and build/bench.json
	$(BIN)/python -m tests.benchmarks

lock: ## renew .ci/requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file .ci/requirements.lock

clean: ## remove what was built
	rm -rf build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
