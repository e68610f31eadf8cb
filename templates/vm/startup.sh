#!/usr/bin/env bash
# Runs on the machine as root at every boot, as often as you like: makes it ready for the studio's containers, and hands over
# to services.sh, which starts them. Everything that varies between stacks comes from the machine's metadata attributes.
# Log: /var/log/atelier-startup.log. Progress: guest attributes atelier/phase and atelier/message.
set -euo pipefail

# A test runs the same functions against a metadata server and a root folder of its own.
METADATA_URL=${METADATA_URL:-http://metadata.google.internal/computeMetadata/v1}
ROOT=${ATELIER_ROOT:-}
STATE=$ROOT/opt/atelier
DATA=$ROOT/srv/atelier
LOG=$ROOT/var/log/atelier-startup.log
UNITS=$ROOT/etc/systemd/system
# There while images have no pre-label yet, and may still get one.
# shellcheck disable=SC2034  # services.sh and idle.sh read it.
LEFT=$STATE/left
# When the metadata last changed.
# shellcheck disable=SC2034  # watch.sh and idle.sh read it.
CHANGED=$STATE/changed
# There while images are pulled and until their files are on the disk.
PULLING=$STATE/pulling
# Who the containers run as: backends/*/Dockerfile.
CONTAINER_ID=${CONTAINER_ID:-10001}
NVIDIA_KEY=C95B321B61E88C1809C4F759DDCAE044F796ECB0
NVIDIA_PACKAGES=https://nvidia.github.io/libnvidia-container
CDI_LIST=$ROOT/run/cdi/nvidia.yaml
PACKAGE_SECONDS=${PACKAGE_SECONDS:-1800}
PACKAGE_PAUSE=${PACKAGE_PAUSE:-5}

say() {
  echo "$(date -u +%H:%M:%S) $*"
}

metadata_answers() {
  curl --silent --fail --max-time 5 --header 'Metadata-Flavor: Google' --output /dev/null "$METADATA_URL/instance/id"
}

# attribute NAME FILE: the file's new content, replaced as a whole. Status 1: there is no such attribute.
attribute() {
  local name=$1 file=$2 code
  code=$(curl --silent --show-error --connect-timeout 5 --max-time 30 --retry 8 --retry-delay 1 --retry-connrefused \
    --header 'Metadata-Flavor: Google' --output "$file.part" --write-out '%{http_code}' \
    "$METADATA_URL/instance/attributes/$name") || fail "the metadata server does not answer for the attribute $name"
  case $code in
    200) mv "$file.part" "$file" ;;
    404)
      rm -f "$file.part"
      return 1
      ;;
    *) fail "the metadata server answers $code for the attribute $name" ;;
  esac
}

required_attribute() {
  attribute "$1" "$2" || fail "the machine has no metadata attribute $1; pulumi up sets it"
}

# changed_since ETAG SECONDS: the ETag of the attributes, as soon as it is another one, or the same one after SECONDS.
changed_since() {
  # The answer itself holds the key, and is thrown away: services.sh fetches what it needs.
  curl --silent --show-error --fail --max-time $(($2 + 30)) --retry 3 --retry-delay 1 --retry-connrefused \
    --header 'Metadata-Flavor: Google' --output /dev/null --write-out '%header{etag}' \
    "$METADATA_URL/instance/attributes/?recursive=true&wait_for_change=true&timeout_sec=$2&last_etag=$1"
}

# has_changed ETAG SECONDS: whether they change within SECONDS. A server that does not answer says nothing new.
has_changed() {
  local now
  now=$(changed_since "$1" "$2") && [[ $now != "$1" ]]
}

guest_attribute() {
  curl --silent --show-error --fail --max-time 10 --retry 3 --header 'Metadata-Flavor: Google' --request PUT \
    --data-raw "$2" --output /dev/null "$METADATA_URL/instance/guest-attributes/atelier/$1" ||
    say "the guest attribute atelier/$1 could not be written; pulumi up does not see this phase"
}

# report PHASE SENTENCE: what pulumi up shows. The phase comes last, so that its sentence is there when it is seen.
report() {
  say "[$1] $2"
  guest_attribute message "$2"
  guest_attribute phase "$1"
  echo "$1" >"$STATE/phase"
  reported=$1
}

reported=''
# How the message of a failure ends, and the status.
remedy=''
failure=1
fail() {
  report failed "$*$remedy"
  exit "$failure"
}

# For what nobody foresaw: a phase that ends without a word would be waited for until the time limit.
on_exit() {
  local status=$?
  ((status == 0)) || [[ $reported == failed || $reported == ready ]] ||
    report failed "status $status during the phase '${reported:-start}'; the end of $LOG on the machine says more$remedy"
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local limit=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "waited $limit s for $what, and gave up"
    sleep 1
  done
}

