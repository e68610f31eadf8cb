#!/usr/bin/env bash
# Powers the machine off when nobody has labeled for IDLE_MINUTES. watch.sh asks it after each look, when no image is fetched
# and no project applied. Whatever is not known counts as a labeler.
# A labeler is seen in Caddy's log of what people do; which requests those are, is in infra/render/proxy.py.
set -euo pipefail

# shellcheck source=templates/vm/startup.sh
. "${BASH_SOURCE[0]%/*}/startup.sh"

ACTIVITY=$DATA/caddy/activity
# After a start and after a working day's beginning.
GRACE_SECONDS=${GRACE_SECONDS:-3600}

settings_value() {
  setting "$STATE/boot.env" "$1"
}

# PID 1's: a test's machine has the kernel, and its uptime, of another one.
seconds_up() {
  ps -o etimes= -p 1 | tr -d ' '
}

# The second since 1970 of the last request that did something; 0 without one. A refusal is a stranger's, as whoever scans the
# internet asks much; an error may be a labeler's. Status 1: there is no log.
last_request() {
  local last
  [[ -r $ACTIVITY.log ]] || return 1
  last=$(cat "$ACTIVITY"*.log | sed -n 's/.*"ts":\([0-9]*\)[.,].*"status":[25][0-9][0-9][,}].*/\1/p' | sort -n | tail -n 1) || return 1
  echo "${last:-0}"
}

# Whether a working day began within the grace.
day_has_just_begun() {
  local start days zone day begin since
  start=$(settings_value WORK_START)
  days=$(settings_value WORK_DAYS)
  zone=$(settings_value TIME_ZONE)
  [[ -n $start ]] || return 1
  for day in today yesterday; do
    begin=$(TZ=$zone date --date "$day $start" '+%s %u') || return 0
    since=$(($(date +%s) - ${begin% *}))
    [[ ,$days, != *",${begin#* },"* ]] || ((since < 0 || since >= GRACE_SECONDS)) || return 0
  done
  return 1
}

# A container beside the studio's services is somebody's job.
job_runs() {
  local running
  running=$(docker ps --format '{{.Names}}={{.Label "com.docker.compose.oneoff"}}') || return 0
  [[ -n $running ]] && grep -qv '=False$' <<<"$running"
}

# active: what keeps the machine on, or empty.
active() {
  local limit=$(($1 * 60)) up last changed now
  up=$(seconds_up) || up=0
  ((up >= GRACE_SECONDS && up >= limit)) || { echo 'it was started a short time ago' && return; }
  last=$(last_request) || { echo 'there is no log of what labelers do' && return; }
  # Whoever changes the metadata wants to see what comes of it.
  changed=$(stat --format %Y "$CHANGED" 2>/dev/null) || changed=0
  now=$(date +%s)
  ((now - changed >= limit)) || { echo 'the metadata has just changed' && return; }
  ((now - last >= limit)) || { echo 'somebody labels' && return; }
  ! day_has_just_begun || { echo 'the working day has just begun' && return; }
  [[ ! -e $LEFT ]] || { echo 'pre-labels are still to be made' && return; }
  # It holds this lock while it saves, or brings back.
  flock --nonblock "$STATE/backup.lock" true || { echo 'a backup is at work' && return; }
  ! job_runs || echo 'a container beside the studio runs'
}

main() {
  local minutes words
  minutes=$(settings_value IDLE_MINUTES)
  # 0, or settings from before there was one.
  [[ $minutes =~ ^[1-9][0-9]*$ ]] || return 0
  [[ -z $(active "$minutes") ]] || return 0
  words="nobody had labeled for $minutes minutes (idleMinutes)"
  say "$words: the machine turns itself off"
  # With the time: it may still be there when the machine was started and stopped again.
  guest_attribute stopped "$(date -u +%FT%TZ) $words"
  systemctl poweroff --no-wall
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
