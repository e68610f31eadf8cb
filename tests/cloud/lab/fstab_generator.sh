#!/usr/bin/env bash
# In a machine of the lab there is no udev, and systemd's own generator leaves out file systems on devices where /sys
# cannot be written. This one makes the same mount units from /etc/fstab, so that what waits for a mount waits for it here too.
# Called as in systemd.generator(7): the first argument is the folder for the units.
set -euo pipefail

device_of() {
  local disk
  for disk in /dev/sd?; do
    [[ UUID=$(blkid --probe --match-tag UUID --output value "$disk") != "$1" ]] || echo "$disk"
  done
}

main() {
  local folder=$1 source target kind options device unit _
  [[ -f /etc/fstab ]] || return 0
  mkdir -p "$folder/local-fs.target.wants"
  while read -r source target kind options _; do
    [[ $source == UUID=* ]] || continue
    device=$(device_of "$source")
    [[ -n $device ]] || continue
    unit=$(systemd-escape --path --suffix=mount "$target")
    cat >"$folder/$unit" <<EOF
[Unit]
SourcePath=/etc/fstab
Before=local-fs.target
[Mount]
What=$device
Where=$target
Type=$kind
Options=${options//,nofail/}
EOF
    ln -sf "../$unit" "$folder/local-fs.target.wants/$unit"
  done </etc/fstab
}

main "$@"
