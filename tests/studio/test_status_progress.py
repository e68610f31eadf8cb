"""How far the work is, when it will be done, and who did what."""

from datetime import UTC, date, datetime, timedelta, timezone

from studio.label_studio.records import Task
from studio.label_studio.work import Act
from studio.status_progress import (
    UNKNOWN_LABELER,
    LabelerWork,
    progress_of,
    tasks_to_ask_for,
    work_by_labeler,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
USERS = {1: "anna@a.test", 2: "ben@a.test", 3: "cleo@a.test"}


def task(
    number: int,
    *annotators: int,
    annotations: int | None = None,
    skipped: int = 0,
    overlap: int = 1,
    days_ago: float = 0.0,
) -> Task:
    """A task that all its annotators annotated, if nothing else is said."""
    count = len(annotators) - skipped if annotations is None else annotations
    at = NOW - timedelta(days=days_ago)
    completed = at if count >= overlap else None
    return Task(number, {}, annotators, count, skipped, "", at, overlap, completed)


def test_done_skipped_and_remaining_add_up_to_all() -> None:
    tasks = [
        task(1, 1),
        task(2, 2, skipped=1),
        task(3),
        task(4, 1, overlap=2),
        task(5, 1, 2, overlap=2),
        task(6, 1, 2, skipped=1),
    ]
    found = progress_of(tasks, (), NOW)
    assert (found.done, found.skipped, found.remaining, found.begun) == (3, 1, 2, 1)
    assert [found.percent(count) for count in (found.done, found.skipped)] == [50, 16]


def test_a_task_with_only_prompts_is_not_done() -> None:
    found = progress_of([task(1, 1), task(2, 1)], {2}, NOW)
    assert (found.done, found.remaining) == (1, 1)


def test_only_all_is_100_percent() -> None:
    tasks = [task(number, 1) for number in range(999)]
    assert progress_of([*tasks, task(1000)], (), NOW).percent(999) == 99
    assert progress_of([], (), NOW).percent(0) == 0


def test_the_end_is_expected_at_the_pace_of_the_last_week() -> None:
    long_ago = [task(number, 1, days_ago=20) for number in range(100)]
    lately = [task(number, 1, days_ago=3) for number in range(100, 114)]
    left = [task(number) for number in range(200, 220)]
    found = progress_of([*long_ago, *lately, *left], (), NOW)
    assert found.per_day == 2.0
    assert found.end == date(2026, 12, 8)


def test_the_first_hours_count_as_a_day() -> None:
    tasks = [task(1, 1, days_ago=0.1), task(2, 1, days_ago=0.01), task(3), task(4)]
    found = progress_of(tasks, (), NOW)
    assert (found.per_day, found.end) == (2.0, date(2026, 11, 29))


def test_without_work_lately_or_without_tasks_left_no_end_is_expected() -> None:
    assert progress_of([task(1)], (), NOW).end is None
    assert progress_of([task(1, 1, days_ago=30), task(2)], (), NOW).end is None
    assert progress_of([task(1, 1)], (), NOW).end is None


def test_today_begins_at_midnight_where_the_lead_is() -> None:
    tasks = [task(1, 1, days_ago=0.4), task(2, 1, days_ago=0.6)]
    assert progress_of(tasks, (), NOW).today == 1
    in_auckland = NOW.astimezone(timezone(timedelta(hours=13)))  # 01:00 of the 29th
    assert progress_of(tasks, (), in_auckland).today == 0


def test_ten_thousand_plain_tasks_ask_for_none() -> None:
    plain = [task(number, 1) for number in range(5000)]
    skipped = [task(number, 1, 2, skipped=2) for number in range(4000)]
    both_yesterday = [task(number, 1, 2, overlap=2, days_ago=1) for number in range(1000)]
    fresh = [task(1, overlap=2)]
    assert tasks_to_ask_for([*plain, *skipped, *both_yesterday, *fresh], NOW) == []


def test_a_task_is_asked_for_where_its_list_of_users_does_not_tell_who_did_what() -> None:
    asked = [
        task(1, 1, 2, skipped=1),  # Who skipped?
        task(2, 1, annotations=2),  # One user twice.
        task(3, 1, 2, overlap=2),  # Which of them today?
        task(4, 1, overlap=2),
        task(5, annotations=1),  # The account is gone.
    ]
    assert tasks_to_ask_for(asked, NOW) == [1, 2, 3, 4, 5]


def test_work_is_counted_by_labeler_from_the_list_and_from_what_was_asked_for() -> None:
    tasks = [task(1, 1), task(2, 2, days_ago=1), task(3, 2, skipped=1), task(4, 1, 2, skipped=1)]
    acts = [Act(4, 2, NOW, False), Act(4, 1, NOW - timedelta(days=1), True), Act(4, 9, NOW, False)]
    assert work_by_labeler(tasks, acts, USERS, NOW) == {
        "ben@a.test": LabelerWork(annotations=2, today=1, skipped=1),
        UNKNOWN_LABELER: LabelerWork(annotations=1, today=1),
        "anna@a.test": LabelerWork(annotations=1, today=1, skipped=1),
        "cleo@a.test": LabelerWork(),
    }
