"""Keeps services running: a crash or a hang is said in one line and mended, a hopeless one ends it.

Single-threaded: whoever waits for something calls `tick` meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from laptop.processes.health import Health, ask
from laptop.processes.process import Command, Process, exit_words, stop
from laptop.settings import LaptopError


@dataclass(frozen=True)
class Service:
    """A command that answers at a health address within `boot_seconds` of its start."""

    command: Command
    health_url: str
    boot_seconds: float

    @property
    def name(self) -> str:
        return self.command.name


@dataclass(frozen=True)
class Policy:
    """When to try again, in seconds, and how often. A service is steady after `steady_seconds`."""

    first_delay_seconds: float = 0.5
    longest_delay_seconds: float = 10.0
    crashes_in_a_row: int = 3
    steady_seconds: float = 10.0
    # Long: nine busy users on a small machine are no hang.
    hung_seconds: float = 60.0
    probe_seconds: float = 0.5
    steady_probe_seconds: float = 2.0


class Watched:
    """A service and what is known of its present process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: Process | None = None
        self.health = Health("silent")
        self.crashes = 0
        self.start_at = 0.0
        self.started_at = 0.0
        self.answered_at = 0.0
        self.up_since: float | None = None
        self.probe_at = 0.0

    def doing(self) -> str:
        """`starting` until it answers, then `loading` or its own words."""
        if self.health.state == "silent":
            return "starting"
        return self.health.message or self.health.state


class Supervisor:
    """Runs the services until `stop`. `say` gets one line for every event a person should know."""

    def __init__(
        self,
        services: Iterable[Service],
        run_dir: Path,
        say: Callable[[str], None],
        policy: Policy = Policy(),
    ) -> None:
        self._watched = [Watched(service) for service in services]
        self._run_dir = run_dir
        self._say = say
        self._policy = policy

    def tick(self) -> None:
        """Looks at every service once and mends what it can.

        Raises LaptopError, with the end of the log, when a service says that it cannot work or has
        crashed too often in a row.
        """
        for watched in self._watched:
            now = time.monotonic()
            if watched.process is None:
                if now >= watched.start_at:
                    self._start(watched)
                continue
            code = watched.process.exit_code()
            if code is not None:
                self._crashed(watched, exit_words(code))
            elif now >= watched.probe_at:
                self._probe(watched)

    def all_up(self) -> bool:
        return all(watched.up_since is not None for watched in self._watched)

    def waiting_for(self) -> list[str]:
        """The services that are not up, each with what it says it is doing."""
        return [
            f"{watched.service.name} {watched.doing()}"
            for watched in self._watched
            if watched.up_since is None
        ]

    def pids(self) -> dict[str, int]:
        """The process group of each service that runs."""
        return {w.service.name: w.process.pid for w in self._watched if w.process is not None}

    def stop(self) -> None:
        stop([w.process for w in self._watched if w.process is not None])

    def _start(self, watched: Watched) -> None:
        watched.process = Process(watched.service.command, self._run_dir)
        watched.started_at = watched.answered_at = time.monotonic()
        watched.health = Health("silent")

    def _probe(self, watched: Watched) -> None:
        policy = self._policy
        watched.health = ask(watched.service.health_url)
        now = time.monotonic()
        if watched.health.state == "failed":
            raise self._given_up(watched, f"cannot work: {watched.health.message}")
        if watched.health.state == "up" and watched.up_since is None:
            watched.up_since = now
            if watched.crashes:
                seconds = now - watched.started_at
                self._say(f"{watched.service.name} is back, {seconds:.0f} s after its restart")
        if watched.health.state != "silent":
            watched.answered_at = now
        patience = watched.service.boot_seconds if watched.up_since is None else policy.hung_seconds
        silence = now - watched.answered_at
        if silence > patience:
            self._crashed(watched, f"no answer for {silence:.0f} s")
            return
        steady = watched.up_since is not None and watched.health.state == "up"
        watched.probe_at = now + (policy.steady_probe_seconds if steady else policy.probe_seconds)

    def _crashed(self, watched: Watched, why: str) -> None:
        assert watched.process is not None
        # Its workers outlive a killed leader for a while, and would hold the port.
        watched.process.kill()
        now = time.monotonic()
        policy = self._policy
        if watched.up_since is not None and now - watched.up_since > policy.steady_seconds:
            watched.crashes = 0
        watched.crashes += 1
        watched.up_since = None
        watched.health = Health("silent")
        if watched.crashes >= policy.crashes_in_a_row:
            raise self._given_up(watched, f"failed {watched.crashes} times in a row ({why})")
        delay = policy.first_delay_seconds * 2 ** (watched.crashes - 1)
        delay = min(delay, policy.longest_delay_seconds)
        self._say(f"{watched.service.name} crashed ({why}); starting it again")
        watched.process = None
        watched.start_at = now + delay

    def _given_up(self, watched: Watched, what: str) -> LaptopError:
        assert watched.process is not None
        process = watched.process
        return LaptopError(
            f"{watched.service.name} {what}. The end of {process.log}:\n{process.tail()}"
        )