# setting FILE NAME: the value in a file of KEY=value lines, which bash reads as infra/render/quoting.py wrote them.
setting() {
  # shellcheck source=/dev/null
  (. "$1" && printf '%s' "${!2:-}")
}

# write_file MODE FILE: standard input becomes the file, as a whole or not at all.
write_file() {
  local part
  mkdir -p "${2%/*}"
  part=$(mktemp "$2.XXXXXX")
  cat >"$part"
  chmod "$1" "$part"
  mv "$part" "$2"
}

ensure_data_disk() {
  local disk=$1 type uuid line found=0
  wait_for 120 "the data disk $disk" test -e "$disk"
  disk=$(readlink -f "$disk")
  blkid --probe "$disk" >/dev/null || found=$?
  # 2: nothing is known on it. Formatted is only what is blank besides: an unknown or damaged file system is kept.
  if ((found == 2)); then
    head --bytes 16M "$disk" | cmp --silent --bytes 16777216 - /dev/zero ||
      fail "the data disk $disk holds data that is not a file system; it is left alone. Attach a blank one or a snapshot"
    say "formatting the blank data disk $disk"
    mkfs.ext4 -q -L atelier-data -m 0 "$disk"
  elif ((found != 0)); then
    fail "blkid finds conflicting signatures on the data disk $disk (status $found); it is left alone"
  fi
  type=$(blkid --probe --match-tag TYPE --output value "$disk") || :
  [[ $type == ext4 ]] || fail "the data disk $disk holds ${type:-a partition table} and not ext4; it is left alone"
  uuid=$(blkid --probe --match-tag UUID --output value "$disk")
  line="UUID=$uuid $DATA ext4 defaults,nofail,discard 0 2"
  mkdir -p "$DATA" "$ROOT/etc"
  touch "$ROOT/etc/fstab"
  { grep -v " $DATA ext4 " "$ROOT/etc/fstab" || :; echo "$line"; } | write_file 0644 "$ROOT/etc/fstab"
  mountpoint -q "$DATA" || mount -t ext4 -o discard "$disk" "$DATA" || fail "the data disk $disk cannot be mounted on $DATA"
  # dataDiskGb was raised, or the disk comes from the snapshot of a smaller one.
  resize2fs "$disk" >/dev/null 2>&1 || say "resize2fs could not grow the file system on $disk"
  install -d -m 0700 -o "$CONTAINER_ID" -g "$CONTAINER_ID" "$DATA"/{postgres,frontend,caddy,embeddings}
}

# Made here at the first boot, kept with the database that knows them, and nowhere else.
ensure_secrets() {
  local name
  install -d -m 0700 "$DATA/secrets"
  for name in secret_key database_password segmentation_password segment_anything_model_password api_token; do
    # Empty: the machine was switched off while it was written.
    [[ -s $DATA/secrets/$name ]] || od -An -N20 -tx1 /dev/urandom | tr -d ' \n' | write_file 0600 "$DATA/secrets/$name"
  done
  chown -R "$CONTAINER_ID:$CONTAINER_ID" "$DATA/secrets"
  sync -f "$DATA/secrets"
}

# install_packages NAME...: one try, which is allowed to fail. Without fresh lists, those that are here may do.
install_packages() {
  apt-get -qq -o DPkg::Lock::Timeout=300 update || :
  # Switched off in the middle of an installation, dpkg wants to finish that first. It waits for nobody's lock by itself.
  dpkg --configure -a || return
  apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@"
}

# The image's own upgrades may work for minutes, and a mirror may be away for as long.
apt_install() {
  local said before='' end=$((SECONDS + PACKAGE_SECONDS))
  export DEBIAN_FRONTEND=noninteractive
  until said=$(install_packages "$@" 2>&1); do
    say "$said"
    said=$({ grep -E '^(E:|dpkg: error)' <<<"$said" || echo "${said:-no reason given}"; } | tail -n 1 | cut -c 1-300)
    ((SECONDS < end)) || fail "tried for $PACKAGE_SECONDS s to install $*, and gave up: $said"
    # Each is a request to the metadata server.
    [[ $said == "$before" ]] || report "$reported" "installing $*; the last try: $said"
    before=$said
    sleep "$PACKAGE_PAUSE"
  done
}

# An upgrade of Docker ends all containers; one of the driver takes the GPU from them until the next boot. Everything else
# is upgraded as the image does it. The names are regular expressions, matched from the start.
ensure_quiet_upgrades() {
  write_file 0644 "$ROOT/etc/apt/apt.conf.d/99atelier" <<'END'
Unattended-Upgrade::Package-Blacklist { "linux-"; "nvidia-"; "libnvidia-"; "cuda-"; "libcuda"; "docker"; "containerd"; "runc"; };
Unattended-Upgrade::Automatic-Reboot "false";
END
}

