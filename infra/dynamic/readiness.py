"""Waits until the machine says that labelers can log in, and shows its phases as they pass.

The machine tells its progress in guest attributes (templates/vm/services.sh): `phase`, `message`,
and `running`, the SHA-256 of the attribute atelier-images that it serves. `ready` is also said
after a rollback, and stays readable until the machine has seen a change or has booted. So `ready`
counts for the images that were asked for, and once the report cannot be an old one any more.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from infra.dynamic.compute import Machine
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.readiness_errors import NotReadyError, Place, last_lines, not_ready
from infra.settings.schedule import WorkingHours

NAMESPACE = "atelier"
POLL_SECONDS = 2.0
# A running machine long-polls its metadata, fetches the attributes and reports its first phase
# within seconds, also after a failure and while it looks after what runs. A report that stays as
# it is for so long is its answer.
NOTICE_SECONDS = 30.0
# So many calls in a row may fail before the wait does.
PATIENCE = 5
ON_THE_WAY = frozenset(
    {"PROVISIONING", "STAGING", "REPAIRING", "STOPPING", "PENDING_STOP", "SUSPENDING"}
)


@dataclass(frozen=True)
class Target:
    """What is waited for.

    Attributes:
        place: The machine.
        images: The SHA-256 of the attribute atelier-images that it shall serve.
        is_proof: Whether `ready` with these images says by itself that the change has arrived:
            they are new. Otherwise only another attribute changed, which no report names.
        boots: Whether it was only just started again, by whatever changed it.
        hours: When its schedule lets it run, and in which time zone; None without a schedule.
    """

    place: Place
    images: str
    is_proof: bool = True
    boots: bool = False
    hours: tuple[WorkingHours, str] | None = None


@dataclass(frozen=True)
class Report:
    """What the machine last wrote; all empty before it wrote anything."""

    phase: str = ""
    message: str = ""
    running: str = ""

    def __str__(self) -> str:
        if not self.phase:
            return "booting"
        return f"{self.phase}: {self.message}" if self.message else self.phase


class Cloud(Protocol):
    """What is asked of `infra.dynamic.compute.Compute`, which says what each does."""

    def machine(self, name: str, zone: str) -> Machine | None: ...
    def start(self, name: str, zone: str) -> None: ...
    def guest_attributes(self, name: str, zone: str, namespace: str) -> dict[str, str]: ...
    def serial_output(self, name: str, zone: str) -> str: ...


class Clock:
    """Time, for tests to replace."""

    def now(self) -> float:
        """Return seconds since whenever."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def local(self, time_zone: str) -> datetime:
        """Return what the clocks of that time zone show."""
        return datetime.now(ZoneInfo(time_zone))


class Progress:
    """Says lines with the time that has passed, each only once in a row."""

    def __init__(self, name: str, say: Callable[[str], None], clock: Clock) -> None:
        self._name, self._say, self._clock = name, say, clock
        self._began = clock.now()
        self._last = ""

    @property
    def seconds(self) -> float:
        """Since the wait began."""
        return self._clock.now() - self._began

    def tell(self, text: str) -> None:
        """Say it, unless it was the last thing said."""
        if text != self._last:
            self._last = text
            minutes, seconds = divmod(int(self.seconds), 60)
            self._say(f"{self._name} [{minutes}:{seconds:02}] {text}")


class Wait:
    """One wait for one machine, which `run` does."""

    def __init__(
        self, cloud: Cloud, target: Target, limit: float, progress: Progress, clock: Clock
    ) -> None:
        self._cloud, self._target, self._limit = cloud, target, limit
        self._progress, self._clock = progress, clock
        self._report: Report | None = None
        self._since = clock.now()
        # Whether a second report was seen, and whether the machine boots and has yet to report.
        self._moved, self._boots = False, target.boots

    def run(self) -> bool:
        """Wait until the machine is ready.

        Returns:
            False if it is outside its working hours and off, and was left so.

        Raises:
            NotReadyError: if it failed, serves other images, or is not ready in time.
            ComputeError: if the Compute API refuses.
        """
        failures = 0
        while True:
            try:
                done = self._look()
                failures = 0
            except ComputeError as fault:
                failures += 1
                if failures > PATIENCE:
                    raise
                self._progress.tell(f"asking again: {fault}")
                done = None
            if done is not None:
                return done
            if self._progress.seconds > self._limit:
                raise self._fault(f"not ready after {self._limit / 60:g} minutes")
            self._clock.sleep(POLL_SECONDS)

    def _look(self) -> bool | None:
        """Return what `run` returns, or None where it is to look again."""
        place = self._target.place
        machine = self._cloud.machine(place.name, place.zone)
        if machine is None:
            raise NotReadyError(
                f"There is no machine {place.name} in {place.zone} any more: it was deleted outside"
                " Pulumi. Run: pulumi refresh, then pulumi up"
            )
        if machine.stopped:
            return self._start()
        if machine.status in ON_THE_WAY:
            self._boots = True
            self._progress.tell(machine.status.lower().replace("_", " "))
            return None
        if machine.status != "RUNNING":
            raise NotReadyError(
                f"Machine {place.name} in {place.zone} is {machine.status}, which is somebody's"
                " doing. Put it to work again in the console, then run pulumi up again."
            )
        said = self._cloud.guest_attributes(place.name, place.zone, NAMESPACE)
        fields = (said.get(key, "") for key in ("phase", "message", "running"))
        return self._judge(Report(*fields))

    def _start(self) -> bool | None:
        place = self._target.place
        if self._target.hours is not None:
            hours, time_zone = self._target.hours
            if not hours.includes(self._clock.local(time_zone)):
                self._progress.tell(
                    "is off, outside its working hours, and stays so: it takes up what changed"
                    f" when it is started. To start it now: {place.command('start')}"
                )
                return False
        self._progress.tell("is off, starting it")
        self._cloud.start(place.name, place.zone)
        self._boots, self._moved, self._report = True, False, None
        return None

    def _judge(self, report: Report) -> bool | None:
        if report != self._report:
            self._moved |= self._report is not None
            self._report, self._since = report, self._clock.now()
            self._progress.tell(str(report))
        stays = self._clock.now() - self._since > NOTICE_SECONDS
        # What the last boot wrote can be read until this one reports.
        is_news = self._moved or (stays and not self._boots)
        # A failure may be what ended when the machine saw the change, which it takes up next.
        if report.phase == "failed" and is_news and stays:
            raise self._fault("failed")
        if report.phase == "ready" and report.running == self._target.images:
            proven = self._target.is_proof and not self._boots
            return True if is_news or proven else None
        if report.phase == "ready" and is_news and stays:
            raise self._fault("runs, but not with the images that were asked for")
        return None

    def _fault(self, what: str) -> NotReadyError:
        report = self._report or Report()
        return not_ready(self._target.place, what, str(report), self._log())

    def _log(self) -> str:
        """The end of the machine's log, or why there is none: that must not hide the fault."""
        place = self._target.place
        try:
            machine = self._cloud.machine(place.name, place.zone)
            text = self._cloud.serial_output(place.name, place.zone)
        except ComputeError as fault:
            return str(fault)
        return last_lines(text, machine.metadata if machine else {})
