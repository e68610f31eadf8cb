#!/usr/bin/env bash
# Makes sure that the browser tests find a Chromium. Prints nothing where one is installed.
set -euo pipefail

advice='The browser tests need Chromium: install it (Debian, Ubuntu: scripts/install_test_packages.sh as root;
macOS: brew install --cask chromium; Fedora: dnf install chromium), or name any Chromium or Chrome in CHROMIUM=/path/to/browser, then run the same command again.'

present() {
  [[ -n ${CHROMIUM:-} && -x $CHROMIUM ]] && return
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

install_by_apt() {
  local sudo=()
  if ((EUID != 0)); then
    # Only where it needs no password: nobody may be there to type one.
    sudo=(sudo -n)
    "${sudo[@]}" true 2>/dev/null || return 1
  fi
  echo 'Installing Chromium with apt-get (about 300 MB) for the browser tests.'
  "${sudo[@]}" "$(dirname "$0")/apt_install.sh" chromium fonts-liberation
}

main() {
  present && return
  if command -v apt-get >/dev/null && install_by_apt && present; then
    return
  fi
  echo "$advice" >&2
  return 1
}

main "$@"
