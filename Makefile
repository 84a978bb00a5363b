# make run    a whole Careweave in the foreground       PORT, SANDBOX_PORT, HOST, VAR_DIR: docs/settings.md
# make test   all tests
# make screenshots   a picture of every page in var/screenshots; needs Chromium
# make bench  how fast it is, against limits taken in the same run; SIZE=10m: docs/performance.md
# make clean  forget what was installed; data in VAR_DIR stays

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test screenshots bench clean

run: .venv/installed
	exec .venv/bin/python manage.py demo

test: .venv/installed-dev
	exec .venv/bin/python -m pytest -n auto

screenshots: .venv/installed-dev
	exec .venv/bin/python -m tests.e2e.screenshots $(ONLY)

bench: .venv/installed-dev
	exec .venv/bin/python -m tests.benchmarks --size $(or $(SIZE),1m)

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make run PYTHON=/path/to/python"; exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "on Debian: apt install python3-venv"; exit 1; }

.venv/installed: pyproject.toml | .venv/bin/python
	@echo "installing what pyproject.toml asks for"
	@$(PIP) -e .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	@echo "installing what the tests need"
	@$(PIP) -e '.[dev]'
	@touch $@ .venv/installed

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
