#!/usr/bin/env bash
# A stranger's machine: runs the README's commands where nobody has worked before.
#
#     scripts/newcomer.sh demo   # make demo DETACH=1, a look at it and one click, make demo-stop
#     scripts/newcomer.sh test   # the packages the tests need, then make test
#     scripts/newcomer.sh all    # both, one after the other
#
# The machine is a minimal Debian 13 with python3, make, git and ca-certificates, in namespaces of its own: mounts,
# processes, and a network that leads out through user-space NAT. An ordinary user with an empty home clones the commit
# that is checked out here. Nothing is shared with this machine but the settings for the package registries; nothing is
# left of it afterwards. It needs root on Debian or Ubuntu, and installs mmdebstrap and slirp4netns where they are missing.
set -euo pipefail

packages=python3,make,git,ca-certificates
suite=trixie
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/atelier/newcomer
# Not /tmp, which may be in memory: the environments of all three tiers take 15 GB.
places=${TMPDIR:-/var/tmp}

usage() {
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

main() {
  case ${1-} in
    demo) steps=(demo) ;;
    test) steps=(packages test) ;;
    all) steps=(demo packages test) ;;
    *) usage ;;
  esac
  if ((EUID != 0)); then
    echo 'newcomer: making a machine takes root.' >&2
    exit 2
  fi
  install_host_packages
  remove_leftovers
  work=$(mktemp -d "$places/atelier-newcomer.XXXXXX")
  # Held until this process ends, however it ends.
  exec 9>"$work/lock"
  flock 9
  machine='' way_out=''
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  timed 'make the machine' furnish
  start_machine
  local step
  for step in "${steps[@]}"; do
    "do_$step"
  done
  printf 'newcomer: %s\n' "${summary[@]}"
}

### This machine.

