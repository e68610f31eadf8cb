#!/usr/bin/env bash
# Lints what runs on the machine beside its scripts: Dockerfiles, compose files, and the Caddyfiles that stacks render.
set -euo pipefail

cd "$(dirname "$0")/.."

# Any values: what is checked is the files.
export ATELIER_URL=https://label.example.org PUBLIC_HOST=label.example.org ADMIN_EMAIL=anna@example.org
export FRONTEND_IMAGE=frontend SEGMENTATION_IMAGE=segmentation SEGMENT_ANYTHING_MODEL_IMAGE=segment_anything_model
export DATA_DIR=/data SECRETS_DIR=/secrets GOOGLE_DIR=/google PROJECT_DIR=/project CADDYFILE=/Caddyfile

compose_files() {
  local compose overlays overlay files
  read -r -a compose <<<"$(scripts/install_compose.sh)"
  for overlays in '' tls gpu 'tls gpu'; do
    files=(--file templates/vm/compose.yml)
    for overlay in $overlays; do files+=(--file "templates/vm/compose.$overlay.yml"); done
    "${compose[@]}" "${files[@]}" --profile apply config --quiet
  done
}

caddyfiles() {
  local caddy file home
  caddy=$(scripts/install_caddy.sh)
  home=$(mktemp -d)
  for file in tests/infra/render/golden/*/Caddyfile; do
    # Its storage is made where it says; its log is JSON, and worth reading only when it fails.
    XDG_DATA_HOME=$home XDG_CONFIG_HOME=$home "$caddy" validate --adapter caddyfile --config "$file" >"$home/log" 2>&1 ||
      { cat "$home/log" && return 1; }
  done
  rm -r "$home"
}

main() {
  .local/env/operator/bin/hadolint backends/*/Dockerfile batch/Dockerfile
  compose_files
  caddyfiles
  echo 'The Dockerfiles, compose files and Caddyfiles are in order.'
}

main "$@"
