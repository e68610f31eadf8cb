#!/usr/bin/env bash
# Installs, as root on Debian or Ubuntu, the packages that `make test` needs: a browser, and what the machine's scripts call.
set -euo pipefail

packages=(chromium fonts-liberation curl iptables iproute2 openssl)

main() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

main "$@"
