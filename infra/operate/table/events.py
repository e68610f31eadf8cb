"""The engine's event log (`--event-log`), read as the same `Preview` that its JSON gives.

One line an event, as `apitype.EngineEvent` (sdk/go/common/apitype/events.go). The log is written
while the engine shows its own progress, so that one run gives both. The option is the one that the
automation API uses; the CLI shows it when PULUMI_DEBUG_COMMANDS is set.
"""

import json
from collections.abc import Iterable
from typing import cast

from pydantic import ValidationError

from infra.operate.table.errors import PlanError
from infra.operate.table.preview import (
    Diagnostic,
    Preview,
    PropertyDiff,
    Record,
    State,
    Step,
    whole,
)

SECRET = "[secret]"
# sdk/go/common/resource: marks an object of the state as a secret, an asset or an archive.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"


class EventDiff(Record):
    """A property's difference as events spell it."""

    diffKind: str
    inputDiff: bool = False


class StepMetadata(Record):
    """What an event says of a resource."""

    op: str
    urn: str
    type: str = ""
    old: State | None = None
    new: State | None = None
    keys: tuple[str, ...] | None = None
    diffs: tuple[str, ...] | None = None
    detailedDiff: dict[str, EventDiff] | None = None

    def step(self) -> Step:
        """Return it as the step of a preview."""
        detailed = self.detailedDiff
        return Step(
            op=self.op,
            urn=self.urn,
            old=self.old,
            new=self.new,
            diff_reasons=self.diffs or (),
            replace_reasons=self.keys or (),
            detailed_diff=None
            if detailed is None
            else {
                path: PropertyDiff(kind=diff.diffKind, input_diff=diff.inputDiff)
                for path, diff in detailed.items()
            },
        )


class StepEvent(Record):
    """An event about one resource; `planning` while it is only a preview's."""

    metadata: StepMetadata
    planning: bool = False


class Summary(Record):
    """The event that ends an operation."""

    durationSeconds: float = 0
    result: str = ""


class Event(Record):
    """One line of the log; exactly one of these is there, or none that matters here."""

    diagnosticEvent: Diagnostic | None = None
    resourcePreEvent: StepEvent | None = None
    resOutputsEvent: StepEvent | None = None
    resOpFailedEvent: StepEvent | None = None
    summaryEvent: Summary | None = None


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
            found.append(Event.model_validate(_without_secrets(json.loads(line))))
        except (ValueError, ValidationError) as error:
            raise PlanError(
                f"Line {number} of the engine's event log cannot be read as an event: {error}. Run"
                " the pulumi command itself; this version of it writes another format."
            ) from None
    return tuple(found)


def preview_of(events: Iterable[Event]) -> Preview:
    """Return what a preview's events say, the resources in the order that the engine met them."""
    steps: dict[tuple[str, str], Step] = {}
    diagnostics: list[Diagnostic] = []
    seconds = 0.0
    for event in events:
        for about in (event.resourcePreEvent, event.resOutputsEvent):
            if about:
                # The later event of a step knows the outputs as well.
                steps[about.metadata.urn, about.metadata.op] = about.metadata.step()
        if event.diagnosticEvent and event.diagnosticEvent.severity != "debug":
            diagnostics.append(event.diagnosticEvent)
        if event.summaryEvent:
            seconds = event.summaryEvent.durationSeconds
    return Preview(
        steps=whole(steps.values()),
        diagnostics=tuple(diagnostics),
        duration=round(seconds * 1_000_000_000),
    )


def _without_secrets(value: object) -> object:
    """Return the value with each secret as the preview's JSON has it: a fixed word."""
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        if entries.get(_SIGNATURE) == _SECRET_SIGNATURE:
            return SECRET
        return {key: _without_secrets(below) for key, below in entries.items()}
    if isinstance(value, list):
        return [_without_secrets(below) for below in cast("list[object]", value)]
    return value
