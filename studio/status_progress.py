"""How far the work is, and when it will be done: counted from tasks and from what people did."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from studio.label_studio.records import Task
from studio.label_studio.work import Act

# The pace is that of the last week, so that days off count as they come.
PACE_DAYS = 7
UNKNOWN_LABELER = "(deleted account)"


@dataclass(frozen=True)
class Progress:
    """How far a project is. `done`, `skipped` and `remaining` add up to `tasks`.

    Attributes:
        done: tasks with as many annotations as they shall have, none of them only prompts.
        skipped: tasks that somebody skipped and nobody annotated.
        begun: of those remaining, tasks that lack a further opinion (overlap).
        today: tasks done since midnight.
        per_day: tasks done a day, over the last week; None before the first.
        end: when all is done at that pace; None where that is unknown, or over.
    """

    tasks: int
    done: int
    skipped: int
    begun: int
    today: int
    per_day: float | None
    end: date | None

    @property
    def remaining(self) -> int:
        return self.tasks - self.done - self.skipped

    def percent(self, count: int) -> int:
        """Rounded down: 100 means all."""
        return 100 * count // self.tasks if self.tasks else 0


@dataclass(frozen=True)
class LabelerWork:
    """What one labeler did. `annotations` are without the skips; `today` are those of today."""

    annotations: int = 0
    today: int = 0
    skipped: int = 0


def progress_of(tasks: Sequence[Task], with_prompts: Collection[int], now: datetime) -> Progress:
    """Return how far the work is.

    Args:
        with_prompts: ids of tasks with an annotation that holds prompts: they are not done.
        now: with a zone, whose midnight begins the day.
    """
    done = [
        task for task in tasks if task.annotations >= task.overlap and task.id not in with_prompts
    ]
    times = [task.completed for task in done if task.completed is not None]
    skipped = sum(task.skipped > 0 and task.annotations == 0 for task in tasks)
    per_day = _per_day(times, now)
    remaining = len(tasks) - len(done) - skipped
    end = None
    if remaining and per_day:
        with suppress(OverflowError):  # Beyond the calendar.
            end = (now + timedelta(days=remaining / per_day)).date()
    return Progress(
        tasks=len(tasks),
        done=len(done),
        skipped=skipped,
        begun=sum(0 < task.annotations < task.overlap for task in tasks),
        today=sum(is_today(time, now) for time in times),
        per_day=per_day,
        end=end,
    )


def _per_day(times: Sequence[datetime], now: datetime) -> float | None:
    """Done a day in the last week, or since the first where that is less; a day at least."""
    if not times:
        return None
    week = timedelta(days=PACE_DAYS)
    recent = sum(now - time <= week for time in times)
    span = min(week, max(timedelta(days=1), now - min(times)))
    return recent / (span / timedelta(days=1))


def is_today(time: datetime, now: datetime) -> bool:
    """Whether it is the same day where `now` is."""
    return time.astimezone(now.tzinfo).date() == now.date()


def tasks_to_ask_for(tasks: Iterable[Task], now: datetime) -> list[int]:
    """Return the tasks whose list entry does not say who annotated, who skipped, and what today.

    A task list has each user once. Where some annotated and others skipped, or one user did both,
    only the annotations themselves tell.
    """
    return [task.id for task in tasks if not _tells_all(task, now)]


def _tells_all(task: Task, now: datetime) -> bool:
    if task.skipped:
        return task.annotations == 0 and task.skipped == len(task.annotators)
    if task.annotations != len(task.annotators):
        return False
    if task.annotations == 0 or task.annotations == task.overlap == 1:
        return True
    # Which of them was today does not matter where none was.
    return task.updated is not None and not is_today(task.updated, now)


def work_by_labeler(
    tasks: Iterable[Task], acts: Iterable[Act], users: Mapping[int, str], now: datetime
) -> dict[str, LabelerWork]:
    """Return what each labeler did, the busiest first; labelers without any work are there.

    Args:
        acts: what was done on the tasks that `tasks_to_ask_for` named.
        users: user id -> e-mail.
    """
    annotations: Counter[int] = Counter()
    today: Counter[int] = Counter()
    skipped: Counter[int] = Counter()
    told = set()
    for act in acts:
        told.add(act.task)
        (skipped if act.is_skip else annotations)[act.user] += 1
        today[act.user] += not act.is_skip and is_today(act.at, now)
    for task in tasks:
        if task.id in told:
            continue
        (skipped if task.skipped else annotations).update(task.annotators)
        if task.completed is not None and is_today(task.completed, now):
            today.update(task.annotators)
    found: dict[str, LabelerWork] = {}
    for user in [*users, *sorted({*annotations, *skipped} - {*users})]:
        name = users.get(user, UNKNOWN_LABELER)
        before = found.get(name, LabelerWork())
        found[name] = LabelerWork(
            before.annotations + annotations[user],
            before.today + today[user],
            before.skipped + skipped[user],
        )
    return dict(sorted(found.items(), key=lambda item: (-item[1].annotations, item[0])))
