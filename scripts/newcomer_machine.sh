#!/usr/bin/env bash
# The first process of a stranger's machine: newcomer.sh starts it in new namespaces with the root file system's folder.
set -euo pipefail

main() {
  local root=$1 node
  mount --make-rprivate /
  # pivot_root wants a mount; a chroot would not do: the kernel refuses user namespaces in one.
  mount --bind "$root" "$root"
  cd "$root"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t tmpfs -o mode=1777 tmpfs tmp
  mount -t tmpfs -o mode=755 dev dev
  mkdir dev/pts dev/shm
  for node in null zero full random urandom tty; do
    touch "dev/$node"
    mount --bind "/dev/$node" "dev/$node"
  done
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
  mount -t tmpfs -o mode=1777 shm dev/shm
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  ln -s /proc/self/fd/0 dev/stdin
  ln -s /proc/self/fd/1 dev/stdout
  ln -s /proc/self/fd/2 dev/stderr
  hostname newcomer
  echo newcomer >etc/hostname
  printf '127.0.0.1 localhost newcomer\n::1 localhost\n' >etc/hosts
  # The name server of slirp4netns, which asks this machine's.
  rm -f etc/resolv.conf
  echo 'nameserver 10.0.2.3' >etc/resolv.conf
  mkdir -p .old
  pivot_root . .old
  cd /
  umount -l /.old
  rmdir /.old
  until grep -q '^tap0.00000000' /proc/net/route; do sleep 0.1; done
  touch /run/machine-is-up
  # A shell, because the first process of a pid namespace has to collect every orphan in it.
  exec bash -c 'while :; do sleep 3600 & wait "$!"; done'
}

main "$@"