ensure_docker() {
  # With the data disk away, a database would be created again on the boot disk.
  write_file 0644 "$UNITS/docker.service.d/atelier.conf" <<<"[Unit]
RequiresMountsFor=$DATA"
  if ! docker compose version >/dev/null 2>&1; then
    # Ubuntu has the client inside docker.io and another name for compose.
    case $(setting /etc/os-release ID) in
      ubuntu) apt_install docker.io docker-compose-v2 iptables ;;
      *) apt_install docker.io docker-cli docker-compose iptables ;;
    esac
  fi
  systemctl daemon-reload
  ensure_whole_layers
  ensure_docker_settings
  systemctl enable --now docker || fail "docker does not start; journalctl --unit docker says why"
}

# Google's network takes packets of 1460 bytes, and Docker's take it that all do 1500: a large answer would hang where nobody
# says that it is too large. https://docs.cloud.google.com/vpc/docs/mtu
ensure_docker_settings() {
  local file=$ROOT/etc/docker/daemon.json device mtu
  device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
  mtu=$(cat "/sys/class/net/${device:-none}/mtu" 2>/dev/null) || return 0
  mkdir -p "${file%/*}"
  # What an image brought along stays.
  python3 - "$file" "$mtu" >"$file.part" <<'END'
import json, pathlib, sys
file = pathlib.Path(sys.argv[1])
settings = json.loads(file.read_text()) if file.exists() else {}
settings["mtu"] = int(sys.argv[2])
options = settings.setdefault("default-network-opts", {}).setdefault("bridge", {})
options["com.docker.network.driver.mtu"] = sys.argv[2]
print(json.dumps(settings, indent=4, sort_keys=True))
END
  # An older Docker does not start with a setting that it does not know.
  if cmp --silent "$file.part" "$file" || ! dockerd --validate --config-file "$file.part" >/dev/null 2>&1; then
    rm "$file.part"
    return
  fi
  mv "$file.part" "$file"
  systemctl restart docker
}

# Docker writes a layer's files without waiting for the disk, and after a power cut takes the layer for whole while they
# are empty. Nothing in its folders is the only copy of anything.
ensure_whole_layers() {
  [[ -e $PULLING ]] || return 0
  say 'the machine was switched off during a pull; docker begins with an empty folder'
  systemctl stop docker.socket docker containerd
  find "$ROOT/var/lib/docker" "$ROOT/var/lib/containerd" -mindepth 1 -delete
  rm "$PULLING"
}

# The containers get the GPU by CDI, which lets runc know of it. What --gpus adds behind its back is gone after
# `systemctl daemon-reload`: https://github.com/NVIDIA/nvidia-container-toolkit/issues/48 and 1227.
ensure_gpu_containers() {
  local key=/usr/share/keyrings/nvidia-container-toolkit.asc
  if ! command -v nvidia-ctk >/dev/null; then
    wait_for "$PACKAGE_SECONDS" "NVIDIA's package server" curl -fsSL --max-time 60 --output "$key" "$NVIDIA_PACKAGES/gpgkey"
    gpg --show-keys --with-colons "$key" | grep -q "^fpr:.*:$NVIDIA_KEY:" || fail "$NVIDIA_PACKAGES/gpgkey is not NVIDIA's key $NVIDIA_KEY"
    echo "deb [signed-by=$key] $NVIDIA_PACKAGES/stable/deb/amd64 /" >/etc/apt/sources.list.d/nvidia-container-toolkit.list
    apt_install nvidia-container-toolkit
  fi
  ensure_fitting_driver
  # Before each start of Docker, and so of the containers: the list names the driver's files, and these its version.
  write_file 0644 "$UNITS/docker.service.d/atelier-gpu.conf" <<<"[Service]
ExecStartPre=-$(command -v nvidia-ctk) --quiet cdi generate --output=$CDI_LIST"
  systemctl daemon-reload
  if ! grep -qs '"cdi"' "$ROOT/etc/docker/daemon.json"; then
    nvidia-ctk runtime configure --runtime=docker --cdi.enabled
    systemctl restart docker
  fi
  nvidia-ctk --quiet cdi generate --output="$CDI_LIST"
}

ensure_driver() {
  ensure_fitting_driver
  wait_for 600 'the GPU driver (nvidia-smi)' nvidia-smi
}

