# Every target makes its environment in .venv by itself, from the pinned constraints.txt: Python 3.11 or newer and
# make are all that is needed. A stamp per set of extras says what is installed already.
#
#   make PYTHON=python3.12 test      another interpreter (where .venv does not exist yet)
#   make test ARGS="-k adex -x"      further arguments to pytest

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
BIN := .venv/bin
STAMPS := .venv/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help demo test lint format docs gallery bench crosscheck peers clean

help:
	@echo 'make demo        fit a neuron to a real recording and write the report'
	@echo 'make test        tests and doctests'
	@echo 'make lint        ruff, mypy, import layers'
	@echo 'make format      let ruff format and fix'
	@echo 'make docs        the documentation, warnings as errors: docs/_build/html'
	@echo 'make gallery     run the examples at full length, store their figures, print what they reach'
	@echo 'make bench       every benchmark, side by side with its peers'
	@echo 'make crosscheck  compare with other simulators (makes their environments)'

# ---- environments

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("lapicque needs Python 3.11 or newer; %s is %s: make PYTHON=... " \
	    % (sys.executable, sys.version.split()[0]) if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

# hatchling comes first, pinned like everything else, so that building the package fetches nothing of its own choice.
$(STAMPS)/%: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'installing lapicque[$*] into .venv'
	@mkdir -p $(STAMPS)
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable '.[$*]'
	@touch $@

# ---- targets

demo: $(STAMPS)/demo
	$(BIN)/lapicque demo

test: $(STAMPS)/demo,nwb,test,train
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(STAMPS)/demo,nwb,test,train
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMPS)/demo,nwb,test,train
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMPS)/demo,docs,nwb,train
	@rm -rf docs/api/generated  # pages of names that are gone would be warnings
	$(BIN)/sphinx-build --fail-on-warning --keep-going --builder html docs docs/_build/html

gallery: $(STAMPS)/demo,nwb,test,train
	$(BIN)/python -m pytest -m gallery tests/gallery $(ARGS)

bench: $(STAMPS)/bench,train
	@for benchmark in benchmarks/[a-z]*.py; do echo; echo "== $$benchmark"; $(BIN)/python $$benchmark || exit 1; done

peers: $(STAMPS)/bench
	$(BIN)/python -m benchmarks.harness

crosscheck: $(STAMPS)/cluster,demo,nwb,test,train peers
	$(BIN)/python -m pytest -m crosscheck $(ARGS)

clean:
	rm -rf build dist docs/_build docs/auto_gallery docs/api/generated .pytest_cache .mypy_cache .ruff_cache
