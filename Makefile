# make train    sets up .venv if it is missing, then the main job on the shipped model
# make test     sets up .venv if it is missing, then the fast tests
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup train test slow gpu vllm lint clean-venv

train: setup
	$(BIN)/python train.py experiment=quickstart

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

slow: setup
	$(BIN)/python -m pytest -m slow

gpu: setup
	$(BIN)/python -m pytest -m gpu

vllm: setup
	$(BIN)/python -m pytest -m vllm

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: .venv/ready

# Without a GPU, PyTorch's CPU wheel is ten times smaller:
#   make train PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) -e ".[dev]"
	touch .venv/ready

clean-venv:
	rm -rf .venv
