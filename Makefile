# `make demo` and `make test` do everything from a bare clone: environments, tools, run.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := -m pip install --quiet --disable-pip-version-check
WEB := systems/mdreader/app/web
COVERAGE := reports/coverage/mdreader.json

unexport PYTHONDONTWRITEBYTECODE  # every start of every tool would compile all its modules again

.PHONY: setup demo test check clean coverage

setup:  ## three environments, side by side: ours, checkov's own, and MDReader's page; then a browser
	@$(MAKE) --no-print-directory -j3 .venv/.ready .venv-checkov/.ready $(WEB)/dist/index.html
	@$(MAKE) --no-print-directory .venv/.browser

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

$(CURDIR)/.venv-node/bin/npm: requirements/node.txt
	@echo "setup: Node.js (.venv-node)"
	@$(PYTHON) -m venv .venv-node
	@.venv-node/bin/python $(INSTALL) --require-hashes -r requirements/node.txt

NPM := $(shell command -v npm || echo $(CURDIR)/.venv-node/bin/npm)

$(WEB)/dist/index.html: $(WEB)/package-lock.json $(WEB)/build.js $(shell find $(WEB)/src -type f) | $(NPM)
	@echo "setup: MDReader's page ($(WEB)/dist)"
	@cd $(WEB) && export PATH="$(dir $(NPM)):$$PATH" && npm ci --silent --no-audit --no-fund --omit=dev --ignore-scripts && npm run --silent build
	@touch $@

.venv/.browser: .venv/.ready
	@$(BIN)/stackproof browser --install
	@touch $@

$(COVERAGE): .venv/.ready $(shell find systems/mdreader/app -name '*.py')
	@mkdir -p $(dir $@)
	@COVERAGE_FILE=$(dir $@).coverage $(BIN)/pytest systems/mdreader/app/tests --quiet --cov=systems/mdreader/app --cov-report=json:$@

coverage: $(COVERAGE)  ## MDReader's own tests, whose coverage the unit gate reads

demo: setup coverage  ## every gate on MDReader: templates of all environments, then deployed into an embedded AWS
	@$(BIN)/pytest -m unit --system mdreader --environment all --quiet
	@$(BIN)/pytest -m integration --system mdreader --quiet
	@$(BIN)/pytest -m smoke --system mdreader --quiet
	@$(BIN)/pytest -m e2e --system mdreader --quiet

test: setup check coverage  ## the harness's own tests, then the gates
	@$(BIN)/pytest selftest --quiet -n 2
	@$(BIN)/pytest -m unit --system mdreader --environment all --quiet --evidence required
	@$(BIN)/pytest -m integration --system mdreader --quiet --evidence required
	@$(BIN)/pytest -m smoke --system mdreader --quiet --evidence required
	@$(BIN)/pytest -m e2e --system mdreader --quiet --evidence required

check: setup  ## format, lint, types, generated files
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/stackproof schema | diff -u schemas/system.schema.json - || { echo "run: make schemas/system.schema.json"; exit 1; }

schemas/system.schema.json: src/stackproof/system/schema.py
	@mkdir -p schemas && $(BIN)/stackproof schema > $@

clean:
	rm -rf .venv .venv-checkov .venv-node .stackproof reports/gates reports/evidence reports/e2e reports/smoke reports/coverage reports/*.xml reports/*.md
	rm -rf $(WEB)/node_modules $(WEB)/dist
