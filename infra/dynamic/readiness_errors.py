"""What is said when the machine does not become ready, and what is left out of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from infra.settings.facts import KEY_ATTRIBUTE

LOG_LINES = 15
LOG_FILE = "/var/log/atelier-startup.log"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e\u00a0-\U0010ffff\n\t]")
# What every line of the startup script begins with on the serial port.
_PREFIX = re.compile(r"^.*?google_metadata_script_runner\[\d+\]: (?:startup-script: )?")


class NotReadyError(RuntimeError):
    """Labelers cannot log in; the message says where it stands and what to do."""


@dataclass(frozen=True)
class Place:
    """A machine, and the commands that reach it."""

    project: str
    zone: str
    name: str

    def command(self, verb: str) -> str:
        """Return the gcloud command for `start`, `reset` or `ssh`."""
        tunnel = " --tunnel-through-iap" if verb == "ssh" else ""
        return (
            f"gcloud compute {'' if verb == 'ssh' else 'instances '}{verb} {self.name}"
            f" --zone {self.zone} --project {self.project}{tunnel}"
        )


def not_ready(place: Place, what: str, report: str, log: str) -> NotReadyError:
    """Return the error for a machine that is `what`, its last report and the end of its log."""
    shown = "".join(f"\n  | {line}" for line in log.splitlines()) or " (empty)"
    return NotReadyError(
        f"Machine {place.name}: {what}. It says: {report}\n"
        f"The end of its serial port's log:{shown}\n"
        "All resources are there; only this check failed, and the next pulumi up repeats it."
        " If the message names something outside of the machine (a role, a quota, the registry),"
        " put it right; if it names an image or a key, mend it. Then run pulumi up again. What that"
        " changes the machine takes up at once; without a change it tries again within the hour, or"
        f" now after a reset, which some messages ask for: {place.command('reset')}\n"
        f"The whole log is {LOG_FILE} on the machine: {place.command('ssh')}"
    )


def last_lines(text: str, metadata: Mapping[str, str]) -> str:
    """Return the end of a log without control characters, and without the machine's key."""
    lines = [_PREFIX.sub("", line).rstrip() for line in _CONTROL.sub("", text).splitlines()]
    shown = "\n".join([line for line in lines if line][-LOG_LINES:])
    key = metadata.get(KEY_ATTRIBUTE)
    return shown.replace(key, "[secret]") if key else shown