install_host_packages() {
  local missing=()
  [[ -n $(type -P mmdebstrap) ]] || missing+=(mmdebstrap)
  [[ -n $(type -P slirp4netns) ]] || missing+=(slirp4netns)
  # Ubuntu does not have it by default; without it Debian's signatures cannot be checked.
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
  ((${#missing[@]} == 0)) && return
  echo "newcomer: installing ${missing[*]} with apt-get"
  "$here/scripts/apt_install.sh" "${missing[@]}"
}

# What a run left that was killed outright. Its processes ended with it; its folder could not.
remove_leftovers() {
  local left
  for left in "$places"/atelier-newcomer.??????; do
    [[ -e $left/lock ]] || continue
    (
      exec 9<"$left/lock"
      flock --nonblock 9 || exit 0
      rm -rf --one-file-system "$left/root"
      rm -rf "$left"
    )
  done
}

# Every process of the machine ends with its first one, and its mounts and its network with them.
clean_up() {
  local status=$?
  trap '' INT TERM HUP
  [[ -z $machine ]] || kill -KILL "$machine" 2>/dev/null || true
  [[ -z $way_out ]] || kill -KILL "$way_out" 2>/dev/null || true
  { wait; } 2>/dev/null || true
  # The lock goes last: by it the next run knows what a kill in between leaves.
  rm -rf --one-file-system "$work/root"
  rm -rf "$work"
  exit "$status"
}

summary=()

timed() {
  local what=$1 started=$SECONDS
  shift
  echo "newcomer: $what"
  "$@"
  summary+=("$what: $((SECONDS - started)) s")
}

### The root file system: the same for every run until this script or the suite changes.

furnish() {
  local root=$work/root
  mkdir -p "$root" "$cache"
  chmod 755 "$work" "$root"
  local pristine=$cache/$suite-${packages//,/-}.tar
  [[ -e $pristine ]] || make_pristine "$pristine"
  tar -C "$root" --numeric-owner -xf "$pristine"
  tell_registries "$root"
  chroot "$root" update-ca-certificates >/dev/null 2>&1
  chroot "$root" useradd --create-home --shell /bin/bash newcomer
  # The checkout may be somebody else's than root's, which git refuses without this.
  printf '[safe]\n\tdirectory = *\n' >"$work/gitconfig"
  GIT_CONFIG_GLOBAL=$work/gitconfig git clone --quiet --no-local "file://$here" "$root/home/newcomer/atelier"
  git -C "$root/home/newcomer/atelier" remote remove origin
  chroot "$root" chown -R newcomer: /home/newcomer
}

# Made beside its place and renamed: two runs at once, or a kill, leave a whole one or none.
make_pristine() {
  local new
  new=$(mktemp "$1.XXXXXX")
  apt_settings >"$work/apt.conf"
  TMPDIR=$work mmdebstrap --quiet --variant=minbase --include="$packages" --format=tar \
    --aptopt="$work/apt.conf" "$suite" - "$(mirror)" >"$new"
  mv "$new" "$1"
}

# This machine's own, as far as it has Debian and not another distribution.
mirror() {
  local found
  # shellcheck disable=SC2016 # It is apt that puts the site there.
  found=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1) || true
  echo "${ATELIER_DEBIAN_MIRROR:-${found:-http://deb.debian.org/debian}}"
}

apt_settings() {
  apt-config dump | grep -E '^Acquire::(https?::|Check-)' || true
}

# How this machine reaches the registries is how the new one does: addresses, proxies, certificates.
tell_registries() {
  local root=$1 file name
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  apt_settings >"$root/etc/apt/apt.conf.d/90registries"
  for file in /etc/pip.conf /etc/xdg/pip/pip.conf /etc/uv/uv.toml; do
    [[ ! -f $file ]] || install -D -m 644 "$file" "$root$file"
  done
  # What belongs to this machine's user becomes the new machine's, whose user's home is empty.
  for file in "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf" "$HOME/.pip/pip.conf"; do
    [[ ! -f $file ]] || install -D -m 644 "$file" "$root/etc/xdg/pip/pip.conf"
  done
  for name in {http,https,no,all}_proxy {HTTP,HTTPS,NO,ALL}_PROXY \
    PIP_{INDEX_URL,EXTRA_INDEX_URL,TRUSTED_HOST,CERT,PROXY,DEFAULT_TIMEOUT} \
    UV_{DEFAULT_INDEX,INDEX,INDEX_URL,EXTRA_INDEX_URL,INSECURE_HOST} SSL_CERT_{FILE,DIR} REQUESTS_CA_BUNDLE \
    GOPROXY GOSUMDB GONOSUMDB GOPRIVATE; do
    [[ ! -v $name ]] || printf 'export %s=%q\n' "$name" "${!name}"
  done >"$root/etc/profile.d/registries.sh"
}

### The running machine.

start_machine() {
  local alone=(--mount --pid --ipc --uts --net --fork --kill-child)
  # It dies with this process, and must not begin deaf to Ctrl-C as whatever a script starts in its background.
  setsid setpriv --pdeathsig KILL env --default-signal=INT,QUIT \
    unshare "${alone[@]}" bash "$here/scripts/newcomer_machine.sh" "$work/root" </dev/null 9>&- &
  machine=$!
  wait_until 'its namespaces' has_own_network
  setpriv --pdeathsig KILL slirp4netns --configure --mtu=65520 --disable-host-loopback "$machine" tap0 \
    >"$work/slirp4netns.log" 2>&1 9>&- &
  way_out=$!
  wait_until 'its network' test -e "$work/root/run/machine-is-up"
}

has_own_network() {
  local its
  its=$(readlink "/proc/$machine/ns/net") && [[ $its != "$(readlink /proc/self/ns/net)" ]]
}

wait_until() {
  local what=$1 tries
  shift
  for ((tries = 0; tries < 200; tries++)); do
    ! "$@" || return 0
    sleep 0.1
  done
  echo "newcomer: $what did not come up within 20 s" >&2
  [[ ! -e $work/slirp4netns.log ]] || cat "$work/slirp4netns.log" >&2
  return 1
}

# Runs a command in the new machine, as its root. In the background: bash would answer a signal only when it has ended.
as_root() {
  local first
  first=$(<"/proc/$machine/task/$machine/children")
  nsenter --target "${first%% *}" --mount --pid --ipc --uts --net -- \
    env --default-signal=INT,QUIT --ignore-environment --chdir=/home/newcomer/atelier \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null 9>&- &
  wait "$!"
}

# Runs a command line as its user types it after logging in.
as_user() {
  as_root runuser --login newcomer --command "cd atelier && $*"
}

### What its user does.

do_demo() {
  timed 'make demo DETACH=1' as_user make demo DETACH=1
  timed 'health and one click' as_user python3 scripts/newcomer_click.py
  timed 'make demo-stop' as_user make demo-stop
}

# The README's line, without the sudo that this machine does not have.
do_packages() {
  timed 'scripts/install_test_packages.sh' as_root bash --login -c scripts/install_test_packages.sh
}

do_test() {
  timed 'make test' as_user make test
}

# Its tests read it for its functions.
[[ ${BASH_SOURCE[0]-$0} != "$0" ]] || main "$@"
