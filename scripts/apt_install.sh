#!/usr/bin/env bash
# Installs packages on Debian or Ubuntu, as root: scripts/apt_install.sh PACKAGE...
#
# Two at once wait for each other, and for whoever else holds dpkg's lock. What an earlier one left half installed,
# because it was killed, is finished first: until then dpkg refuses everything.
set -euo pipefail

readonly LOCK_SECONDS=600

main() {
  (($#)) || { sed -n '2s/^# //p' "$0" >&2; return 2; }
  export DEBIAN_FRONTEND=noninteractive
  exec 9</var/lib/dpkg
  flock 9
  apt-get update -qq
  install "$@" && return
  echo 'An earlier installation was interrupted, or a download failed: finishing it, then once more.' >&2
  dpkg --configure -a >/dev/null
  apt-get -o "DPkg::Lock::Timeout=$LOCK_SECONDS" install -y -qq --fix-broken >/dev/null
  install "$@"
}

install() {
  apt-get -o "DPkg::Lock::Timeout=$LOCK_SECONDS" install -y -qq --no-install-recommends "$@" >/dev/null 9<&-
}

main "$@"
