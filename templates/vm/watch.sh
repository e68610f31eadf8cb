#!/usr/bin/env bash
# The unit atelier-watch: waits until the machine's metadata changes, then has services.sh roll what changed.
set -euo pipefail

# shellcheck source=templates/vm/startup.sh
. "${BASH_SOURCE[0]%/*}/startup.sh"

WAIT_SECONDS=${WAIT_SECONDS:-600}
RETRY_SECONDS=${RETRY_SECONDS:-120}

# changed_since ETAG SECONDS: the ETag of the attributes, as soon as it is another one, or the same one after SECONDS.
changed_since() {
  # The answer itself holds the key and the password, and is thrown away: services.sh fetches what it needs.
  curl --silent --show-error --fail --max-time $(($2 + 30)) --header 'Metadata-Flavor: Google' --output /dev/null \
    --write-out '%header{etag}' \
    "$METADATA_URL/instance/attributes/?recursive=true&wait_for_change=true&timeout_sec=$2&last_etag=$1"
}

scripts_digest() {
  cat "$STATE"/{startup,services,watch}.sh | sha256sum
}

main() {
  local seen=0 now seconds=$WAIT_SECONDS scripts
  while true; do
    if ! now=$(changed_since "$seen" "$seconds"); then
      sleep 5
      continue
    fi
    [[ $now != "$seen" || $seconds != "$WAIT_SECONDS" ]] || continue
    scripts=$(scripts_digest)
    ensure_scripts
    # A shell goes on with the functions that it read at its start.
    [[ $(scripts_digest) == "$scripts" ]] || exec bash "$STATE/watch.sh"
    seconds=$WAIT_SECONDS
    bash "$STATE/services.sh" roll || seconds=$RETRY_SECONDS
    seen=$now
  done
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
