"""What counts as ready, how long that is waited for, and what is said when it does not come."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from infra.dynamic.compute import Machine
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.readiness import NOTICE_SECONDS, Clock, Progress, Report, Target, Wait
from infra.dynamic.readiness_errors import LOG_LINES, NotReadyError, Place, last_lines
from infra.dynamic.readiness_web import SECONDS, SECONDS_OF_FEW, Answer, Web, check
from infra.settings.schedule import WorkingHours, parse_days, parse_hours

PLACE = Place("demo-project", "us-central1-a", "atelier-dev")
OLD, NEW = "0" * 64, "1" * 64
LIMIT = 1200.0
OFFICE = (WorkingHours(parse_days("Mon-Fri"), *parse_hours("08:00-20:00")), "UTC")
SUNDAY, MONDAY = datetime(2026, 11, 22, 12), datetime(2026, 11, 23, 12)
BOOT = [Report("driver", "preparing"), Report("docker", "disks"), Report("models", "loading")]
READY = Report("ready", "https://198.51.100.7 is open", NEW)
ROLLED_BACK = Report("ready", "the new version did not become healthy", OLD)


class TestClock(Clock):
    """A clock that is moved on by whoever sleeps."""

    __test__ = False

    def __init__(self, today: datetime = MONDAY) -> None:
        self.time, self.today = 0.0, today

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def local(self, time_zone: str) -> datetime:
        return self.today


@dataclass
class World:
    """A machine that says one thing after the other, the last one for ever, and who waits for it.

    An error in place of a report is raised; a string is the machine's status at that look.
    """

    says: list[Report | ComputeError | str]
    log: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    clock: TestClock = field(default_factory=TestClock)
    said: list[str] = field(default_factory=list)
    started: int = 0

    def machine(self, name: str, zone: str) -> Machine | None:
        now = self.says[0]
        status = now if isinstance(now, str) else "RUNNING"
        if isinstance(now, str):
            self.pass_on()
        return Machine(status, False, {}, self.metadata) if status != "deleted" else None

    def start(self, name: str, zone: str) -> None:
        self.started += 1

    def guest_attributes(self, name: str, zone: str, namespace: str) -> dict[str, str]:
        now = self.says[0]
        self.pass_on()
        if isinstance(now, ComputeError):
            raise now
        assert isinstance(now, Report)
        return {key: value for key, value in vars(now).items() if value}

    def pass_on(self) -> None:
        if len(self.says) > 1:
            self.says.pop(0)

    def serial_output(self, name: str, zone: str) -> str:
        return self.log

    def wait(self, *, is_proof: bool = True, boots: bool = False, scheduled: bool = False) -> bool:
        target = Target(PLACE, NEW, is_proof, boots, OFFICE if scheduled else None)
        progress = Progress(PLACE.name, self.said.append, self.clock)
        return Wait(self, target, LIMIT, progress, self.clock).run()


def test_a_new_machine_is_waited_for_and_each_phase_is_told_once() -> None:
    world = World(["PROVISIONING", "STAGING", Report(), *BOOT, BOOT[-1], READY])
    assert world.wait() is True
    assert [line.split("] ")[1] for line in world.said] == [
        "provisioning",
        "staging",
        "booting",
        "driver: preparing",
        "docker: disks",
        "models: loading",
        "ready: https://198.51.100.7 is open",
    ]
    assert world.said[-1].startswith("atelier-dev [0:14] ")


def test_a_machine_that_runs_the_new_images_already_is_not_waited_for() -> None:
    world = World([READY])
    assert world.wait() is True
    assert world.clock.time == 0


def test_an_old_ready_does_not_count_before_other_settings_could_be_seen() -> None:
    seen = World([READY, BOOT[-1], READY])
    assert seen.wait(is_proof=False) is True
    assert seen.clock.time < NOTICE_SECONDS
    unseen = World([READY])
    assert unseen.wait(is_proof=False) is True
    assert unseen.clock.time > NOTICE_SECONDS


def test_an_old_failure_does_not_count_before_the_machine_could_begin_anew() -> None:
    assert World([Report("failed", "no role"), BOOT[-1], READY]).wait() is True
    stays = World([Report("failed", "no role")])
    with pytest.raises(NotReadyError, match="failed: no role"):
        stays.wait()
    assert NOTICE_SECONDS < stays.clock.time < 2 * NOTICE_SECONDS


def test_a_failure_ends_the_wait_with_message_log_and_what_to_do() -> None:
    world = World([*BOOT, Report("failed", "disk full")], log="one\ntwo\n")
    with pytest.raises(NotReadyError) as caught:
        world.wait()
    said = str(caught.value)
    assert "It says: failed: disk full" in said
    assert "  | one\n  | two\n" in said
    assert said.index("| two") < said.index("run pulumi up again")
    assert "gcloud compute instances reset atelier-dev --zone us-central1-a" in said
    assert NOTICE_SECONDS < world.clock.time < 2 * NOTICE_SECONDS


def test_a_failure_that_the_machine_takes_up_the_change_after_is_none() -> None:
    failed = Report("failed", "the images could not be fetched")
    assert World([Report("pull", "try 2 of 30"), failed, BOOT[-1], READY]).wait() is True


def test_a_change_seen_while_the_project_was_looked_after_is_waited_for() -> None:
    for before in (READY, Report("failed", "the key is revoked")):
        seen = Report("project", "the metadata changed, that comes next")
        world = World([before, seen, *[seen] * 30, BOOT[-1], READY])
        assert world.wait(is_proof=False) is True
        assert world.clock.time > NOTICE_SECONDS


@pytest.mark.parametrize("before", [[], [BOOT[-1]]])
def test_a_rollback_is_not_taken_for_ready(before: list[Report]) -> None:
    world = World([*before, ROLLED_BACK])
    with pytest.raises(NotReadyError) as caught:
        world.wait()
    said = str(caught.value)
    assert "not with the images that were asked for" in said
    assert "It says: ready: the new version did not become healthy" in said


def test_a_machine_that_ends_its_boot_with_the_old_images_may_still_roll() -> None:
    assert World([BOOT[-1], Report("ready", "is open", OLD), BOOT[-1], READY]).wait() is True


def test_the_wait_ends_with_the_time_limit_and_the_phase() -> None:
    world = World([BOOT[0], Report("pull", "try 7 of 30")])
    with pytest.raises(NotReadyError, match=r"not ready after 20 minutes. It says: pull: try 7"):
        world.wait()
    assert LIMIT < world.clock.time < LIMIT + 10


def test_a_stopped_machine_is_started_and_its_old_report_not_believed() -> None:
    world = World(["TERMINATED", READY, READY, *BOOT, READY])
    assert world.wait(scheduled=True) is True
    assert world.started == 1
    assert world.said[0].endswith("is off, starting it")
    never = World(["TERMINATED", READY])
    with pytest.raises(NotReadyError, match="not ready after 20 minutes"):
        never.wait()


def test_what_a_restarted_machine_said_before_does_not_count() -> None:
    assert World([READY, *BOOT, READY]).wait(is_proof=False, boots=True) is True
    with pytest.raises(NotReadyError, match="not ready after 20 minutes"):
        World([READY]).wait(is_proof=False, boots=True)


def test_outside_its_working_hours_a_stopped_machine_stays_so() -> None:
    world = World(["TERMINATED"], clock=TestClock(SUNDAY))
    assert world.wait(scheduled=True) is False
    assert world.started == 0
    assert "gcloud compute instances start atelier-dev" in world.said[-1]


def test_without_a_schedule_it_is_started_whenever() -> None:
    world = World(["TERMINATED", *BOOT, READY], clock=TestClock(SUNDAY))
    assert world.wait() is True


@pytest.mark.parametrize(
    ("status", "words"), [("deleted", "pulumi refresh"), ("SUSPENDED", "is SUSPENDED")]
)
def test_what_no_waiting_mends_is_said_at_once(status: str, words: str) -> None:
    with pytest.raises(NotReadyError, match=words):
        World([status]).wait()


def test_some_calls_may_fail_and_not_many() -> None:
    fault = ComputeError("the Compute API cannot be reached")
    assert World([BOOT[0], fault, fault, BOOT[-1], READY]).wait() is True
    with pytest.raises(ComputeError, match="cannot be reached"):
        World([fault]).wait()


def test_the_log_is_shown_without_prefix_colours_and_secrets() -> None:
    script = "Nov 22 12:00:00 atelier-dev google_metadata_script_runner[612]: startup-script: "
    lines = [f"{script}line {i}\r" for i in range(40)]
    lines += [f"{script}\x1b[31mred\x1b[0m said so", "and a2V5LWtleS1rZXk="]
    metadata = {"GOOGLE_APPLICATION_CREDENTIALS_BASE64": "a2V5LWtleS1rZXk="}
    shown = last_lines("\n".join(lines), metadata).splitlines()
    assert len(shown) == LOG_LINES
    assert shown[0] == "line 27"
    assert shown[-2:] == ["red said so", "and [secret]"]


@dataclass
class Visits:
    """A browser that meets one answer after the other, the last one for ever."""

    answers: list[tuple[Answer, str]]
    said: list[str] = field(default_factory=list)
    clock: TestClock = field(default_factory=TestClock)
    urls: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> tuple[Answer, str]:
        self.urls.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def check(self, web: Web) -> None:
        check(web, LIMIT, Progress(PLACE.name, self.said.append, self.clock), self.clock, self)


URL = "https://198.51.100.7"
UNREACHABLE: tuple[Answer, str] = ("no answer", "timed out")
WRONG: tuple[Answer, str] = ("wrong", "its certificate is not valid")
HEALTHY: tuple[Answer, str] = ("healthy", "it answers")


def test_the_address_is_asked_until_it_answers() -> None:
    visits = Visits([UNREACHABLE, WRONG, HEALTHY])
    visits.check(Web(URL, "everybody"))
    assert visits.urls == [f"{URL}/health"] * 3
    assert visits.said[-1].endswith(f"ready; {URL} answers")


@pytest.mark.parametrize("reach", ["everybody", "few"])
def test_a_wrong_certificate_fails_for_all(reach: str) -> None:
    visits = Visits([WRONG])
    with pytest.raises(NotReadyError, match="its certificate is not valid"):
        visits.check(Web(URL, "few" if reach == "few" else "everybody"))
    assert SECONDS < visits.clock.time < SECONDS + 10


def test_no_answer_is_a_failure_only_where_everybody_may_ask() -> None:
    with pytest.raises(NotReadyError, match="timed out"):
        Visits([UNREACHABLE]).check(Web(URL, "everybody"))
    few = Visits([UNREACHABLE])
    few.check(Web(URL, "few"))
    assert "cannot be reached from this computer (timed out)" in few.said[-1]
    assert few.clock.time < SECONDS_OF_FEW + 10


def test_nobody_is_asked_where_only_the_tunnel_leads() -> None:
    visits = Visits([HEALTHY])
    visits.check(Web("http://localhost:8080", "tunnel"))
    assert visits.urls == []
    assert "tunnel" in visits.said[-1]


def test_a_domain_that_leads_elsewhere_is_waited_for_until_the_limit() -> None:
    visits = Visits([UNREACHABLE])
    with pytest.raises(NotReadyError, match=r"an A record localhost -> 198\.51\.100\.7"):
        visits.check(Web("https://localhost", "everybody", "198.51.100.7"))
    assert visits.clock.time >= LIMIT
    assert "Point the domain at the machine" in visits.said[0]


def moments() -> Iterator[tuple[str, str, datetime, bool]]:
    saturday = datetime(2026, 11, 28)
    yield "Mon-Fri", "08:00-20:00", MONDAY, True
    yield "Mon-Fri", "08:00-20:00", MONDAY.replace(hour=8), True
    yield "Mon-Fri", "08:00-20:00", MONDAY.replace(hour=20), False
    yield "Mon-Fri", "08:00-20:00", SUNDAY, False
    yield "Mon-Fri", "22:00-06:00", saturday.replace(hour=5), True
    yield "Mon-Fri", "22:00-06:00", saturday.replace(hour=23), False
    yield "Mon-Fri", "22:00-06:00", MONDAY.replace(hour=5), False
    yield "Sun", "22:00-06:00", MONDAY.replace(hour=5), True


@pytest.mark.parametrize(("days", "hours", "moment", "inside"), list(moments()))
def test_working_hours_include_a_moment(
    days: str, hours: str, moment: datetime, inside: bool
) -> None:
    assert WorkingHours(parse_days(days), *parse_hours(hours)).includes(moment) is inside