# The image's first upgrade, which may be at work before this script, can bring files that do not fit the loaded module.
ensure_fitting_driver() {
  local once=$STATE/rebooted-for-driver
  if [[ $(nvidia-smi 2>&1 || :) == *'version mismatch'* && ! -e $once ]]; then
    touch "$once"
    sync "$once"
    report driver 'the GPU driver was upgraded since the boot; the machine boots once more'
    systemctl reboot
    exit 0
  fi
  rm -f "$once"
}

# The metadata server hands the machine's token to whoever asks. Port 53 stays: there it is the machine's name server.
# On the machine's own identity, the containers that use buckets keep it: their network's subnet is in compose.yml.
ensure_firewall() {
  local rule=(--destination 169.254.169.254 --protocol tcp ! --dport 53) chain=DOCKER-USER
  [[ $1 != keyless ]] || rule+=(! --source 10.87.251.16/28)
  iptables --wait --new-chain "$chain" 2>/dev/null || :
  while read -r -a old; do iptables --wait --delete "${old[@]}"; done < <(iptables --wait --list-rules "$chain" | sed -n 's/^-A \(.* 169\.254\.169\.254.*\)$/\1/p')
  iptables --wait --insert "$chain" "${rule[@]}" --jump REJECT --reject-with tcp-reset
}

ensure_units() {
  # Before docker: it starts the containers of the last boot by itself.
  write_file 0644 "$UNITS/atelier-firewall.service" <<<"[Unit]
Description=Keep the containers from the metadata server
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash $STATE/startup.sh firewall

[Install]
RequiredBy=docker.service"
  # Not enabled: this script starts it, after services.sh. Its log goes where the boot's goes.
  write_file 0644 "$UNITS/atelier-watch.service" <<<"[Unit]
Description=Roll the studio's containers when the metadata changes

[Service]
ExecStart=/bin/bash -c '/bin/bash $STATE/watch.sh 2>&1 | tee -a $LOG'
Restart=always
RestartSec=15"
  write_file 0644 "$UNITS/atelier-backup.service" <<<"[Unit]
Description=Back the studio up to the target bucket

[Service]
Type=oneshot
ExecStart=/bin/bash -o pipefail -c '/bin/bash $STATE/backup.sh backup 2>&1 | tee -a $LOG'"
  # Not enabled either: the night of a machine that was off is made up for when its studio is ready.
  write_file 0644 "$UNITS/atelier-backup.timer" <<<"[Unit]
Description=Back the studio up every night

[Timer]
OnCalendar=*-*-* 03:15:00 UTC
Persistent=true"
  systemctl daemon-reload
  systemctl enable --quiet atelier-firewall
}

ensure_scripts() {
  mkdir -p "$STATE"
  required_attribute startup-script "$STATE/startup.sh"
  required_attribute atelier-services "$STATE/services.sh"
  required_attribute atelier-database "$STATE/database.sh"
  required_attribute atelier-watch "$STATE/watch.sh"
  required_attribute atelier-backup "$STATE/backup.sh"
  required_attribute atelier-idle "$STATE/idle.sh"
}

# What the containers' network and disks depend on; the rest of the settings is services.sh's.
boot() {
  local gpu status=0
  mkdir -p "${LOG%/*}" "$STATE"
  touch "$LOG"
  chmod 0600 "$LOG"
  exec > >(tee -a "$LOG") 2>&1
  trap on_exit EXIT
  remedy='. Put that right, then reset the machine: this part of the boot is not tried again by itself'
  say "boot $(cat /proc/sys/kernel/random/boot_id)"
  wait_for 300 'the metadata server' metadata_answers
  report driver 'preparing the machine'
  ensure_scripts
  ensure_quiet_upgrades
  required_attribute atelier-env "$STATE/boot.env"
  gpu=$(setting "$STATE/boot.env" GPU)
  [[ $gpu != true ]] || ensure_driver
  report docker 'preparing the data disk and docker'
  ensure_data_disk "$(setting "$STATE/boot.env" DATA_DISK)"
  ensure_secrets
  ensure_units
  ensure_docker
  [[ $gpu != true ]] || ensure_gpu_containers
  ensure_firewall "$(setting "$STATE/boot.env" AUTH_MODE)"
  trap - EXIT
  bash "$STATE/services.sh" boot || status=$?
  # After a failure, too: it tries again, at once when pulumi up changed something.
  systemctl restart atelier-watch
  systemctl start atelier-backup.timer
  return "$status"
}

main() {
  case ${1:-boot} in
    boot) boot ;;
    firewall) ensure_firewall "$(setting "$STATE/boot.env" AUTH_MODE)" ;;
    *) fail "startup.sh knows boot and firewall, not $1" ;;
  esac
}

# The other scripts and the tests read it for its functions.
[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
