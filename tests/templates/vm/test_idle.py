"""idle.sh: a machine to which nobody comes turns itself off, and no other does."""

import fcntl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.templates.vm.conftest import Machine
from tests.templates.vm.metadata_server import Metadata

HOUR = 3600
# As Caddy 2.11.9 writes it, without what infra/render/proxy.py takes out.
LINE = (
    '{{"level":"info","ts":{ts},"logger":"http.log.access.activity","msg":"handled request",'
    '"bytes_read":0,"duration":0.0021,"size":17,"status":{status}}}\n'
)


def settings(machine: Machine, **values: str) -> None:
    known = {"IDLE_MINUTES": "60", "WORK_DAYS": "", "WORK_START": "", "TIME_ZONE": "UTC", **values}
    (machine.state / "boot.env").write_text("".join(f"{k}={v}\n" for k, v in known.items()))


def requests(machine: Machine, *seconds_ago: float, status: int = 200, name: str = "") -> Path:
    file = machine.data / f"caddy/activity{name}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as log:
        for ago in seconds_ago:
            log.write(LINE.format(ts=f"{time.time() - ago:.6f}", status=status))
    return file


@pytest.fixture
def idle(machine: Machine) -> Machine:
    """A machine that was started two hours ago, and on which nobody worked for 90 minutes."""
    settings(machine)
    requests(machine, 5500, 5400)
    machine.program("ps", f"echo '   {2 * HOUR}'\n")
    machine.program("docker", "printf 'atelier-caddy-1=False\\natelier-frontend-1=False\\n'\n")
    machine.program("systemctl", f'echo "$@" >>{machine.root}/systemctl\n')
    return machine


def turned_off(machine: Machine) -> bool:
    machine.run("main", script="idle.sh")
    log = machine.root / "systemctl"
    said = log.read_text() if log.exists() else ""
    assert said in ("", "poweroff --no-wall\n")
    return bool(said)


def test_a_machine_to_which_nobody_comes_turns_itself_off_and_says_why(
    idle: Machine, metadata: Metadata
) -> None:
    assert turned_off(idle)
    [(name, words)] = metadata.guest_attributes
    assert name == "atelier/stopped"
    when, _, why = words.partition(" ")
    assert datetime.fromisoformat(when) > datetime.now(UTC) - timedelta(minutes=1)
    assert why == "nobody had labeled for 60 minutes (idleMinutes)"


def test_a_studio_that_nobody_opened_since_the_start_is_idle(idle: Machine) -> None:
    (idle.data / "caddy/activity.log").write_text("")
    assert turned_off(idle)


@pytest.mark.parametrize("status", [200, 201, 204, 502])
def test_whoever_did_something_within_the_time_keeps_it_on(idle: Machine, status: int) -> None:
    requests(idle, 60, status=status)
    assert not turned_off(idle)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_a_stranger_who_is_refused_does_not(idle: Machine, status: int) -> None:
    requests(idle, 60, status=status)
    assert turned_off(idle)


def test_the_last_request_may_be_in_a_log_that_was_put_away(idle: Machine) -> None:
    requests(idle, 60, name="-2026-11-28T10-00-00.000")
    assert not turned_off(idle)


def test_it_is_the_settings_minutes_that_count(idle: Machine) -> None:
    settings(idle, IDLE_MINUTES="91")
    assert not turned_off(idle)
    settings(idle, IDLE_MINUTES="0")
    assert not turned_off(idle)
    (idle.state / "boot.env").write_text("STACK=dev\n")
    assert not turned_off(idle), "settings from before there was one"


def test_without_a_log_nobody_knows_and_it_stays_on(idle: Machine) -> None:
    (idle.data / "caddy/activity.log").unlink()
    assert not turned_off(idle)


@pytest.mark.parametrize(("up", "minutes"), [(3500, "15"), (2 * HOUR, "130")])
def test_the_first_hour_after_a_start_is_never_idle(idle: Machine, up: int, minutes: str) -> None:
    requests(idle)
    (idle.data / "caddy/activity.log").write_text("")
    settings(idle, IDLE_MINUTES=minutes)
    idle.program("ps", f"echo {up}\n")
    assert not turned_off(idle)


@pytest.mark.parametrize(
    ("minutes_ago", "days", "stays"),
    [(30, "today", True), (59, "today", True), (61, "today", False), (30, "others", False)],
)
def test_the_first_hour_of_a_working_day_is_never_idle(
    idle: Machine, minutes_ago: int, days: str, stays: bool
) -> None:
    # POSIX's sign: five and a half hours east of Greenwich.
    local = datetime.now(UTC) + timedelta(hours=5.5)
    start = local - timedelta(minutes=minutes_ago)
    day = start.isoweekday()
    work = str(day) if days == "today" else ",".join(str(n) for n in range(1, 8) if n != day)
    settings(idle, WORK_START=f"{start:%H:%M}", WORK_DAYS=work, TIME_ZONE="XXX-5:30")
    assert turned_off(idle) is not stays


def test_whoever_changes_the_stack_keeps_it_on(idle: Machine) -> None:
    (idle.state / "changed").touch()
    assert not turned_off(idle)


def test_pre_labels_that_are_still_to_come_keep_it_on(idle: Machine) -> None:
    (idle.state / "left").touch()
    assert not turned_off(idle)


def test_a_backup_that_is_being_made_keeps_it_on(idle: Machine) -> None:
    with (idle.state / "backup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not turned_off(idle)
    assert turned_off(idle)


@pytest.mark.parametrize("listed", ["echo apply=True", "printf 'caddy=False\\njob=\\n'", "exit 1"])
def test_somebodys_job_or_a_docker_that_does_not_answer_keeps_it_on(
    idle: Machine, listed: str
) -> None:
    idle.program("docker", f"{listed}\n")
    assert not turned_off(idle)


def test_a_log_of_something_else_is_no_labeler(idle: Machine) -> None:
    requests(idle).write_text('{"level":"error","msg":"\\"ts\\":9999999999.0"}\nnot json\n')
    assert turned_off(idle)
