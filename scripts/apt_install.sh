#!/usr/bin/env bash
# Installs packages on Debian or Ubuntu, as root: scripts/apt_install.sh PACKAGE...
#
# Two at once wait for each other, and for whoever else holds dpkg's lock. What an earlier one left half installed,
# because it was killed, is finished first: until then dpkg refuses everything. What is installed stays as it is, in its
# version and its settings: whoever runs a test has not asked for an upgrade.
set -euo pipefail

readonly LOCK_SECONDS=600

main() {
  (($#)) || { sed -n '2s/^# //p' "$0" >&2; return 2; }
  export DEBIAN_FRONTEND=noninteractive
  exec 9</var/lib/dpkg
  flock 9
  # Where nothing is missing this takes no trip to the network. What goes wrong at first is not worth a word: there are no
  # lists of packages yet, or old ones, or dpkg was interrupted.
  local remedy
  for remedy in finish renew_lists; do
    install "$@" 2>/dev/null && return
    "$remedy"
  done
  install "$@"
}

# What it cannot mend, the last try tells.
finish() {
  dpkg --force-confold --configure -a </dev/null >/dev/null 2>&1 9<&- || :
}

renew_lists() {
  apt_get update
  apt_get install --fix-broken
}

install() {
  apt_get install --no-upgrade --no-install-recommends "$@"
}

# Nobody is there to answer a question: no input, and dpkg keeps the settings that it finds.
apt_get() {
  apt-get -y -qq -o "DPkg::Lock::Timeout=$LOCK_SECONDS" -o Dpkg::Options::=--force-confold "$@" </dev/null >/dev/null 9<&-
}

main "$@"
