# Set-up, demo and checks. Each step of the set-up leaves a file behind, last of all: what is done is not done
# again, and what was interrupted is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ifeq ($(A2R_CACHE),)
A2R_CACHE := $(if $(HOME),$(HOME)/.cache/a2r_ray,.cache)
endif

bin := .venv/bin
pip := PIP_DISABLE_PIP_VERSION_CHECK=1 $(bin)/pip
install := $(pip) install -qq
# The only place that has torch's CPU build, which no package registry takes; a find-links folder may have it too.
torch_index := https://download.pytorch.org/whl/cpu
model := models/SmolLM2-135M-Instruct
cached_model := $(A2R_CACHE)/SmolLM2-135M-Instruct

.PHONY: help setup demo test chaos lint format requirements clean

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/.project $(model)/model.safetensors ## .venv with a2r in it, and a small model to try it on
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "setup: ready; see $(bin)/a2r --help")

demo: setup ## solve the example problems on this machine's CPU
	@$(bin)/a2r run examples/demo.yaml

test: lint ## everything that must pass: format, lint, types, tests
	@echo "== pytest"
	$(bin)/pytest

chaos: setup ## kill a run a hundred times and stop one at sixty moments (half an hour)
	@$(bin)/python -m tests.chaos --kills 100
	$(bin)/python -m tests.moments --moments 60

lint: setup ## format, lint and types only
	@echo "== ruff format --check"
	$(bin)/ruff format --check .
	echo "== ruff check"
	$(bin)/ruff check .
	echo "== mypy"
	$(bin)/mypy

format: setup ## rewrite the code as the linter wants it
	@$(bin)/ruff format .
	$(bin)/ruff check --fix .

clean: ## remove what was installed and built; runs/ and the cached model stay
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	if [ -L $(model) ]; then rm $(model); fi
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.python:
	@[ "$$(uname -sm)" = "Linux x86_64" ] || { echo "setup: the locked packages are for Linux on x86_64, this is $$(uname -sm)"; exit 1; } >&2
	newest=0
	for python in python3 python3.13 python3.12 python3.11; do
	    minor=$$($$python -c 'import ensurepip, sys, venv; print(sys.version_info[1] if (3, 11) <= sys.version_info < (3, 14) else 0)' 2>/dev/null) || continue
	    if [ "$$minor" -gt $$newest ]; then newest=$$minor; chosen=$$python; fi
	done
	if [ $$newest = 0 ]; then
	    echo "setup: no Python 3.11, 3.12 or 3.13 with its venv module found. On Debian and Ubuntu:"
	    echo "    sudo apt-get install -y python3 python3-venv"
	    exit 1
	fi >&2
	echo "setup: making .venv with $$($$chosen --version)"
	$$chosen -m venv --clear .venv
	touch $@

# vLLM's CPU kernels load libnuma.
.venv/.system: .venv/.python
	@missing=
	$(bin)/python -c 'import ctypes; ctypes.CDLL("libnuma.so.1")' 2>/dev/null || missing+=" libnuma1"
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	    echo "setup: installing the system packages$$missing"
	    export DEBIAN_FRONTEND=noninteractive
	    { apt-get update && apt-get install -y --no-install-recommends $$missing; } >.venv/apt.log 2>&1 || { tail -5 .venv/apt.log >&2; exit 1; }
	elif [ -n "$$missing" ]; then
	    echo "setup: system packages are missing. Install them, then call make again. On Debian and Ubuntu:"
	    echo "    sudo apt-get install -y$$missing"
	    exit 1
	fi >&2
	touch $@

# Without dependencies: cpu.txt is the whole list, and two of its packages ask for what must not come (requirements/README.md).
.venv/.requirements: requirements/cpu.txt .venv/.system
	@echo "setup: installing the packages of $< (about 3.5 GB on disk, 1 to 3 minutes)"
	torch=$$(grep '^torch==' $<)
	if ! $(install) --no-deps "$$torch" 2>/dev/null; then
	    echo "setup: fetching $$torch from $(torch_index)"
	    $(install) --no-deps --extra-index-url $(torch_index) "$$torch"
	fi
	$(install) --no-deps -r $<
	touch $@

.venv/.project: pyproject.toml .venv/.requirements
	@echo "setup: installing a2r from this folder"
	$(install) --no-deps -e .
	lacking=$$($(pip) check 2>/dev/null | grep '^a2r-ray ' || true)
	if [ -n "$$lacking" ]; then
	    echo "setup: requirements/cpu.txt is older than pyproject.toml; renew it with: make requirements"
	    echo "$$lacking"
	    exit 1
	fi >&2
	touch $@

# The link is remade where it leads elsewhere than to the present cache. A folder put there by hand is left alone.
ifneq ($(shell [ ! -L $(model) ] || [ $(model) -ef "$(cached_model)" ] || echo elsewhere),)
.PHONY: $(model)/model.safetensors
endif
$(model)/model.safetensors: | .venv/.requirements
	@$(bin)/python examples/embedded_model.py "$(cached_model)"
	mkdir -p models
	ln -sfnT "$$(realpath "$(cached_model)")" $(model)

requirements: .venv/.python ## renew requirements/cpu.txt from pyproject.toml
	@[ -x $(bin)/uv ] || $(install) uv
	links=$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-}}
	if [ -n "$$links" ]; then export UV_FIND_LINKS=$${links// /,}; fi
	compile() {
	    $(bin)/uv pip compile pyproject.toml --extra cpu --group demo --group dev --override requirements/overrides-cpu.txt \
	        --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet \
	        --output-file requirements/cpu.txt "$$@" >/dev/null
	}
	# uv looks at an extra index first and, by default, nowhere else for what it finds there.
	if ! error=$$(compile 2>&1) && ! compile --extra-index-url $(torch_index) --index-strategy unsafe-best-match; then
	    echo "requirements: and without $(torch_index):" >&2
	    echo "$$error" >&2
	    exit 1
	fi
