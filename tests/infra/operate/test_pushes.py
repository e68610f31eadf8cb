"""A push that takes longer than its login lasts: the update goes on with a new one."""

import pytest

from infra.operate import cli, pushes
from infra.operate.pulumi import Outcome, Target
from infra.operate.stack import Stack

HOUR = 3600.0
EXPIRED = (
    "error: failed to solve: failed to push us-central1-docker.pkg.dev/p/atelier-dev/frontend:1:"
    " failed to authorize: failed to fetch oauth token: unexpected status from GET request to"
    " https://us-central1-docker.pkg.dev/v2/token: 401 Unauthorized"
)
QUOTA = "error: Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally."
WELL = ""


class Updates:
    """Updates that end like this, each after so many seconds; it remembers how they were run."""

    def __init__(self, *ends: tuple[str, float]) -> None:
        self.ends, self.now = list(ends), 0.0
        self.options: list[tuple[str, ...]] = []
        self.said: list[str] = []

    def run(self, more: tuple[str, ...]) -> Outcome:
        self.options.append(more)
        text, seconds = self.ends.pop(0)
        self.now += seconds
        return Outcome(255 if text else 0, (), text)

    def go_on(self) -> int:
        return pushes.go_on(self.run, self.said.append, lambda: self.now).status


@pytest.mark.parametrize(
    ("ends", "runs", "status"),
    [
        ([(WELL, HOUR)], 1, 0),
        ([(EXPIRED, HOUR), (WELL, 60)], 2, 0),
        ([(EXPIRED, HOUR), (EXPIRED, HOUR), (WELL, 60)], 3, 0),
        # A login that is refused at once is none that has expired on the way.
        ([(EXPIRED, 40)], 1, 255),
        ([(EXPIRED, HOUR), (EXPIRED, 40)], 2, 255),
        ([(QUOTA, HOUR)], 1, 255),
        ([(EXPIRED, HOUR), (QUOTA, HOUR)], 2, 255),
        # A layer that takes longer than an hour.
        ([(EXPIRED, HOUR)] * 9, 1 + pushes.TIMES, 255),
    ],
)
def test_an_update_goes_on_as_long_as_hours_of_pushing_end_in_an_expired_login(
    ends: list[tuple[str, float]], runs: int, status: int
) -> None:
    updates = Updates(*ends)
    assert updates.go_on() == status
    assert len(updates.options) == runs
    assert len(updates.said) == runs - 1


def test_nobody_is_asked_again_for_what_was_agreed_to_an_hour_ago() -> None:
    updates = Updates((EXPIRED, HOUR), (WELL, 60))
    updates.go_on()
    assert updates.options == [(), ("--yes", "--skip-preview")]
    assert "what was pushed is not pushed again" in updates.said[0]


def test_make_up_does_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []

    def operate(target: Target, verb: str, extra: tuple[str, ...]) -> Outcome:
        ran.append((verb, *extra))
        return Outcome(255, (), EXPIRED) if len(ran) == 1 else Outcome(0, (), "")

    monkeypatch.setattr(cli, "operate", operate)
    monkeypatch.setattr(cli, "read", lambda target: None)
    monkeypatch.setattr(cli, "see_to_it", lambda known, target, outcome, **more: outcome)
    monkeypatch.setattr(pushes, "OUTLASTED_SECONDS", 0.0)
    known = Stack("demo-project", "docker", (), {})
    assert cli._up(known, Target("pulumi", {}, "dev"), ("--target", "x")).status == 0
    assert ran == [("up", "--target", "x"), ("up", "--target", "x", "--yes", "--skip-preview")]
