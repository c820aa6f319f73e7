# Everything a checkout can do. Needs Python 3.11 or newer with venv, make and git; the rest is set up in .venv.

PYTHON ?= python3
DATA ?= ./data
DEMO ?= 1
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --upgrade \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

# What to say on a machine on which no virtual environment can be made.
define CHECK_PYTHON
import sys
if sys.version_info < (3, 11):
    sys.exit("Hearthside needs Python 3.11 or newer, and this is %d.%d. Name another one: make PYTHON=python3.11" % sys.version_info[:2])
try:
    import ensurepip, venv
except ImportError:
    sys.exit("Python cannot make a virtual environment here. On Debian or Ubuntu, run as root: apt-get install python3-venv")
endef
export CHECK_PYTHON

# Tests run some hundred commands: what is compiled once is kept for the next.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test check format bench mutate fuzz claims sbom dist pictures fonts definitions guesses words lock clean python machine
.NOTPARALLEL:

# A .venv whose Python is gone, or has no pip, was left half-made: it is made anew.
SOUND := $(shell $(BIN)/python -c 'import pip; print("sound")' 2>/dev/null)
ifneq ($(SOUND),sound)
.PHONY: .venv/runtime
endif

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: .venv/runtime ## Serve on http://127.0.0.1:8000 with data in ./data (DEMO=0 starts empty)
	$(BIN)/hearthside run --data $(DATA) $(if $(filter 0,$(DEMO)),--no-demo)

test: machine .venv/ready ## Set up everything and run every test (PYTEST="-k name" narrows it)
	$(BIN)/python tests/setup_tools.py
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal $(PYTEST)

check: .venv/ready ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready ## Put the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready ## Measure, and write bench/results.json; with PG=1 also on PostgreSQL
	$(BIN)/python -m bench $(if $(PG),--postgres)

mutate: .venv/ready ## Change the code in small ways, count what the tests notice, and write bench/mutants.json (MUTATE="crypto")
	$(BIN)/python tests/mutate.py $(MUTATE)

fuzz: .venv/ready .cache/fuzz/packages ## Feed every decoder with anything for an hour (FUZZ="--seconds 10 merkle"; Linux on x86-64)
	$(BIN)/python -m tests.fuzz.run $(FUZZ)

claims: .venv/ready ## Break the code behind forty lines of docs/asvs.md, and see their tests fail (CLAIMS="--rows 0": all)
	$(BIN)/python tests/break_asvs.py $(CLAIMS)

sbom: .venv/ready ## Write the bill of materials, dist/hearthside.cdx.json
	$(BIN)/python tests/make_sbom.py dist/hearthside.cdx.json

dist: .venv/ready ## Build what is released into dist: the same bytes each time from the same commit
	rm -rf dist
	$(BIN)/python tests/make_dist.py dist

pictures: machine .venv/ready ## Take the pictures of the guide and of the README anew; look at them afterwards
	$(BIN)/python tests/setup_tools.py
	PICTURES=1 $(BIN)/python -m pytest -q -n 0 tests/browser/test_pictures.py

fonts: .venv/ready ## Cut the fonts of printed pages anew (needs npm); look at the pages afterwards
	$(BIN)/python tests/make_fonts.py

definitions: .venv/ready ## Fetch what checks FHIR bundles anew (needs npm); run tests/journal/fhir afterwards
	$(BIN)/python tests/make_definitions.py

guesses: .venv/ready ## Make anew what the strength meter knows (needs npm); run tests/journal/authentication afterwards
	$(BIN)/python tests/make_guesses.py

words: .venv/ready ## Renew the catalogues of messages; what is new in them waits to be translated
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k P_:1c,2 -k pgettext:1c,2 --no-location --sort-output --omit-header --no-wrap -o portal/locale/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap -l es -i portal/locale/messages.pot -o portal/locale/es/LC_MESSAGES/messages.po
	$(BIN)/pybabel -q compile -l es -i portal/locale/es/LC_MESSAGES/messages.po -o portal/locale/es/LC_MESSAGES/messages.mo

lock: .venv/ready ## Renew the lock files from pyproject.toml
	$(PIP) uv
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) pyproject.toml -c requirements-dev.lock -o requirements.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock

clean: ## Remove what the other targets made; ./data stays
	rm -rf .venv .cache dist build

# Asked only while there is no .venv that works.
python:
ifneq ($(SOUND),sound)
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). On Debian or Ubuntu, run as root: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c "$$CHECK_PYTHON"
endif

# What the tests need of the machine comes first: it is missed at once, and not after minutes.
machine: python
	@$(if $(filter sound,$(SOUND)),$(BIN)/python,$(PYTHON)) tests/setup_tools.py --machine

# Only `make fuzz` needs it, and it is not there for every platform: it stands beside .venv.
.cache/fuzz/packages: requirements-fuzz.lock
	rm -rf $@
	$(PIP) --require-hashes --no-deps --only-binary :all: --target $@ -r requirements-fuzz.lock
	@touch $@

# The product alone: what `make run` needs. The mark is put only at the end: without it, what is there is half-made.
.venv/runtime: requirements.lock requirements-build.lock pyproject.toml | python
	@test "$(SOUND)" = sound -a -e $@ || $(PYTHON) -m venv --clear .venv
	@rm -f $@ .venv/ready
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The product and everything that tests and checks it.
.venv/ready: requirements-dev.lock .venv/runtime
	@rm -f .venv/runtime $@
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch .venv/runtime $@
