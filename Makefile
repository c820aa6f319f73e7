# Everything a checkout can do. Needs Python 3.11 or newer, make and git; the rest is set up in .venv.

PYTHON ?= python3
DATA ?= ./data
DEMO ?= 1
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --upgrade \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help run test check format bench mutate sbom words lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: .venv/runtime ## Serve on http://127.0.0.1:8000 with data in ./data (DEMO=0 starts empty)
	$(BIN)/hearthside run --data $(DATA) $(if $(filter 0,$(DEMO)),--no-demo)

test: .venv/ready ## Set up everything and run every test (PYTEST="-k name" narrows it)
	$(BIN)/python tests/setup_tools.py
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal $(PYTEST)

check: .venv/ready ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready ## Put the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready ## Measure, and write bench/results.json
	$(BIN)/python -m bench

mutate: .venv/ready ## Change the code in small ways and count what the tests notice (takes long)
	$(BIN)/python tests/mutate.py

sbom: .venv/ready ## Write the bill of materials, dist/hearthside.cdx.json
	$(BIN)/python tests/make_sbom.py dist/hearthside.cdx.json

words: .venv/ready ## Renew the catalogue of messages
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output --omit-header --no-wrap -o portal/locale/messages.pot .

lock: .venv/ready ## Renew the lock files from pyproject.toml
	$(PIP) uv
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) pyproject.toml -c requirements-dev.lock -o requirements.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock

clean: ## Remove what the other targets made; ./data stays
	rm -rf .venv .cache dist build

# The product alone: what `make run` needs.
.venv/runtime: requirements.lock requirements-build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hearthside needs Python 3.11 or newer.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The product and everything that tests and checks it.
.venv/ready: requirements-dev.lock .venv/runtime
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
