"""What is left open after a model was asked for predictions, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from studio.label_studio.records import Task
from studio.output import counted, shortened

# Exit statuses of `apply` and `status`. "Not now" wins: something can be done about it by waiting.
NOT_NOW = 3
NEVER = 4
MAX_NAMED = 5
UNKNOWN = "the first backend's log says why"


@dataclass(frozen=True)
class Left:
    """Tasks without a pre-label, by the reason.

    Attributes:
        not_now: of those that were not answered; the next run asks again.
        never: of those whose image the model cannot use.
    """

    not_now: Mapping[str, Sequence[Task]] = field(default_factory=dict)
    never: Mapping[str, Sequence[Task]] = field(default_factory=dict)

    @property
    def exit_status(self) -> int:
        """0 when nothing is left."""
        if self.not_now:
            return NOT_NOW
        return NEVER if self.never else 0

    def summary(self) -> str:
        """One line that counts both kinds; "" when nothing is left."""
        now, never = _count(self.not_now), _count(self.never)
        said = []
        if now:
            said.append(f"{counted(now, 'task')} could not be pre-labelled now; run it again")
        if never:
            said.append(
                f"{counted(never, 'task')} cannot be pre-labelled before the image or a setting "
                "is mended; after a setting was, run it with --again"
            )
        return "; ".join(said)

    def lines(self) -> list[str]:
        """Each reason with how many tasks it holds up, and the first of their names."""
        return [
            *(_line("cannot be pre-labelled now", *item) for item in self.not_now.items()),
            *(_line("cannot be pre-labelled", *item) for item in self.never.items()),
        ]


def left_of(
    tasks: Sequence[Task],
    version: str,
    waiting: Sequence[Task] = (),
    reasons: Mapping[int, str] | None = None,
) -> Left:
    """Return what is left of tasks.

    Args:
        version: the model's current version.
        waiting: the tasks that the model was asked for in vain.
        reasons: why, by the task's id, as far as the backend says.
    """
    never: dict[str, list[Task]] = {}
    for task in tasks:
        reason = None if task.has_prediction_of(version) else task.refusal_of(version)
        if reason is not None:
            never.setdefault(reason, []).append(task)
    not_now: dict[str, list[Task]] = {}
    for task in waiting:
        not_now.setdefault((reasons or {}).get(task.id, UNKNOWN), []).append(task)
    return Left(not_now, never)


def _count(reasons: Mapping[str, Sequence[Task]]) -> int:
    return sum(map(len, reasons.values()))


def _line(what: str, reason: str, tasks: Sequence[Task]) -> str:
    names = [task.name for task in tasks]
    return f"{what}: {reason}: {counted(len(tasks), 'task')} ({shortened(names, MAX_NAMED)})"
