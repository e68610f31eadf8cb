#!/usr/bin/env bash
# Rewrites every compiled requirement file from its .in file. Pins that still fit are kept; `--upgrade` looks for newer ones.
# Usage: scripts/compile_requirements.sh [--upgrade]
set -euo pipefail

cd "$(dirname "$0")/.."
uv=${UV:-.local/uv/bin/uv}
torch_packages='^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)=='

compile() {
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --custom-compile-command scripts/compile_requirements.sh "$@"
}

# PyTorch's own index offers other files under the same version (1.2 instead of 5.5 GB), whose hashes no registry lists.
# So torch and what only its default build needs stand in a file of their own, and the bootstrap chooses.
# Usage: compile_with_torch FOLDER [OPTION...]; its requirements.in becomes its requirements.txt and the one file for torch.
compile_with_torch() {
  local folder=$1 both names
  shift
  both=$(mktemp)
  # An existing lock is the preference that keeps its pins.
  cat "$folder/requirements.txt" backends/requirements-torch.txt >"$both" 2>/dev/null || : >"$both"
  compile "$@" --override backends/overrides.txt "$folder/requirements.in" --output-file "$both"
  names="/^#/ {if (!body) print; next} /^[a-z0-9]/ {body = 1; torch = (\$0 ~ /$torch_packages/)}"
  awk "$names body && !torch" "$both" >"$folder/requirements.txt"
  awk "$names body && torch" "$both" >backends/requirements-torch.txt
  rm "$both"
}

main() {
  compile "$@" scripts/uv.in --output-file scripts/uv.txt
  compile "$@" requirements.in --output-file requirements.txt
  compile "$@" --override requirements-dev-overrides.txt requirements-dev.in --output-file requirements-dev.txt
  compile_with_torch backends "$@"
  compile "$@" backends/requirements-test.in --output-file backends/requirements-test.txt
  # Its torch is the backends': the pins above are its preference, and Beam has no opinion about them.
  compile_with_torch batch "$@"
  compile "$@" policy/requirements.in --output-file policy/requirements.txt
  compile "$@" backends/frontend/requirements.in --output-file backends/frontend/requirements.txt
}

main "$@"
