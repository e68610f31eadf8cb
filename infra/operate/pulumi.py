"""The pulumi command: questions it answers at once, and operations that keep the terminal."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import IO

from infra.operate.table.events import SHOWS_EVENT_LOG, Event, read_log
from infra.settings.facts import REPOSITORY

QUESTION_SECONDS = 60
_KEPT_BYTES = 20_000
_CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Target:
    """A stack and where its config is.

    Attributes:
        executable: The pulumi command.
        environ: The environment that it runs in.
        config_file: None for Pulumi.<stack>.yaml.
    """

    executable: str
    environ: Mapping[str, str]
    stack: str
    config_file: Path | None = None

    @property
    def scope(self) -> tuple[str, ...]:
        """The options that every command about the stack's config takes."""
        file = ("--config-file", str(self.config_file)) if self.config_file else ()
        return ("--stack", self.stack, *file)

    def ask(self, *arguments: str) -> str | None:
        """Return what a quick command prints, or None if it fails."""
        done = self.tell(*arguments)
        return done.stdout if done.returncode == 0 else None

    def tell(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a quick command, and return how it ended and what it said."""
        return subprocess.run(
            [self.executable, *arguments, "--non-interactive"],
            cwd=REPOSITORY,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=QUESTION_SECONDS,
            check=False,
        )


@dataclass(frozen=True)
class Outcome:
    """How an operation ended.

    Attributes:
        status: Its exit status; 130 where a signal ended it.
        events: What the engine logged.
        complaints: What went to standard error, where an operation ends that never began.
    """

    status: int
    events: tuple[Event, ...]
    complaints: str


def operate(target: Target, verb: str, extra: Sequence[str]) -> Outcome:
    """Run `pulumi VERB` in the terminal: its prompts, colours and progress are its own.

    Ctrl-C reaches pulumi, which ends what it is doing in order; it is waited for.

    Raises:
        PlanError: The event log cannot be read.
    """
    with TemporaryDirectory(prefix="atelier-events-") as folder:
        log = Path(folder) / "events.json"
        command = [target.executable, verb, *target.scope, "--event-log", str(log), *extra]
        with (
            subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env={**target.environ, **SHOWS_EVENT_LOG},
                stderr=subprocess.PIPE,
            ) as process,
            _leave_signals_to(process),
        ):
            complaints = _Echo(process.stderr)
            status = process.wait()
        events = read_log(log)
    return Outcome(128 - status if status < 0 else status, events, complaints.text())


class _Echo:
    """Passes standard error on as it comes, and keeps its end."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._kept = b""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._stream and (chunk := os.read(self._stream.fileno(), _CHUNK_BYTES)):
            sys.stderr.buffer.write(chunk)
            sys.stderr.buffer.flush()
            self._kept = (self._kept + chunk)[-_KEPT_BYTES:]

    def text(self) -> str:
        self._thread.join()
        return self._kept.decode(errors="replace")


@contextmanager
def _leave_signals_to(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Let Ctrl-C be pulumi's, and hand on a request to end.

    A terminal sends Ctrl-C to the whole foreground group, pulumi included; a second copy would make
    it give up at once and leave the cloud half changed.
    """

    def stay(number: int, frame: FrameType | None) -> None:
        pass

    def hand_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(signal.SIGINT)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, stay),
        signal.SIGTERM: signal.signal(signal.SIGTERM, hand_on),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
