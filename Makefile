# Two commands matter: `make demo` and `make test`. Each sets up what it needs; run again, they just run.
SHELL := /bin/sh
VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
ORACLES := chromium curl git openssl plistutil:libplist-utils scepclient:scep strace
SOURCES := $(shell find certs mdm_server device_emulator -type f -not -name '*.pyc') pyproject.toml README.md
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO ?=
TEST ?=

.PHONY: help demo test coverage check format oracles benchmark docs wheel clean python

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.installed ## enrol 24 virtual devices at a server of their own and look at them
	@$(BIN)/device-emulator demo $(DEMO)

test: $(VENV)/.test-tools oracles ## run every test against the installed package
	@MDMSIM_TEST_INSTALLED=1 $(BIN)/pytest -n auto --dist worksteal $(TEST)

coverage: ## run every test and say which lines none of them reaches: a third slower
	@$(MAKE) test TEST="--cov --cov-report=term:skip-covered $(TEST)"

check: $(VENV)/.test-tools ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.test-tools ## put the code in the house's form
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

benchmark: $(VENV)/.test-tools ## measure, beside the floor of the cryptography
	@$(BIN)/python -m benchmarks $(BENCHMARK)

docs: $(VENV)/.test-tools ## write the generated pages again (docs/flows, fidelity.md, uem-api.md, scenarios.md and its schema)
	@$(BIN)/python -m mdm_server.domain.draw docs/flows
	@$(BIN)/python -m mdm_server.web.uem.draw docs/uem-api.md
	@$(BIN)/python -m device_emulator.core.draw docs/flows
	@$(BIN)/python -m device_emulator.core.answers.fidelity > docs/fidelity.md
	@$(BIN)/python -m device_emulator.scenario.schema docs/scenario.schema.json
	@$(BIN)/python -m device_emulator.scenario.page docs/scenarios.md

wheel: $(VENV)/.test-tools ## build dist/*.whl
	@$(BIN)/python -m build --wheel --outdir dist .

clean: ## remove what make made
	rm -rf $(VENV) dist build

python:
	@test -n "$(PYTHON)" || { echo "mdmsim needs Python 3.11 or newer, and none was found: install it, or say where it is with \`make PYTHON=/path/to/python3\`" >&2; exit 2; }

$(BIN)/python: | python
	@echo "Setting up $(VENV) with $(PYTHON) ..." >&2
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }
	@$(PIP) install -c constraints.txt --upgrade pip

$(VENV)/.installed: $(BIN)/python constraints.txt $(SOURCES)
	@test -e $@ || { echo "Installing mdmsim and what it stands on ..." >&2; $(PIP) install -c constraints.txt '.[fast]'; }
	@$(PIP) install --no-deps --force-reinstall .
	@touch $@

$(VENV)/.test-tools: $(VENV)/.installed
	@test -e $@ && test $@ -nt pyproject.toml && test $@ -nt constraints.txt || { echo "Installing the test tools ..." >&2; $(PIP) install -c constraints.txt --group test; }
	@touch $@

oracles: ## install the programs that judge us, where that is possible
	@missing=; for o in $(ORACLES); do command -v $${o%%:*} >/dev/null 2>&1 || missing="$$missing $${o##*:}"; done; \
	test -z "$$missing" && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing the tests' judges:$$missing ..." >&2; \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; } >/dev/null 2>&1 || \
			echo "Could not install them; the tests that need them will say so:$$missing" >&2; \
	else echo "Not installed, so the tests that need them will fail: apt-get install$$missing (or set MDMSIM_ORACLES=optional)" >&2; fi
