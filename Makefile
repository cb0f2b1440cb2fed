# make answer: set up and answer the first question.   make test: set up and pass the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUESTION ?= does acupuncture help with lower back pain?
# two workers: the suite is meant for a small machine
WORKERS ?= 2

.PHONY: answer test check types lint unit slow score docs bench clean

answer: $(VENV)/.installed
	@$(BIN)/needlepoint ask "$(QUESTION)"

test: lint types unit

check: lint types

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks

types: $(VENV)/.dev
	$(BIN)/basedpyright

unit: $(VENV)/.dev
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

slow: $(VENV)/.dev
	$(BIN)/pytest -q -n $(WORKERS) -m slow

score: $(VENV)/.installed
	$(BIN)/python benchmarks/score_pages.py

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/pooling_vs_peers.py --quick

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --strict

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

clean:
	rm -rf $(VENV) site build dist .pytest_cache .ruff_cache .hypothesis
