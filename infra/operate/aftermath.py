"""What an operation that failed leaves: its failures, and what is standing."""

from collections.abc import Callable, Iterable

from infra.operate.explanation import Failure
from infra.operate.pulumi import Outcome
from infra.operate.table import kinds
from infra.operate.table.events import Event, OpType, Step
from infra.operate.table.preview import DELETED_LAST, inputs
from infra.settings.facts import WARNING

# In the order in which a team misses them.
_MATTERS = (kinds.MACHINE, kinds.DISK, kinds.BUCKET, kinds.ADDRESS, kinds.KEY)
_MAKING = frozenset(
    {
        OpType.CREATE,
        OpType.CREATE_REPLACEMENT,
        OpType.IMPORT,
        OpType.IMPORT_REPLACEMENT,
        OpType.SAME,
        OpType.UPDATE,
    }
)
_NO_FAILURE_OF_ITS_OWN = frozenset({"update failed", "preview failed", "destroy failed"})

_MACHINE = {
    False: "There is no machine: no one can log in until an update succeeds.",
    True: "The machine is there all the same, and pulumi knows nothing of it: `make doctor` says"
    " what to do.",
    None: "Whether there is a machine, Google does not tell at the moment: `make doctor` looks.",
}


def failures(outcome: Outcome) -> tuple[Failure, ...]:
    """Return the errors, each once: the engine's, or what was said where it never began."""
    found: dict[Failure, None] = {}
    for event in outcome.events:
        diagnostic = event.diagnostic_event
        if diagnostic and diagnostic.severity == "error":
            name = diagnostic.urn.rsplit("::", 1)[-1] if diagnostic.urn else ""
            failure = Failure.of(diagnostic.message, name)
            if failure.text not in _NO_FAILURE_OF_ITS_OWN:
                found.setdefault(failure)
    if not found and outcome.complaints.strip():
        found.setdefault(Failure.of(outcome.complaints))
    return tuple(found)


def warnings(events: Iterable[Event]) -> tuple[str, ...]:
    """Return what went wrong without ending the operation, as its resources print it."""
    found: dict[str, None] = {}
    for event in events:
        if event.diagnostic_event:
            for line in event.diagnostic_event.message.splitlines():
                if line.startswith(WARNING):
                    found.setdefault(line.removeprefix(WARNING).strip())
    return tuple(found)


def old_zone(events: Iterable[Event]) -> str:
    """Return the zone that the machine was leaving when the operation failed; else empty."""
    for event in events:
        about = event.res_op_failed_event or event.resource_pre_event
        if about and about.metadata.type == kinds.MACHINE and about.metadata.old:
            zone = inputs(about.metadata.old).get("zone")
            new = inputs(about.metadata.new).get("zone") if about.metadata.new else zone
            if isinstance(zone, str) and zone != new:
                return zone
    return ""


def left_standing(
    events: Iterable[Event],
    *,
    destroying: bool = False,
    is_there: Callable[[], bool | None] = lambda: False,
) -> str:
    """Return, in a sentence or two, what the team has now and what it has not.

    Empty where the events tell of nothing that matters to it. After a destroy that failed, that
    there is no machine is no news.

    Args:
        events: What the engine logged.
        destroying: Whether the operation was to destroy.
        is_there: Whether Google has the machine, None where it does not tell: the engine hears
            nothing of one that was made while the connection was lost.
    """
    standing: dict[str, set[str]] = {}
    for event in events:
        done, failed = event.res_outputs_event, event.res_op_failed_event
        if done and not done.planning:
            _account(standing, done.metadata)
        elif failed:
            # What could not be deleted or changed is there; what could not be made is not.
            there = (
                failed.metadata.old is not None and failed.metadata.op != OpType.CREATE_REPLACEMENT
            )
            standing.setdefault(failed.metadata.type, set())
            if there:
                standing[failed.metadata.type].add(failed.metadata.urn)
    there = [kinds.plural(kind) for kind in _MATTERS if standing.get(kind)]
    gone = kinds.MACHINE in standing and not standing[kinds.MACHINE] and not destroying
    sentences: list[str] = []
    if there:
        sentences.append(f"Left standing: {', '.join(there)}.")
    if gone:
        sentences.append(_MACHINE[is_there()])
    return " ".join(sentences)


def _account(standing: dict[str, set[str]], metadata: Step) -> None:
    urns = standing.setdefault(metadata.type, set())
    if metadata.op in _MAKING:
        urns.add(metadata.urn)
    elif metadata.op is OpType.REPLACE or (metadata.op is DELETED_LAST and metadata.urn in urns):
        # The step that tells of a replacement made nothing; the other one took away what has its
        # replacement, of the same name, already.
        return
    else:
        urns.discard(metadata.urn)
