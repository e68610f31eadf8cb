# What to type. `make` alone lists the verbs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-stop demo-reset test lint bench

PYTHON ?= python3
BOOTSTRAP := $(PYTHON) scripts/bootstrap.py
OPERATOR := .local/env/operator/bin/python
ML := .local/env/ml/bin/python

# Each part of the code is tested and type-checked by the interpreter that runs it.
ML_CODE := $(wildcard backends demo benchmarks tests/backends tests/benchmarks tests/demo)
ML_TESTS := $(wildcard tests/backends tests/benchmarks tests/demo)
OPERATOR_CODE := infra studio scripts $(filter-out $(ML_TESTS) tests/__pycache__,$(wildcard tests/*))
OPERATOR_TESTS := tests $(addprefix --ignore=,$(ML_TESTS))

DETACH ?=
PORT ?=
export SAM_CHECKPOINT SEGMENTATION_MODEL

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the labeling studio on this machine; PORT=8080 DETACH=1 SAM_CHECKPOINT=file SEGMENTATION_MODEL=dir
	@$(BOOTSTRAP) operator ml frontend
	@$(OPERATOR) -m studio local up $(if $(PORT),--port $(PORT)) $(if $(filter-out 0,$(DETACH)),--detach)

demo-stop: ## ends a demo that runs in the background
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m studio local stop

demo-reset: ## forgets the demo's project, images and annotations, after asking
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m studio local reset

test: ## everything: unit tier, real Label Studio and backends, a browser
	@$(BOOTSTRAP) --test operator ml frontend
	@scripts/install_chromium.sh
	$(OPERATOR) -m pytest -q $(OPERATOR_TESTS)
	$(ML) -m pytest -q $(ML_TESTS)
	$(ML) -m pytest -q -m "integration or browser" $(ML_TESTS)
	$(OPERATOR) -m pytest -q -m "integration or browser" $(OPERATOR_TESTS)

lint: ## ruff, pyright, shellcheck
	@$(BOOTSTRAP) --test operator ml
	$(OPERATOR) -m ruff check .
	$(OPERATOR) -m ruff format --check .
	$(OPERATOR) -m pyright --pythonpath $(OPERATOR) $(OPERATOR_CODE)
	$(OPERATOR) -m pyright --pythonpath $(ML) $(ML_CODE)
	.local/env/operator/bin/shellcheck .ci/run $$(git ls-files '*.sh')

bench: ## quality and speed of the models, as tables
	@$(BOOTSTRAP) ml
	$(ML) -m benchmarks
