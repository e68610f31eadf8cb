#!/usr/bin/env bash
# Makes sure that there is a Caddy of the version that the machine runs, for `caddy validate`; prints its path.
# Built once from its Go module (checked against Go's checksum database) into the user's cache.
set -euo pipefail

cd "$(dirname "$0")/.."
# The same version as the image in templates/vm/compose.yml; a test compares them.
version=2.11.9

is_wanted() {
  [[ -x $1 ]] && [[ $("$1" version) =~ ^v$version( |$) ]]
}

build() {
  local folder=$1 started=$SECONDS go
  if ! go=$(python3 -m tests.cloud.golang); then
    echo "Caddy $version is neither on PATH nor built yet, and there is no Go to build it with.
Install Caddy $version (https://caddyserver.com/docs/install) or Go 1.25 or newer, then run the same command again." >&2
    return 1
  fi
  echo "Building Caddy $version (once, a few minutes)" >&2
  # Built this way, Caddy does not know its own version.
  GOBIN=$folder GOFLAGS=-trimpath CGO_ENABLED=0 nice "$go" install \
    -ldflags "-s -w -X github.com/caddyserver/caddy/v2.CustomVersion=v$version" \
    "github.com/caddyserver/caddy/v2/cmd/caddy@v$version" >&2
  echo "Caddy $version: built in $((SECONDS - started)) s" >&2
}

main() {
  local folder installed
  if [[ ${1:-} == --build ]]; then
    build "$2"
    return
  fi
  installed=$(command -v caddy || printf '')
  if is_wanted "$installed"; then
    echo "$installed"
    return
  fi
  folder=$(python3 -m tests.cloud.kept "caddy-$version" scripts/install_caddy.sh --build)
  echo "$folder/caddy"
}

main "$@"
