# What to type. `make` alone lists the verbs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-stop demo-reset preview up destroy test lint bench

PYTHON ?= python3
BOOTSTRAP := $(PYTHON) scripts/bootstrap.py
OPERATOR := .local/env/operator/bin/python
ML := .local/env/ml/bin/python

# Each part of the code is tested and type-checked by the interpreter that runs it.
ML_CODE := $(wildcard backends demo benchmarks tests/backends tests/benchmarks tests/demo)
ML_TESTS := $(wildcard tests/backends tests/benchmarks tests/demo)
OPERATOR_CODE := infra studio scripts $(filter-out $(ML_TESTS) tests/__pycache__,$(wildcard tests/*))
OPERATOR_TESTS := tests $(addprefix --ignore=,$(ML_TESTS))
# Whole stacks in folders of their own: two files at once leave no core idle.
ENGINE_TESTS := tests/cloud tests/docs tests/infra
OTHER_TESTS := $(OPERATOR_TESTS) $(addprefix --ignore=,$(ENGINE_TESTS))

# CLOUD=double lets the real Pulumi engine work on a stand-in for Google Cloud in .local/double/.
CLOUD ?=
STACK ?= dev
CONFIG_FILE ?=
YES ?=
FOR_DOUBLE := $(filter double,$(CLOUD))
DOUBLE := $(if $(FOR_DOUBLE),PULUMI_STACK=$(STACK) $(OPERATOR) -m tests.cloud.run --)
# The double builds no images.
CONFIG := $(if $(FOR_DOUBLE),--no-check-builder --config-file '{config}',$(if $(CONFIG_FILE),--config-file $(CONFIG_FILE)))
OPERATE := $(DOUBLE) $(OPERATOR) -m infra.operate
ON_STACK := --stack $(STACK) $(CONFIG)

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

preview: ## what `up` would change, and dollars; STACK=dev CLOUD=double (no account needed)
	@$(BOOTSTRAP) operator
	@$(OPERATE) preview $(ON_STACK)

up: ## the studio on Google Cloud, after asking; STACK=dev YES=1
	@$(BOOTSTRAP) operator
	@$(OPERATE) up $(ON_STACK) $(if $(filter-out 0,$(YES)),--yes)

destroy: ## takes it down, after asking; buckets and a snapshot of the data stay
	@$(BOOTSTRAP) operator
	@$(OPERATE) destroy $(ON_STACK) $(if $(filter-out 0,$(YES)),--yes)

test: ## everything: unit tier, real Label Studio and backends, Pulumi, a browser
	@$(BOOTSTRAP) --test operator ml frontend
	@scripts/install_chromium.sh
	@$(OPERATOR) -m tests.cloud.engine
	$(OPERATOR) -m pytest -q $(OPERATOR_TESTS)
	$(ML) -m pytest -q $(ML_TESTS)
	$(ML) -m pytest -q -m "integration or browser" $(ML_TESTS)
	$(OPERATOR) -m pytest -q -n 2 --dist loadfile -m "integration or browser" $(ENGINE_TESTS)
	$(OPERATOR) -m pytest -q -m "integration or browser" $(OTHER_TESTS)

# Not in the list, which has room for ten: docs/verification.md says what it needs.
.PHONY: test-vm
test-vm:
	@$(BOOTSTRAP) --test operator
	$(OPERATOR) -m pytest -q -m vm tests/vm

lint: ## ruff, pyright, shellcheck, hadolint, compose, caddy, zizmor
	@$(BOOTSTRAP) --test operator ml
	$(OPERATOR) -m ruff check .
	$(OPERATOR) -m ruff format --check .
	$(OPERATOR) -m pyright --pythonpath $(OPERATOR) $(OPERATOR_CODE)
	$(OPERATOR) -m pyright --pythonpath $(ML) $(ML_CODE)
	.local/env/operator/bin/shellcheck .ci/run $$(git ls-files '*.sh')
	.local/env/operator/bin/zizmor --offline --quiet .github/workflows
	scripts/lint_machine.sh

bench: ## quality and speed of the models, as tables
	@$(BOOTSTRAP) ml
	$(ML) -m benchmarks
