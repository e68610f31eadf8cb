#!/usr/bin/env bash
# Makes sure that there is a Docker Compose v2, for `docker compose config`, which needs no daemon; prints its command.
# Where docker has none, Debian 13's plugin, the very one that the machine runs, is unpacked (not installed) into the cache.
set -euo pipefail

cd "$(dirname "$0")/.."
advice='Docker Compose v2 is needed to check templates/vm/compose.yml: install Docker with its compose plugin
(https://docs.docker.com/compose/install/), then run the same command again.'
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The machine's own mirror: the first address in apt's sources.
mirror() {
  local files=()
  shopt -s nullglob
  files=(/etc/apt/sources.list.d/*.sources /etc/apt/sources.list)
  awk '/^URIs:/ {print $2; exit} /^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' "${files[@]}"
}

# apt with sources, lists and caches of its own in folder $1, so that the machine's stay as they are.
own_apt() {
  local folder=$1
  shift
  apt-get -qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$folder/lists" -o Dir::State::status="$folder/status" -o Dir::Cache="$folder/cache" \
    -o APT::Sandbox::User="$(id -un)" "$@"
}

unpack() {
  local folder=$1 from
  from=$(mirror)
  if [[ -z $from || ! -f $keyring ]] || ! command -v dpkg >/dev/null; then
    echo "$advice" >&2
    return 1
  fi
  echo "Fetching Debian 13's docker-compose (15 MB)" >&2
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,debs,root}
  : >"$folder/status"
  echo "deb [signed-by=$keyring] $from trixie main" >"$folder/sources.list"
  own_apt "$folder" update >&2
  (cd "$folder/debs" && own_apt "$folder" download docker-compose >&2)
  dpkg -x "$folder"/debs/docker-compose_*.deb "$folder/root"
  mv "$folder/root/usr/libexec/docker/cli-plugins/docker-compose" "$folder/docker-compose"
  rm -r "$folder"/{lists,cache,debs,root}
}

main() {
  local folder
  if [[ ${1:-} == --unpack ]]; then
    unpack "$2"
    return
  fi
  if docker compose version >/dev/null 2>&1; then
    echo 'docker compose'
    return
  fi
  folder=$(python3 -m tests.cloud.kept compose scripts/install_compose.sh --unpack)
  echo "$folder/docker-compose"
}

main "$@"
