#!/usr/bin/env bash
# Becomes the first process of a machine: machine.py starts it in new namespaces with a folder, the root
# file system, the host name, its address, its gateway and pairs DEVICE=NAME of disks.
# The first disk is the boot disk; it holds what the machine writes over the root file system.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

main() {
  local folder=$1 lower=$2 name=$3 address=$4 gateway=$5 boot=${6%%=*}
  shift 5
  mount --make-rprivate /
  mkdir -p "$folder/boot" "$folder/root"
  mount "$boot" "$folder/boot"
  mkdir -p "$folder"/boot/{upper,work,docker,containerd}
  mount -t overlay -o "lowerdir=$lower,upperdir=$folder/boot/upper,workdir=$folder/boot/work" boot "$folder/root"
  cd "$folder/root"
  kernel_file_systems
  devices "$@"
  cgroups
  # overlay on overlay is refused by the kernel: Docker's folders lie on the boot disk itself.
  mkdir -p var/lib/docker var/lib/containerd
  mount --bind "$folder/boot/docker" var/lib/docker
  mount --bind "$folder/boot/containerd" var/lib/containerd
  identity "$name" "$address" "$gateway"
  serial_port "$folder/console.log"
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    [[ -e /sys/class/net/eth0 ]] || ip link show eth0 >/dev/null 2>&1 && break
    sleep 0.05
  done
  mkdir -p .old
  exec >>"$folder/init.log" 2>&1 </dev/null
  pivot_root . .old
  cd /
  umount -l /.old
  rmdir /.old
  # systemd >= 256 has to be told to accept this host's cgroups of version 1.
  local legacy=(SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1)
  [[ -d /sys/fs/cgroup/memory ]] || legacy=()
  exec env -i container=oci TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --log-target=console --show-status=1 "${legacy[@]}"
}

kernel_file_systems() {
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=1777 tmpfs tmp
  # Only the network's settings are the machine's own; all other kernel settings are the host's.
  mount --bind proc/sys proc/sys
  mount --bind proc/sys/net proc/sys/net
  mount -o remount,bind,ro proc/sys
}

devices() {
  local node disk number=0 letters=(a b c d e f)
  mount -t tmpfs -o mode=755 dev dev
  mkdir -p dev/net dev/pts dev/shm dev/disk/by-id
  for node in null zero full random urandom tty fuse net/tun; do
    touch "dev/$node"
    mount --bind "/dev/$node" "dev/$node"
  done
  for disk in "$@"; do
    node=sd${letters[number++]}
    touch "dev/$node"
    mount --bind "${disk%%=*}" "dev/$node"
    ln -s "../../$node" "dev/disk/by-id/google-${disk#*=}"
  done
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
  mount -t tmpfs shm dev/shm
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  ln -s /proc/self/fd/0 dev/stdin
  ln -s /proc/self/fd/1 dev/stdout
  ln -s /proc/self/fd/2 dev/stderr
}

cgroups() {
  if [[ ! -d /sys/fs/cgroup/memory ]]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    return
  fi
  local controller
  mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
  for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "sys/fs/cgroup/$controller"
  done
  mkdir sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
}

# What Google's machines write to their first serial port: the journal.
serial_port() {
  local units=etc/systemd/system
  touch dev/serial-port "$1"
  mount --bind "$1" dev/serial-port
  mkdir -p "$units/sysinit.target.wants"
  cat >"$units/lab-serial-port.service" <<'EOF'
[Unit]
DefaultDependencies=no
After=systemd-journald.service
Before=sysinit.target
[Service]
ExecStart=/bin/sh -c 'exec journalctl --follow --lines=0 --output=short >>/dev/serial-port'
EOF
  ln -sf ../lab-serial-port.service "$units/sysinit.target.wants/lab-serial-port.service"
}

identity() {
  local name=$1 address=$2 gateway=$3
  hostname "$name"
  ip link set lo up
  echo "$name" >etc/hostname
  printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >etc/hosts
  rm -f etc/resolv.conf
  echo 'nameserver 169.254.169.254' >etc/resolv.conf
  install -D -m 755 "$here/fstab_generator.sh" etc/systemd/system-generators/lab-fstab
  mkdir -p etc/systemd/network
  cat >etc/systemd/network/05-eth0.network <<EOF
[Match]
Name=eth0
[Network]
Address=$address/30
Gateway=$gateway
LinkLocalAddressing=no
EOF
}

main "$@"
