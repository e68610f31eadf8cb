"""The engine's event log (`--event-log`), read with Pulumi's own types.

One line an event (sdk/go/common/apitype/events.go). The log is written while the engine shows its
own progress, so that one run gives both. The option is the one that the automation API uses.
"""

# `from_json` takes a dict of nobody knows what.
# pyright: reportUnknownMemberType=false

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pulumi.automation.events import (
    DiffKind,
    OpType,
    PropertyDiff,
)
from pulumi.automation.events import EngineEvent as Event
from pulumi.automation.events import StepEventMetadata as Step
from pulumi.automation.events import StepEventStateMetadata as State

from infra.operate.table.errors import PlanError

__all__ = [
    "SHOWS_EVENT_LOG",
    "DiffKind",
    "Event",
    "OpType",
    "PropertyDiff",
    "State",
    "Step",
    "read_events",
    "read_log",
]

# The CLI hides --event-log unless this is in its environment.
SHOWS_EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}
# Of the others nothing is read, and a newer engine may write them in another form.
_READ = frozenset(
    {"diagnosticEvent", "policyEvent", "resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"}
)
# sdk/go/common/diag/colors: what an engine that writes to a terminal leaves in its log
# (pkg/backend/display: logJSONEvent).
_COLOUR = re.compile(r"<\{%.*?%\}>")
SECRET = "[secret]"
# sdk/go/common/resource: marks an object of the state as a secret, an asset or an archive.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"


def read_events(lines: Iterable[str]) -> tuple[Event, ...]:
    """Return the events; a last line that was cut off (the engine was killed) is left out.

    Raises:
        PlanError: A line is no event.
    """
    found: list[Event] = []
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            break
        try:
            entries: dict[str, Any] = json.loads(line, object_hook=_without_secret)
            event = Event.from_json({key: of for key, of in entries.items() if key in _READ})
        except (AttributeError, TypeError, ValueError) as error:
            raise PlanError(
                f"Line {number} of the engine's event log cannot be read as an event: {error}. Run"
                " the pulumi command itself; this version of it writes another format."
            ) from None
        if event.diagnostic_event:
            message = event.diagnostic_event.message
            event.diagnostic_event.message = _COLOUR.sub("", message)
        if event.policy_event:
            event.policy_event.message = _COLOUR.sub("", event.policy_event.message)
        found.append(event)
    return tuple(found)


def read_log(path: Path) -> tuple[Event, ...]:
    """Return the events of a log; none where the engine did not begin.

    Raises:
        PlanError: A line is no event.
    """
    if not path.exists():
        return ()
    with path.open(encoding="utf-8") as lines:
        return read_events(lines)


def _without_secret(entries: dict[str, Any]) -> Any:
    return SECRET if entries.get(_SIGNATURE) == _SECRET_SIGNATURE else entries
