"""The docker command: short questions, and long work whose last line is shown meanwhile."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Mapping
from typing import BinaryIO

from laptop.docker.settings import DockerSettings
from laptop.processes.process import Command, run_to_end
from laptop.progress import Progress
from laptop.settings import LaptopError

ANSWER_SECONDS = 60.0
NOT_INSTALLED = (
    "Docker is not installed. Install Docker Desktop, or on Linux Docker Engine with its buildx "
    "and compose plugins (https://docs.docker.com/engine/install/). Or omit DOCKER=1: `make demo` "
    "needs no Docker."
)


class Docker:
    """This machine's docker command. It sees a few variables of the caller's and those given."""

    def __init__(self, settings: DockerSettings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        # Each build would be another image by the time that an attestation names.
        own = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        self._environ = {**settings.passed_on, **settings.client_environ, **own}

    def ask(self, *words: str, seconds: float = ANSWER_SECONDS) -> subprocess.CompletedProcess[str]:
        """Runs it without a terminal, whatever its status is.

        Raises LaptopError where there is no Docker, or no answer after `seconds`.
        """
        try:
            return subprocess.run(
                [self._program(), *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=self._environ,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LaptopError(
                f"docker {words[0]} did not answer within {seconds:.0f} s. Restart Docker, then "
                "run the same command again."
            ) from None

    def answer(self, *words: str) -> str:
        """What it prints. Raises LaptopError, with its own words, when it fails."""
        done = self.ask(*words)
        if done.returncode != 0:
            raise LaptopError(f"docker {words[0]} {words[1]} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def stream(self, *words: str, of: BinaryIO | None = None, to: BinaryIO | None = None) -> None:
        """Runs it with a file for its input or its output, however long that takes.

        Raises LaptopError, with its own words, when it fails.
        """
        done = subprocess.run(
            [self._program(), *words],
            stdin=of or subprocess.DEVNULL,
            stdout=to or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environ,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise LaptopError(f"docker {words[0]} failed: {said}")

    def run(
        self,
        name: str,
        what: str,
        words: list[str],
        environ: Mapping[str, str],
        good: Collection[int] = (0,),
    ) -> str:
        """Long work, shown as `what`, its output in RUN_DIR/NAME.log. Returns the output's end.

        Raises LaptopError, with the last lines of the log, when it fails.
        """
        command = Command(name, (self._program(), *words), {**self._environ, **environ})
        return run_to_end(command, self._settings.run_dir, self._progress, what, good=good)

    def _program(self) -> str:
        found = shutil.which("docker", path=self._environ.get("PATH"))
        if found is None:
            raise LaptopError(NOT_INSTALLED)
        return found
