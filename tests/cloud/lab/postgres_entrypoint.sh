#!/usr/bin/env bash
# What two of the official image's scripts do with the settings that the project uses, under the names of both:
# docker-entrypoint.sh and docker-ensure-initdb.sh of https://github.com/docker-library/postgres
set -euo pipefail

# initdb wants its user to have a name; a container's user need not be in /etc/passwd.
name_the_user() {
  id --name --user >/dev/null 2>&1 && return
  export NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/tmp/group
  echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$NSS_WRAPPER_PASSWD"
  echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
  LD_PRELOAD=$(echo /usr/lib/*/libnss_wrapper.so)
  export LD_PRELOAD
}

initialize() {
  local password=${POSTGRES_PASSWORD:-}
  [[ -z ${POSTGRES_PASSWORD_FILE:-} ]] || password=$(<"$POSTGRES_PASSWORD_FILE")
  name_the_user
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$password") \
    --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --wait --options="-c listen_addresses=''" start
  [[ ${POSTGRES_DB:-postgres} == postgres ]] ||
    psql --username="$POSTGRES_USER" --dbname=postgres --command="CREATE DATABASE \"$POSTGRES_DB\""
  pg_ctl --pgdata="$PGDATA" --wait stop
  unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

ensure_initialized() {
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA"
  [[ -s $PGDATA/PG_VERSION ]] || initialize
}

main() {
  if [[ ${0##*/} == docker-ensure-initdb.sh ]]; then
    ensure_initialized
    return
  fi
  if [[ ${1:-} == postgres ]]; then
    ensure_initialized
    set -- "$@" -c 'listen_addresses=*' -c unix_socket_directories=/var/run/postgresql
  fi
  exec "$@"
}

main "$@"
