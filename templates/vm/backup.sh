#!/usr/bin/env bash
# The whole studio in one file in the target bucket, and back:
#
#   backup.sh backup          by atelier-backup.timer every night
#   backup.sh list
#   backup.sh restore [NAME]  by a person, as root; without a name, the newest one
#
# A file has a dump of the database, what was uploaded, the project file, and facts.env: Label Studio's version is in it, and
# an older one refuses it. Not in it is what is in buckets anyway, and the secrets of this machine. What became of the last
# backup is told by the guest attribute atelier/backup; the phase stays the studio's own.
# shellcheck disable=SC2034  # services.sh reads etag and remedy.
set -euo pipefail

# shellcheck source=templates/vm/services.sh
. "${BASH_SOURCE[0]%/*}/services.sh"

STORAGE_URL=${STORAGE_URL:-https://storage.googleapis.com}
KEPT=${KEPT:-7}
SPARE_BYTES=200000000
FORM=1

draft=''
has_stopped=''
# Where a restore leaves what was there; for messages.
before=''

# give_up SENTENCE
give_up() {
  say "[backup] failed: $*"
  guest_attribute backup "failed $(date -u +%FT%TZ): $*"
  exit 1
}

clean_up() {
  [[ -z $draft ]] || rm -rf "$draft"
  [[ -z $has_stopped ]] || systemctl start atelier-watch
}

bucket() {
  setting "$CURRENT/settings.env" TARGET_BUCKET
}

folder() {
  printf 'backups/%s/' "$(setting "$CURRENT/settings.env" STACK)"
}

# storage PATH CURL-OPTIONS...: a request to Cloud Storage as this machine's account.
storage() {
  local path=$1
  shift
  token | sed 's/^/Authorization: Bearer /' | curl --silent --show-error --fail --globoff --connect-timeout 10 --retry 4 \
    --header @- "$@" "$STORAGE_URL$path"
}

# object NAME: its path in the JSON API.
object() {
  printf '/storage/v1/b/%s/o/%s' "$(bucket)" "${1//\//%2F}"
}

# The names of the stack's backups, oldest first.
names() {
  local answer
  answer=$(storage "/storage/v1/b/$(bucket)/o?prefix=$(folder)&fields=items(name)") || return
  { grep -o '"name" *: *"[^"]*"' <<<"$answer" || :; } | sed 's/.*: *"//; s/"$//' | sort
}

# sql DATABASE OPTIONS...: runs what stands on standard input; the bare values.
sql() {
  local database=$1
  shift
  compose "$CURRENT" exec -T postgres psql --username=labelstudio --dbname="$database" --no-psqlrc --quiet \
    --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"
}

require_studio() {
  [[ -e $HEALTHY ]] || give_up 'the studio has not been ready on this machine yet'
  exec 9>"$STATE/backup.lock"
  flock --nonblock 9 || give_up 'another backup or restore is at work'
}

# require_room BYTES
require_room() {
  local free
  free=$(df --output=avail --block-size=1 "$DATA" | tail -n 1)
  ((free > $1 + SPARE_BYTES)) ||
    give_up "it may take $(($1 / 1000000)) MB, and $((free / 1000000)) MB are free on the data disk; raise dataDiskGb"
}

ensure_draft() {
  # What was left by one that was switched off; the lock says that none is at work.
  rm -rf "$DATA"/.backup-*
  draft=$(mktemp -d "$DATA/.backup-XXXXXX")
}

backup() {
  local database files count name size
  require_studio
  ensure_draft
  database=$(sql postgres <<<'SELECT pg_database_size(current_database())') || give_up 'the database does not answer'
  files=$(du --bytes --summarize "$DATA/frontend" | cut -f 1)
  require_room $((2 * database + files))
  # The database comes first: what it names is there when the files are read, and what comes meanwhile is only too much.
  compose "$CURRENT" exec -T postgres pg_dump --username=labelstudio --format=custom postgres \
    </dev/null >"$draft/database" || give_up 'pg_dump failed; the log says why'
  count=$(sql postgres <<<'SELECT count(*) FROM task_completion') || give_up 'the database does not answer'
  cat >"$draft/facts.env" <<END
FORM=$FORM
MADE=$(date -u +%FT%TZ)
LABEL_STUDIO=$(cat "$DATA/frontend/initialised")
ANNOTATIONS=$count
BYTES=$((database + files))
END
  pack || give_up 'the files cannot be packed; the log says why'
  # With the number of annotations, so that the fullest one is known without a look into it.
  name=$(folder)$(date -u +%Y%m%dT%H%M%SZ).$count.tar.gz
  size=$(stat --format=%s "$draft/backup.tar.gz")
  storage "/upload/storage/v1/b/$(bucket)/o?uploadType=media&name=${name//\//%2F}" --request POST \
    --header 'Content-Type: application/gzip' --upload-file "$draft/backup.tar.gz" --output /dev/null ||
    give_up "gs://$(bucket)/$name cannot be written; the log says why"
  remove_old || give_up "$name is there, and older ones cannot be removed; the log says why"
  say "[backup] gs://$(bucket)/$name"
  guest_attribute backup "$(date -u +%FT%TZ): gs://$(bucket)/$name, annotations: $count, bytes: $size"
}

pack() {
  local status=0
  tar --create --gzip --file "$draft/backup.tar.gz" \
    --exclude=frontend/export --exclude=frontend/test_data --exclude=frontend/media/export \
    --directory "$draft" facts.env database --directory "$CURRENT" project --directory "$DATA" frontend || status=$?
  # 1: a file changed while it was read, as uploads do.
  ((status < 2))
}

# All but the newest, and the one with the most annotations: a week of empty studios must not take the place of the last one
# with the work in it.
remove_old() {
  local all name fullest
  all=$(names) || return
  fullest=$(awk -F / '{ split($NF, part, "."); print part[2], $0 }' <<<"$all" | sort -n | tail -n 1 | cut -d ' ' -f 2-)
  while read -r name; do
    [[ -z $name || $name == "$fullest" ]] || storage "$(object "$name")" --request DELETE || return
  done < <(head -n "-$KEPT" <<<"$all")
}

# fact NAME: of the backup that was unpacked. It is not run as a script: it comes from a bucket.
fact() {
  sed -n "s/^$1=//p" "$draft/studio/facts.env"
}

restore() {
  local name=${1:-}
  require_studio
  [[ -n $name ]] || name=$(names | tail -n 1) || give_up "gs://$(bucket) cannot be listed; the log says why"
  [[ -n $name ]] || give_up "there is no backup in gs://$(bucket)/$(folder)"
  ensure_draft
  storage "$(object "$name")?alt=media" --output "$draft/backup.tar.gz" || give_up "there is no gs://$(bucket)/$name"
  unpack "$name"
  load_database "$name"
  swap
  etag=$(cat "$STATE/seen")
  remedy=". What was before is in $before"
  start
  [[ -z $reason ]] || fail "the studio of $name does not start: $reason"
  apply_project
  ready "$(setting "$CURRENT/settings.env" ATELIER_URL) is open, as it was on $(fact MADE)"
  say "[backup] restored $name, annotations: $(fact ANNOTATIONS). What was before is in $before"
}

# unpack NAME: into $draft/studio, and looks whether it can be used.
unpack() {
  local here there
  require_room $((2 * $(stat --format=%s "$draft/backup.tar.gz")))
  mkdir "$draft/studio"
  tar --extract --gzip --file "$draft/backup.tar.gz" --directory "$draft/studio" --no-same-owner ||
    give_up "$1 is damaged. Nothing was changed"
  [[ $(fact FORM) == "$FORM" && -s $draft/studio/database && -d $draft/studio/frontend ]] ||
    give_up "$1 is no backup of this form. Nothing was changed"
  # The database of before stays beside it.
  require_room "$(fact BYTES)"
  # Lost with all the rest: then the frontend itself says whether it can read the database.
  here=$(cat "$DATA/frontend/initialised" 2>/dev/null) || here=$(fact LABEL_STUDIO)
  there=$(fact LABEL_STUDIO)
  [[ $(printf '%s\n' "$here" "$there" | sort --version-sort | tail -n 1) == "$here" ]] ||
    give_up "$1 is of Label Studio $there, and $here runs here, which cannot read its database. Update Atelier first"
}

# load_database NAME: beside the one that is there, while people go on.
load_database() {
  local token known
  sql template1 <<<'DROP DATABASE IF EXISTS restored' || give_up 'the database does not answer. Nothing was changed'
  sql template1 <<<'CREATE DATABASE restored'
  compose "$CURRENT" exec -T postgres pg_restore --username=labelstudio --dbname=restored --exit-on-error --no-owner \
    <"$draft/studio/database" || give_up "the database of $1 cannot be loaded. Nothing was changed"
  # The services of this machine know this machine's token.
  token=$(cat "$DATA/secrets/api_token")
  known=$(sql restored --set=email="$(setting "$CURRENT/settings.env" ADMIN_EMAIL)" <<END
UPDATE authtoken_token SET key = '$token'
WHERE user_id = (SELECT id FROM htx_user WHERE lower(email) = lower(:'email')) RETURNING user_id;
END
  )
  [[ -n $known ]] || give_up "$1 has no account of adminEmail with a token. Nothing was changed"
}

# Nothing is deleted: the database and the files of before get other names.
swap() {
  local stamp
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  before="the database before-$stamp and $DATA/frontend-before-$stamp"
  has_stopped=yes
  systemctl stop atelier-watch
  compose "$CURRENT" stop caddy frontend segmentation segment_anything_model
  sql template1 <<END
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('postgres', 'restored') \g /dev/null
BEGIN;
ALTER DATABASE postgres RENAME TO "before-$stamp";
ALTER DATABASE restored RENAME TO postgres;
COMMIT;
END
  mv "$DATA/frontend" "$DATA/frontend-before-$stamp"
  mv "$draft/studio/frontend" "$DATA/frontend"
  chown -R "$CONTAINER_ID:$CONTAINER_ID" "$DATA/frontend"
  sync -f "$DATA"
}

main() {
  trap clean_up EXIT
  case ${1:-} in
    backup) backup ;;
    list) names ;;
    restore) restore "${2:-}" ;;
    *) give_up "backup.sh knows backup, list and restore, not ${1:-nothing}" ;;
  esac
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
