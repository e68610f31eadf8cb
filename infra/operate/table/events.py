"""The engine's event log (`--event-log`), read with Pulumi's own types.

One line an event (sdk/go/common/apitype/events.go). The log is written while the engine shows its
own progress, so that one run gives both. The option is the one that the automation API uses.
"""

import json
from collections.abc import Iterable
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
]

# The CLI hides --event-log unless this is in its environment.
SHOWS_EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}
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
            found.append(Event.from_json(json.loads(line, object_hook=_without_secret)))
        except (AttributeError, TypeError, ValueError) as error:
            raise PlanError(
                f"Line {number} of the engine's event log cannot be read as an event: {error}. Run"
                " the pulumi command itself; this version of it writes another format."
            ) from None
    return tuple(found)


def _without_secret(entries: dict[str, Any]) -> Any:
    return SECRET if entries.get(_SIGNATURE) == _SECRET_SIGNATURE else entries
