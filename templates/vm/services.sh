#!/usr/bin/env bash
# Makes the studio's containers agree with the machine's metadata: `boot` at every boot, `roll` when the metadata changed and
# every ten minutes, when it looks after what runs: the containers and, by `studio apply`, the project, its key and buckets.
# What runs is $STATE/current; a new set is fetched beside it, pulled, and started. If it does not become healthy, the one
# before it takes its place again. Which set runs is told by the guest attribute atelier/running: the SHA-256 of the
# attribute atelier-images it was made from.
# shellcheck disable=SC2034  # startup.sh reads remedy and failure.
set -euo pipefail

# startup.sh's functions, too.
# shellcheck source=templates/vm/database.sh
. "${BASH_SOURCE[0]%/*}/database.sh"

NEXT=$STATE/next
CURRENT=$STATE/current
PREVIOUS=$STATE/previous
# There once $CURRENT was healthy.
HEALTHY=$STATE/healthy
# The set that did not become healthy; why is in refused.reason. It is tried again when the metadata changes, or when this
# folder is deleted.
REFUSED=$STATE/refused
GOOGLE=$STATE/google
HEALTHY_SECONDS=${HEALTHY_SECONDS:-600}
PULL_TRIES=${PULL_TRIES:-30}
SECRETS_URL=${SECRETS_URL:-https://secretmanager.googleapis.com}
SECRET_TRIES=${SECRET_TRIES:-30}
SECRET_PAUSE=${SECRET_PAUSE:-10}
# In memory: the registry's token is gone after an hour, and should not outlive it on a disk.
export DOCKER_CONFIG=$ROOT/run/atelier/docker

# The end of what `fail` says. Its status, $failure, is 3 where the next try costs little and may come soon.
remedy='. This is tried again by itself within the hour, and at once when pulumi up changes something'
# The attributes' ETag when they were fetched.
etag=''
# Set where nothing new is started: phases would be taken for an update.
quiet=''

# Why the last of prepare, pull and start did not get there; empty when it did. A status would switch `set -e` off in them.
reason=''

phase() {
  [[ -n $quiet ]] || report "$@"
}

fetch() {
  etag=$(changed_since 0 1) || fail 'the metadata server does not answer for the attributes'
  # watch.sh goes on from here.
  echo "$etag" >"$STATE/seen"
  rm -rf "$NEXT"
  install -d -m 0700 "$NEXT" "$STATE/incoming"
  install -d -m 0755 "$NEXT/project" "$NEXT/project/projects"
  required_attribute atelier-compose "$NEXT/compose.yml"
  attribute atelier-compose-tls "$NEXT/compose.tls.yml" || :
  attribute atelier-compose-gpu "$NEXT/compose.gpu.yml" || :
  required_attribute atelier-caddyfile "$NEXT/Caddyfile"
  required_attribute atelier-env "$NEXT/settings.env"
  required_attribute atelier-images "$NEXT/images.env"
  fetch_project
  fetch_admin_password
  fetch_google_key
  machine_settings | write_file 0600 "$NEXT/machine.env"
  rm -r "$STATE/incoming"
}

# The labeling config lies where the project file says it is, seen from there.
fetch_project() {
  local project=$NEXT/project/projects/project.yaml named config
  required_attribute atelier-project "$project"
  named=$(sed -n "s/^labeling_config:[[:space:]]*[\"']\{0,1\}\([^\"'#]*[^\"'#[:space:]]\).*/\1/p" "$project")
  config=$(realpath --canonicalize-missing "$NEXT/project/projects/$named")
  [[ -n $named && $named != /* && $config == "$NEXT/project/"* ]] ||
    fail "the project file names the labeling config '$named'; it has to be a path in its folder or beside that"
  mkdir -p "${config%/*}"
  required_attribute atelier-labeling-config "$config"
  chmod -R a+rX "$NEXT/project"
}

# The attribute names the secret's version. Without an answer the password that is here stays: a later look asks again.
fetch_admin_password() {
  local name file=$DATA/secrets/admin_password answer=$STATE/incoming/password number code=''
  name=$(setting "$NEXT/settings.env" ADMIN_PASSWORD_SECRET)
  [[ -n $name ]] || fail "the attribute atelier-env names no ADMIN_PASSWORD_SECRET; pulumi up sets it"
  # A role that was just given is known everywhere after some minutes:
  # https://cloud.google.com/iam/docs/access-change-propagation
  for ((number = 1; number <= SECRET_TRIES; number++)); do
    ((number == 1)) || sleep "$SECRET_PAUSE"
    # Standard input: an argument could be read by every process of the machine.
    code=$(token | sed 's/^/Authorization: Bearer /' | curl --silent --max-time 30 --header @- --output "$answer" \
      --write-out '%{http_code}' "$SECRETS_URL/v1/$name:access") || :
    [[ $code != 200 && ! -s $file ]] || break
    phase pull "Secret Manager does not give $name to this machine's service account (status $code), try $number of $SECRET_TRIES"
  done
  if [[ $code != 200 ]]; then
    [[ -s $file ]] || fail "Secret Manager does not give $name to this machine's service account (status $code)"
    say "Secret Manager does not give $name (status $code); the admin password that is here stays"
    return
  fi
  sed -n 's/.*"data" *: *"\([^"]*\)".*/\1/p' "$answer" | base64 --decode | write_file 0600 "$file"
  rm "$answer"
  [[ -s $file ]] || fail "the secret $name is empty"
  chown "$CONTAINER_ID:$CONTAINER_ID" "$file"
}

fetch_google_key() {
  local key=$STATE/incoming/key.json
  install -d -m 0700 -o "$CONTAINER_ID" -g "$CONTAINER_ID" "$GOOGLE"
  if ! attribute GOOGLE_APPLICATION_CREDENTIALS_BASE64 "$key.base64"; then
    rm -f "$GOOGLE/key.json"
    return
  fi
  if ! base64 --decode "$key.base64" >"$key" 2>/dev/null || ! grep -q '"private_key"' "$key"; then
    fail "GOOGLE_APPLICATION_CREDENTIALS_BASE64 is not a service account key in base64"
  fi
  # A key that stays keeps its file: the containers have it mounted.
  cmp --silent "$key" "$GOOGLE/key.json" || install -m 0400 -o "$CONTAINER_ID" -g "$CONTAINER_ID" "$key" "$GOOGLE/key.json"
}

digest() {
  [[ ! -f $1 ]] || sha256sum "$1" | cut -c 1-16
}

# What compose.yml asks for beside the settings. A changed digest replaces exactly the containers that read that file.
machine_settings() {
  local host
  host=$(setting "$NEXT/settings.env" ATELIER_URL)
  host=${host#*://}
  cat <<END
RUN_AS=$CONTAINER_ID:$CONTAINER_ID
DATA_DIR=$DATA
SECRETS_DIR=$DATA/secrets
GOOGLE_DIR=$GOOGLE
PROJECT_DIR=$CURRENT/project
CADDYFILE=$CURRENT/Caddyfile
PUBLISH_ADDRESS=0.0.0.0
PUBLIC_HOST=${host%%[:/]*}
CADDYFILE_HASH=$(digest "$NEXT/Caddyfile")
GOOGLE_KEY_HASH=$(digest "$GOOGLE/key.json")
SECRETS_HASH=$(digest "$DATA/secrets/admin_password")
END
  # A machine that has run since before startup.sh made the list gets it at its next boot.
  if [[ -s $CDI_LIST && $(docker info --format '{{len .CDISpecDirs}}' 2>/dev/null) == [1-9]* ]]; then
    echo 'GPU_DRIVER=cdi'
    echo 'GPU_DEVICES=nvidia.com/gpu=all'
  fi
}

# The machine's own access token.
token() {
  curl --silent --show-error --fail --max-time 30 --retry 3 --header 'Metadata-Flavor: Google' \
    "$METADATA_URL/instance/service-accounts/default/token" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'
}

# compose FOLDER ARGUMENTS...
compose() {
  local folder=$1 file files=()
  shift
  for file in compose.yml compose.tls.yml compose.gpu.yml; do
    [[ ! -f $folder/$file ]] || files+=(--file "$folder/$file")
  done
  docker compose --ansi never --progress quiet --project-directory "$folder" "${files[@]}" \
    --env-file "$folder/settings.env" --env-file "$folder/images.env" --env-file "$folder/machine.env" "$@"
}

missing_images() {
  local image
  for image in $(compose "$1" config --images | sort -u); do
    docker image inspect "$image" >/dev/null 2>&1 || echo "$image"
  done
}

log_in() {
  local hosts host said
  hosts=$(setting "$NEXT/settings.env" REGISTRY_HOSTS)
  for host in ${hosts//,/ }; do
    # Docker's own words tell a refusal from a registry that cannot be reached.
    said=$(docker login --username oauth2accesstoken --password-stdin "https://$host" <<<"$(token)" 2>&1 >/dev/null) ||
      { echo "$host does not let this machine's service account in: $(tail -n 1 <<<"$said")" && return 1; }
  done
}

# With all images here, no registry is asked.
pull() {
  local number pause=2 output before=''
  reason=''
  [[ -n $(missing_images "$NEXT") ]] || return 0
  : >"$PULLING"
  sync "$PULLING"
  for ((number = 1; number <= PULL_TRIES; number++)); do
    reason=''
    [[ -n $(missing_images "$NEXT") ]] || break
    report pull "fetching the images, try $number of $PULL_TRIES$before"
    output=$(log_in 2>&1 && compose "$NEXT" pull --quiet --policy missing 2>&1) && continue
    before=$(tail -n 1 <<<"$output" | cut -c 1-600)
    reason="the images could not be fetched: $before"
    before="; the one before: $before"
    say "$output"
    # Each further try would download gigabytes to end in the same place.
    [[ $output != *'no space left on device'* ]] || break
    # Who mends a reference to an image that does not exist, does not wait for the other tries.
    ! has_changed "$etag" "$pause" || break
    pause=$((pause < 30 ? pause * 2 : 30))
  done
  [[ -z $(missing_images "$NEXT") ]] || reason=${reason:-"the images were fetched and are not there"}
  [[ ! -d $ROOT/var/lib/docker ]] || sync -f "$ROOT/var/lib/docker"
  rm "$PULLING"
}

start() {
  local up=(up --detach --wait --wait-timeout "$HEALTHY_SECONDS")
  reason=''
  [[ ! -e $RESTORING ]] || restore_database
  [[ -z $reason ]] || return 0
  phase database 'starting the database and Label Studio'
  # Caddy meanwhile asks for its certificate.
  compose "$CURRENT" "${up[@]}" frontend caddy || reason=$(unhealthy)
  [[ -z $reason ]] || return 0
  accept_database
  phase models 'loading the models'
  compose "$CURRENT" "${up[@]}" --remove-orphans || reason=$(unhealthy)
  [[ -n $reason ]] || touch "$HEALTHY"
}

# One sentence for the message; the logs of whoever is not well go into files beside.
unhealthy() {
  local service state found=''
  while read -r service state; do
    # Without the escape sequences that compose writes for a terminal.
    compose "$CURRENT" logs --tail 40 --no-log-prefix --no-color "$service" 2>&1 | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' >"$STATE/$service.log" || :
    found+="; $service is $state: $(last_words "$STATE/$service.log")"
  done < <(compose "$CURRENT" ps --all --format '{{.Service}} {{.State}} {{.Health}}' | sed -E '/ running( healthy)?[[:space:]]*$/d')
  echo "${found:-; a container did not start, the log says which}" | cut -c 3-700
}

# A Python program's own error, which the server around it may have said more about; else the last line.
last_words() {
  { grep -E '^[A-Za-z_.]+(Error|Exception): ' "$1" || grep '[^[:space:]]' "$1"; } | tail -n 1 | cut -c 1-300
}

# Its output may hold passwords that were just made and are shown only once: it stays in a file of root's, and never goes to
# the log or the serial port.
apply_project() {
  local log=$STATE/apply.log before said status=0 words=()
  phase project 'applying the project'
  # Unasked, nothing is changed that a person may have set in Label Studio since.
  [[ -z $quiet ]] || words=(python -m studio apply /project/projects/project.yaml --data-only)
  (umask 077 && date -u '+%F %T' >>"$log")
  before=$(wc -l <"$log")
  compose "$CURRENT" run --rm --no-TTY apply "${words[@]}" >>"$log" 2>&1 || status=$?
  [[ $status -eq 3 ]] || rm -f "$LEFT"
  [[ $status -ne 0 ]] || return 0
  said=$(tail -n "+$((before + 1))" "$log" | grep '^studio:' | tail -n 1 | cut -c 1-600) || said=$(unhealthy)
  # 3 and 4: the project is applied, and some images have no pre-label, yet or for good. The next look asks again for those
  # that may still get one.
  if [[ $status -eq 3 || $status -eq 4 ]]; then
    [[ $status -ne 3 ]] || touch "$LEFT"
    say "$said"
    return 0
  fi
  failure=3
  fail "the project could not be applied: $said ($log). The studio stays open"
}

adopt() {
  rm -rf "$PREVIOUS" "$HEALTHY"
  [[ ! -d $CURRENT ]] || mv "$CURRENT" "$PREVIOUS"
  mv "$NEXT" "$CURRENT"
}

roll_back() {
  [[ -d $PREVIOUS ]] || fail "$reason"
  say "going back to the previous version: $reason"
  rm -rf "$REFUSED"
  mv "$CURRENT" "$REFUSED"
  mv "$PREVIOUS" "$CURRENT"
  return_database
  local why=$reason
  echo "$why" >"$REFUSED.reason"
  start
  [[ -z $reason ]] || fail "the new version is refused ($why), and going back failed: $reason"
  ready "the new version did not become healthy, the one before it runs: $why"
}

ready() {
  guest_attribute running "$(sha256sum "$CURRENT/images.env" | cut -c 1-64)"
  # It would be taken for the answer to what changed meanwhile.
  if has_changed "$etag" 1; then
    report project 'the metadata changed meanwhile, that comes next'
  else
    report ready "$1"
  fi
}

# Those of the set before stay: going back must not need a registry.
remove_old_images() {
  local kept image
  kept=$(for folder in "$CURRENT" "$PREVIOUS"; do [[ ! -d $folder ]] || compose "$folder" config --images; done)
  docker image ls --format '{{.Repository}}@{{.Digest}} {{.Repository}}:{{.Tag}}' | while read -r image tagged; do
    grep -qFx -e "$image" -e "$tagged" <<<"$kept" || docker image rm "$image" >/dev/null 2>&1 || :
  done
}

# $NEXT, fetched, valid and pulled, or the $reason why it cannot run.
prepare() {
  fetch
  if [[ -d $REFUSED && -d $CURRENT ]] && diff -rq "$NEXT" "$REFUSED" >/dev/null; then
    reason="the version in the metadata was refused before, it did not become healthy: $(cat "$REFUSED.reason")" || :
  elif reason=$(compose "$NEXT" config --quiet 2>&1); then
    pull
  else
    reason="compose refuses its files: ${reason:-no reason given}"
  fi
}

is_current() {
  diff -rq "$NEXT" "$CURRENT" >/dev/null 2>&1
}

deploy() {
  cp "$NEXT/settings.env" "$STATE/boot.env"
  ensure_firewall "$(setting "$STATE/boot.env" AUTH_MODE)"
  if ! is_current; then
    adopt
    save_database
  fi
  [[ -n $reason ]] || start
  if [[ -n $reason ]]; then
    roll_back
    return
  fi
  rm -rf "$REFUSED"
  apply_project
  remove_old_images
  ready "$(setting "$CURRENT/settings.env" ATELIER_URL) is open"
}

# What ran before, where there is no way to the version in the metadata.
go_on() {
  local why=$reason
  [[ -d $CURRENT ]] || fail "$why"
  start
  [[ -z $reason ]] || fail "$why; and the previous version does not start: $reason"
  apply_project
  ready "what runs goes on: $why"
}

# Does not go back to the version before: what was healthy once may become so again.
look_after() {
  start
  if [[ -n $reason ]]; then
    failure=3
    fail "a running container is unhealthy: $reason"
  fi
  apply_project
  ready "$(setting "$CURRENT/settings.env" ATELIER_URL) is open"
}

boot() {
  prepare
  if [[ -n $reason ]]; then go_on; else deploy; fi
}

# Status 1: it may end better later, and a try may download gigabytes.
roll() {
  prepare
  if [[ -n $reason ]]; then
    quiet=yes
    go_on
    # All is said.
    trap - EXIT
    [[ -z $(missing_images "$NEXT") ]]
  elif is_current && [[ -e $HEALTHY ]]; then
    quiet=yes
    look_after
  else
    deploy
  fi
}

main() {
  trap on_exit EXIT
  case ${1:-} in
    boot | roll) "$1" ;;
    *) fail "services.sh knows boot and roll, not ${1:-nothing}" ;;
  esac
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
