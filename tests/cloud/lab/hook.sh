#!/usr/bin/env bash
# CLOUD_DOUBLE_HOOK names a program: this one is tests/cloud/lab/hook.py in the operator's environment.
set -euo pipefail

cd "$(dirname "$0")/../../.."
PYTHONPATH=$PWD exec .local/env/operator/bin/python -m tests.cloud.lab.hook
