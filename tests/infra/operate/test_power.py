"""Whether the machine runs, and who starts it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.dynamic.compute import Machine as Seen
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.credentials import Access
from infra.operate import power
from infra.operate.doctor.google import Answer, Google
from infra.operate.errors import PowerError
from tests.infra.render.scenarios import load

ROME = {"workDays": "Mon-Fri", "workHours": "08:00-20:00", "timeZone": "Europe/Rome"}
# 2026-11-27 is a Friday.
EARLY = datetime(2026, 11, 27, 6, 30, tzinfo=ZoneInfo("UTC"))


class Told(Google):
    """One answer to every question."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(None, {})
        self._answer = answer

    def ask(self, *arguments: Any, **more: Any) -> Answer:
        return self._answer


class Started:
    """A project's machine that boots as those of Google do."""

    def __init__(self, project: str, access: Access) -> None:
        self.status, self.looks, self.access = "TERMINATED", 0, access

    def start(self, name: str, zone: str) -> None:
        self.status = "RUNNING"

    def machine(self, name: str, zone: str) -> Seen:
        return Seen(self.status, False, {})

    def guest_attributes(self, name: str, zone: str, namespace: str) -> dict[str, str]:
        self.looks += 1
        if self.looks == 1:
            return {"phase": "models", "message": "loading the models"}
        return {"phase": "ready", "message": "the studio is open", "running": "abc"}


@pytest.mark.parametrize(
    ("raw", "hour", "runs"),
    [
        (ROME, 7, False),
        (ROME, 8, True),
        (ROME, 20, False),
        ({"workHours": "off"}, 3, True),
    ],
)
def test_the_working_hours_are_those_of_their_own_time_zone(
    raw: dict[str, object], hour: int, runs: bool
) -> None:
    assert power.is_time(load(raw), lambda zone: datetime(2026, 11, 27, hour, tzinfo=zone)) is runs


def test_half_past_six_of_the_world_is_half_past_seven_in_rome() -> None:
    assert not power.is_time(load(ROME), EARLY.astimezone)


def test_a_machine_that_stays_off_is_told_with_its_hours_and_the_command() -> None:
    said = power.off(load(ROME), "make start")
    assert "(Mon-Fri 08:00-20:00 Europe/Rome)" in said
    assert said.endswith("To start it now: make start")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(200, {"status": "TERMINATED"}), "TERMINATED"),
        (Answer(404), ""),
        (Answer(403, {"error": "may not ask"}), None),
        (Answer(0, {"error": "cannot be reached"}), None),
    ],
)
def test_a_machine_that_google_does_not_tell_of_is_not_one_that_is_not_there(
    answer: Answer, status: str | None
) -> None:
    assert power.status(Told(answer), load({})) == status


class Stopped(Google):
    """A machine that is off, with what it may have left in its guest attributes."""

    def __init__(self, left: Answer, started: str) -> None:
        super().__init__(None, {})
        self._left, self._started = left, started

    def ask(self, service: Any, path: str, **more: Any) -> Answer:
        if path.endswith("/getGuestAttributes"):
            assert more["params"] == {"queryPath": "atelier/stopped"}
            return self._left
        return Answer(200, {"status": "TERMINATED", "lastStartTimestamp": self._started})


WORDS = "2026-11-27T15:10:00Z nobody had labeled for 60 minutes (idleMinutes)"
LEFT = Answer(200, {"queryValue": {"items": [{"key": "stopped", "value": WORDS}]}})


@pytest.mark.parametrize(
    ("left", "started", "said"),
    [
        (
            LEFT,
            "2026-11-27T00:00:03.512-07:00",
            "It turned itself off at 2026-11-27 15:10 UTC: nobody had labeled for 60 minutes"
            " (idleMinutes).",
        ),
        (LEFT, "2026-11-27T09:00:03.512-07:00", ""),
        (Answer(404), "2026-11-27T00:00:03.512-07:00", ""),
        (Answer(200, {"queryValue": {}}), "", ""),
        (Answer(0, {"error": "cannot be reached"}), "", ""),
    ],
    ids=["itself", "started since", "no attribute", "nothing in it", "no answer"],
)
def test_a_machine_says_why_it_turned_itself_off(left: Answer, started: str, said: str) -> None:
    assert power.why_off(Stopped(left, started), load({})) == said


def test_a_start_returns_when_labelers_can_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "Compute", Started)
    monkeypatch.setattr(power.Clock, "sleep", lambda clock, seconds: None)
    opened: list[str] = []
    monkeypatch.setattr(power, "check", lambda web, *more: opened.append(web.url))
    said: list[str] = []
    known = {"images": "abc", "url": "https://203.0.113.10", "reach": "everybody", "address": ""}
    power.start(power.Machine(load(ROME), known), said.append)
    assert said[0].endswith("starting")
    assert said[-1].endswith("ready: the studio is open")
    assert opened == ["https://203.0.113.10"]


def test_the_machine_is_started_and_stopped_by_the_stacks_own_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Access] = []
    monkeypatch.setattr(Started, "start", lambda self, name, zone: asked.append(self.access))
    monkeypatch.setattr(
        Started, "stop", lambda self, name, zone: asked.append(self.access), raising=False
    )
    monkeypatch.setattr(power, "Compute", Started)
    access = Access(account="deployer@demo-project.iam.gserviceaccount.com")
    machine = power.Machine(load({}), {}, access)
    power.start(machine, lambda line: None)
    power.stop(machine, lambda line: None)
    assert asked == [access, access]


def test_what_google_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Started, name: str, zone: str) -> None:
        raise ComputeError("Google could not start machine atelier-dev: no such machine free")

    monkeypatch.setattr(Started, "start", refuse)
    monkeypatch.setattr(power, "Compute", Started)
    with pytest.raises(PowerError, match="no such machine free"):
        power.start(power.Machine(load({}), {}), lambda line: None)
