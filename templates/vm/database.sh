#!/usr/bin/env bash
# The database on the way to another version of Label Studio and back. A version changes the tables at its start, and the one
# before it may not work on what came of that: so the database is kept first, and goes back with a version that does not come up.
# shellcheck disable=SC2034  # services.sh reads reason.
set -euo pipefail

# shellcheck source=templates/vm/startup.sh
. "${BASH_SOURCE[0]%/*}/startup.sh"

# Kept until the next update, for whoever needs it later.
DUMP=$DATA/before-update.dump
# There while what the dump holds is what goes back: until the new version came up.
DUMPED=$STATE/dumped
# There until the dump has taken the database's place.
RESTORING=$STATE/restoring

frontend_image() {
  setting "$1/images.env" FRONTEND_IMAGE
}

in_postgres() {
  compose "$CURRENT" exec --no-TTY postgres "$@"
}

# A script is not on its own network: by the socket, the image lets its owner in without a password.
start_postgres() {
  compose "$CURRENT" up --detach --wait --wait-timeout "$HEALTHY_SECONDS" postgres
}

dump() {
  # Nobody may write any more: what the dump has not would be gone with it.
  compose "$CURRENT" stop frontend && start_postgres &&
    in_postgres pg_dump --username=labelstudio --format=custom --compress=1 postgres >"$DUMP.part" &&
    sync "$DUMP.part" && mv "$DUMP.part" "$DUMP"
}

# save_database, once $CURRENT is the new version and before it starts.
save_database() {
  local said
  [[ -d $PREVIOUS && $(frontend_image "$CURRENT") != "$(frontend_image "$PREVIOUS")" ]] || return 0
  phase database 'keeping the database as it is before the new version of Label Studio'
  rm -f "$DUMPED"
  if ! said=$(dump 2>&1); then
    rm -f "$DUMP.part"
    reason="the database could not be kept as it is, so the new version was not started: $(tail -n 1 <<<"$said" | cut -c 1-300)"
    return 0
  fi
  chmod 0600 "$DUMP"
  touch "$DUMPED"
}

# The new version came up: people may have labeled since, and that stays.
accept_database() {
  rm -f "$DUMPED"
}

# return_database, once $CURRENT is the version before again. Whatever interrupts it, the next start begins it anew.
return_database() {
  [[ -e $DUMPED ]] || return 0
  # It is something else that did not come up.
  if [[ $(compose "$CURRENT" ps --format '{{.Health}}' frontend 2>/dev/null) == healthy ]]; then
    accept_database
  else
    mv "$DUMPED" "$RESTORING"
  fi
}

restore_database() {
  local said
  say 'putting the database back as it was before the new version of Label Studio'
  if ! said=$(restore 2>&1); then
    reason="the database could not be put back from $DUMP: $(tail -n 1 <<<"$said" | cut -c 1-300)"
    return 0
  fi
  rm "$RESTORING"
}

restore() {
  compose "$CURRENT" rm --stop --force frontend && start_postgres &&
    in_postgres dropdb --username=labelstudio --maintenance-db=template1 --if-exists --force postgres &&
    in_postgres pg_restore --username=labelstudio --dbname=template1 --create --exit-on-error <"$DUMP"
}
