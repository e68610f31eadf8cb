# What to type. `make` alone lists the verbs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: demo preview up destroy images check test test-vm lint bench
# Not in the list, which has room for ten: the first one's line names those of the demo.
.PHONY: help doctor start stop restore demo-stop demo-reset demo-backup demo-restore batch check-operator check-ml test-stacks test-ml test-others
.PHONY: properties

PYTHON ?= python3
BOOTSTRAP := $(PYTHON) scripts/bootstrap.py
OPERATOR := .local/env/operator/bin/python
ML := .local/env/ml/bin/python

# Each part of the code is tested and type-checked by the interpreter that runs it.
ML_CODE := $(wildcard backends demo benchmarks masks tests/backends tests/batch tests/benchmarks tests/demo tests/masks)
ML_TESTS := $(wildcard tests/backends tests/batch tests/benchmarks tests/demo tests/masks)
OPERATOR_CODE := infra laptop studio scripts weights $(filter-out $(ML_TESTS) tests/__pycache__,$(wildcard tests/*))
OPERATOR_TESTS := tests $(addprefix --ignore=,$(ML_TESTS))
# Stacks, machines and servers of their own, which wait a lot: three files at once leave no core idle. The longest come
# first, and those of one server stay together (tests/conftest.py).
PARALLEL_TESTS := tests/studio tests/docs tests/infra tests/templates tests/cloud tests/laptop
OTHER_TESTS := $(OPERATOR_TESTS) $(addprefix --ignore=,$(PARALLEL_TESTS))

# What each prints comes in one piece, where make can do that (macOS brings an older one).
WHOLE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# CLOUD=double lets the real Pulumi engine work on a stand-in for Google Cloud in .local/double/.
CLOUD ?=
STACK ?= dev
CONFIG_FILE ?=
YES ?=
DOCTOR ?=
SNAPSHOT ?=
FOR_DOUBLE := $(filter double,$(CLOUD))
DOUBLE := $(if $(FOR_DOUBLE),PULUMI_STACK=$(STACK) $(OPERATOR) -m tests.cloud.run --)
# The double builds no images.
CONFIG := $(if $(FOR_DOUBLE),--no-check-builder --config-file '{config}',$(if $(CONFIG_FILE),--config-file $(CONFIG_FILE)))
OPERATE := $(DOUBLE) $(OPERATOR) -m infra.operate
ON_STACK := --stack $(STACK) $(CONFIG)

DETACH ?=
DOCKER ?=
GPU ?=
PORT ?=
IN_DOCKER := $(filter-out 0,$(DOCKER))
export MODELS IMAGES SAM_CHECKPOINT SEGMENTATION_MODEL
# Each process would compile anew what it imports: an operation of Pulumi's takes twice as long.
unexport PYTHONDONTWRITEBYTECODE
# What the images are built with. An empty one would be another setting for the demo's processes.
BUILD_ARGUMENTS := PYTHON_IMAGE WEIGHTS_MIRROR SAM_CHECKPOINT_URL SAM_CHECKPOINT_SHA256 \
  SEGMENTATION_MODEL_URL SEGMENTATION_MODEL_SHA256 SEGMENTATION_LABEL_MAP
$(foreach name,$(BUILD_ARGUMENTS),$(if $($(name)),$(eval export $(name))))

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the studio on this machine; MODELS=photographs IMAGES=folder PORT=8080 DETACH=1 DOCKER=1; also demo-stop, demo-backup, demo-restore, demo-reset
	@$(BOOTSTRAP) operator $(if $(IN_DOCKER),,ml frontend)
	@$(OPERATOR) -m laptop up $(if $(PORT),--port $(PORT)) $(if $(filter-out 0,$(DETACH)),--detach) \
	  $(if $(IN_DOCKER),--docker) $(if $(filter-out 0,$(GPU)),--gpu)

# Ends a demo that runs in the background.
demo-stop:
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m laptop stop

# Forgets the demo's project, images and annotations, after asking.
demo-reset:
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m laptop reset

# The whole studio in one file outside the clone, and back: BACKUP= names it; without it, what there is.
BACKUP ?=
demo-backup:
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m laptop backup

demo-restore:
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m laptop restore-backup $(if $(BACKUP),'$(BACKUP)')

# Without the policies' environment it goes on, and says so.
preview: ## what `up` would change, and dollars; STACK=dev CLOUD=double (no account needed)
	@$(BOOTSTRAP) operator
	@$(BOOTSTRAP) policy || echo "The preview goes on without the policies."
	@$(OPERATE) preview $(ON_STACK)

# All that Google would refuse, told before anything is made. `up` begins with it, unless DOCTOR=0.
doctor:
	@$(BOOTSTRAP) operator
	@$(OPERATE) doctor $(ON_STACK)

# The machine alone: disks, address and buckets stay.
start stop:
	@$(BOOTSTRAP) operator
	@$(OPERATE) $@ $(ON_STACK)

# The data as a snapshot has it, in place; what it replaces is kept as a snapshot. Without SNAPSHOT=, those that there are.
restore:
	@$(BOOTSTRAP) operator
	@$(OPERATE) restore $(ON_STACK) $(if $(SNAPSHOT),--snapshot '$(SNAPSHOT)') $(if $(filter-out 0,$(YES)),--yes)

up: ## the studio on Google Cloud, after asking; STACK=dev YES=1; first: doctor; its machine: stop, start; its data: restore
	@$(BOOTSTRAP) operator
	@$(OPERATE) up $(ON_STACK) $(if $(filter-out 0,$(YES)),--yes) $(if $(filter 0,$(DOCTOR)),--no-doctor)

destroy: ## takes it down, after asking; buckets and a snapshot of the data stay
	@$(BOOTSTRAP) operator
	@$(OPERATE) destroy $(ON_STACK) $(if $(filter-out 0,$(YES)),--yes)

images: ## the containers' images by this machine's Docker, and their sizes; SAM_CHECKPOINT_URL= ...
	@$(BOOTSTRAP) operator
	@$(OPERATOR) -m laptop images

check: ## the unit tier, of all environments side by side: all day, after each change
	@$(BOOTSTRAP) --test operator ml
	@$(MAKE) --no-print-directory -j 2 $(WHOLE) check-operator check-ml

# The longer of the two, in two processes: when the other one ends, no core is idle.
check-operator:
	$(OPERATOR) -m pytest -q -n 2 --dist loadfile $(OPERATOR_TESTS)

check-ml:
	$(ML) -m pytest -q $(ML_TESTS)

# They have one of two cores; torch's threads would wait for each other, and keep the second core busy with it.
check-ml: export OMP_NUM_THREADS := 1

# Looks for new examples of the property tests, which the tests themselves take from the same seed always.
SEEDS ?= 20
PROPERTIES := -m pytest -q -m "hypothesis and not integration and not browser" --hypothesis-profile=explore
properties:
	@$(BOOTSTRAP) --test operator ml
	for seed in $$(seq $(SEEDS)); do \
	  $(OPERATOR) $(PROPERTIES) --hypothesis-seed=$$seed $(OPERATOR_TESTS) && \
	  $(ML) $(PROPERTIES) --hypothesis-seed=$$seed $(ML_TESTS) || exit; \
	done

test: ## everything: the unit tier, real Label Studio and backends, Pulumi, a browser
	@$(BOOTSTRAP) --test operator ml frontend batch policy
	@scripts/install_chromium.sh
	@$(OPERATOR) -m tests.cloud.engine
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory --keep-going -j 1 test-stacks test-ml test-others

# Whoever waits for these for minutes wants to know of all that fail: a failure in one ends no other.
INTEGRATION := -m pytest -q -m "integration or browser"
test-stacks:
	$(OPERATOR) $(INTEGRATION) -n 3 --dist loadfile --no-loadscope-reorder $(PARALLEL_TESTS)

test-ml:
	$(ML) $(INTEGRATION) $(ML_TESTS)

test-others:
	$(OPERATOR) $(INTEGRATION) $(OTHER_TESTS)

# docs/verification.md says what it needs.
test-vm: ## what wants root, on Debian: machines of the stand-in cloud, a laptop with Docker, a watched network
	@$(BOOTSTRAP) --test operator ml frontend batch
	@scripts/install_chromium.sh
	@$(OPERATOR) -m tests.cloud.engine
	@$(OPERATOR) -m tests.vm

# An archive's pre-labels or embeddings, before anybody logs in: docs/batch.md.
# RUN="pre-labels IMAGES OUTPUT --config FILE", RUN="embeddings IMAGES OUTPUT"
batch:
	@$(BOOTSTRAP) batch
	@.local/env/batch/bin/python -m batch $(or $(RUN),--help)

lint: ## ruff, pyright, shellcheck, hadolint, compose, caddy, zizmor
	@$(BOOTSTRAP) --test operator ml batch policy
	$(OPERATOR) -m ruff check .
	$(OPERATOR) -m ruff format --check .
	$(OPERATOR) -m pyright --pythonpath $(OPERATOR) $(OPERATOR_CODE)
	$(OPERATOR) -m pyright --pythonpath $(ML) $(ML_CODE)
	$(OPERATOR) -m pyright --pythonpath .local/env/batch/bin/python batch
	$(OPERATOR) -m pyright --pythonpath .local/env/policy/bin/python policy
	.local/env/operator/bin/shellcheck .ci/run $$(git ls-files '*.sh')
	.local/env/operator/bin/zizmor --offline --quiet .github/workflows
	scripts/lint_machine.sh

bench: ## the speed beside Label Studio's official example, and whether it is enough; FIGURES="clicks users"
	@$(BOOTSTRAP) --test operator ml frontend batch
	@scripts/install_chromium.sh
	$(ML) -m benchmarks.speed $(if $(FIGURES),--only $(FIGURES))
