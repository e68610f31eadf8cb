#!/usr/bin/env bash
# CLOUD_DOUBLE_BUILD names a program: this one is tests/cloud/lab/build.py in the operator's environment.
set -euo pipefail

# Contexts are relative to where Pulumi started the provider, so this folder stays the working one.
checkout=$(cd "$(dirname "$0")/../../.." && pwd)
PYTHONPATH=$checkout exec "$checkout/.local/env/operator/bin/python" -m tests.cloud.lab.build
