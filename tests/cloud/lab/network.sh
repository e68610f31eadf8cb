#!/usr/bin/env bash
# The first process of the cloud's network namespace; network.py starts it with a folder.
set -euo pipefail

main() {
  local folder=$1
  rm -f "$folder/ready"
  hostname cloud
  ip link set lo up
  local address
  for address in 169.254.169.254 10.99.0.1 10.99.0.2 10.99.0.4 203.0.113.3; do
    ip addr add "$address/32" dev lo
  done
  # What no service answers must not leave for the host's network: a cloud's host has a metadata server too.
  ip route add unreachable 169.254.0.0/16
  ip route add unreachable 10.99.0.0/16
  sysctl -qw net.ipv4.ip_forward=1
  iptables -t nat -A POSTROUTING -o tap0 -j MASQUERADE
  echo 'nameserver 10.0.2.3' >"$folder/resolv.conf"
  [[ -e $folder/hosts ]] || echo '127.0.0.1 localhost' >"$folder/hosts"
  mount --bind "$folder/resolv.conf" /etc/resolv.conf
  mount --bind "$folder/hosts" /etc/hosts
  touch "$folder/ready"
  # A shell, because the first process of a pid namespace has to collect every orphan in it.
  while :; do
    sleep 3600 &
    wait "$!"
  done
}

main "$@"
