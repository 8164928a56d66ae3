# `make demo` and `make test` do everything from a bare clone: environment, tools, run.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := -m pip install --quiet --disable-pip-version-check

unexport PYTHONDONTWRITEBYTECODE  # every start of every tool would compile all its modules again

.PHONY: setup demo test check clean

setup:  ## both environments, side by side: ours, and checkov's own
	@$(MAKE) --no-print-directory -j2 .venv/.ready .venv-checkov/.ready

.venv/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stackproof needs Python 3.11 or newer; set PYTHON=..."; exit 1; }
	@echo "setup: the harness (.venv)"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements/dev.txt
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv-checkov/.ready: requirements/checkov.txt
	@echo "setup: checkov in an environment of its own (.venv-checkov)"
	@$(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/python $(INSTALL) --require-hashes -r requirements/checkov.txt
	@touch $@

demo: setup  ## every gate on MDReader: templates of all environments, then deployed into an embedded AWS
	@$(BIN)/pytest -m unit --system mdreader --environment all --quiet
	@$(BIN)/pytest -m integration --system mdreader --quiet

test: setup check  ## the harness's own tests, then the gates
	@$(BIN)/pytest selftest --quiet -n 2
	@$(BIN)/pytest -m unit --system mdreader --environment all --quiet --evidence required
	@$(BIN)/pytest -m integration --system mdreader --quiet --evidence required

check: setup  ## format, lint, types, generated files
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/stackproof schema | diff -u schemas/system.schema.json - || { echo "run: make schemas/system.schema.json"; exit 1; }

schemas/system.schema.json: src/stackproof/system/schema.py
	@mkdir -p schemas && $(BIN)/stackproof schema > $@

clean:
	rm -rf .venv .venv-checkov .stackproof reports/gates reports/evidence reports/*.xml reports/*.md
