#!/usr/bin/env bash
# Installs, as root on Debian or Ubuntu, the packages that `make test` needs: a browser, and what the machine's scripts call.
set -euo pipefail

# python3-venv: `pulumi install` makes an environment with it.
packages=(curl iptables iproute2 openssl python3-venv)

main() {
  # Ubuntu has Chromium as a snap alone; any browser of its family serves.
  if ! type -P chromium chromium-browser google-chrome >/dev/null; then
    packages+=(chromium fonts-liberation)
  fi
  "$(dirname "$0")/apt_install.sh" "${packages[@]}"
}

main "$@"
