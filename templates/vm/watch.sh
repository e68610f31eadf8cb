#!/usr/bin/env bash
# The unit atelier-watch: has services.sh roll what changed when the machine's metadata change, look after what runs when
# they do not, and try again what failed. In between, idle.sh looks whether anybody is there.
set -euo pipefail

# shellcheck source=templates/vm/startup.sh
. "${BASH_SOURCE[0]%/*}/startup.sh"

WAIT_SECONDS=${WAIT_SECONDS:-600}
# Between tries, doubled each time.
RETRY_SECONDS=${RETRY_SECONDS:-120}
LONGEST_SECONDS=${LONGEST_SECONDS:-3600}

scripts_digest() {
  # A machine that has run since before there was one of them gets it by ensure_scripts.
  { cat "$STATE"/{startup,services,database,watch,idle}.sh 2>/dev/null || :; } | sha256sum
}

# A change waits until what runs was looked after, which may take minutes and says nothing. Pulumi up takes a report that
# stays as it is for the answer to its change, so the change is noticed in another one.
roll() {
  local run
  bash "$STATE/services.sh" roll &
  run=$!
  while kill -0 "$run" 2>/dev/null; do
    has_changed "$1" 2 || continue
    [[ $(cat "$STATE/phase") != @(ready|failed) ]] || report project 'the metadata changed, that comes next'
    break
  done
  wait "$run"
}

main() {
  local seen now pause=$RETRY_SECONDS longest status scripts
  # What the boot knew, or the watch before this one.
  local seconds=$((RETRY_SECONDS < WAIT_SECONDS ? RETRY_SECONDS : WAIT_SECONDS))
  seen=$(cat "$STATE/seen" 2>/dev/null) || seen=0
  while true; do
    if ! now=$(changed_since "$seen" "$seconds"); then
      sleep 5
      continue
    fi
    if [[ $now != "$seen" ]]; then
      pause=$RETRY_SECONDS
      [[ $seen == 0 ]] || touch "$CHANGED"
    fi
    scripts=$(scripts_digest)
    ensure_scripts
    # A shell goes on with the functions that it read at its start.
    [[ $(scripts_digest) == "$scripts" ]] || exec bash "$STATE/watch.sh"
    status=0
    roll "$now" || status=$?
    bash "$STATE/idle.sh" || say 'whether anybody labels could not be seen; the machine stays on'
    seen=$now
    if ((status == 0)); then
      seconds=$WAIT_SECONDS
      pause=$RETRY_SECONDS
    else
      longest=$((status == 3 ? WAIT_SECONDS : LONGEST_SECONDS))
      seconds=$((pause < longest ? pause : longest))
      pause=$((seconds * 2))
    fi
  done
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
