"""What is shown, and that a log gets plain lines."""

import io

import pytest
from pydantic import SecretStr
from rich.console import Console

from studio.images.find import FoundImages
from studio.label_studio.records import Task
from studio.label_studio.sign_up import NewAccount
from studio.parts.tasks import Wanted
from studio.plan import Plan
from studio.project.catalogue import Matched
from studio.project.labeling_config import TaskKeys
from studio.report import Report, leftover_rows


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(log: io.StringIO) -> Report:
    return Report(Console(file=log, width=200))


LEFTOVERS = Wanted(
    TaskKeys("image", ()),
    (),
    FoundImages((), (("x.tif", ".tif is no image format"),), (("a.jpg", "b.jpg"),)),
    Matched(
        {},
        rows_without_image=tuple(str(number) for number in range(100)),
        images_without_row=("lost[1].jpg",),
        images_sharing_rows=(("7", ("c.jpg", "d.jpg")),),
        repeated_rows=("8",),
    ),
)


def test_everything_that_does_not_fit_is_in_the_table(report: Report, log: io.StringIO) -> None:
    report.leftovers(LEFTOVERS)
    shown = log.getvalue()
    assert [len(names) for _, names in leftover_rows(LEFTOVERS)] == [100, 1, 1, 1, 1, 1]
    for text in ("100", "lost[1].jpg", "7: c.jpg + d.jpg", "a.jpg + b.jpg", "x.tif", "..."):
        assert text in shown, text


def test_nothing_is_shown_when_everything_fits(report: Report, log: io.StringIO) -> None:
    report.leftovers(Wanted(TaskKeys("image", ()), (), FoundImages(()), Matched({})))
    assert log.getvalue() == ""


def test_only_a_generated_password_is_shown(report: Report, log: io.StringIO) -> None:
    report.account(NewAccount("a@b.org", SecretStr("made-here"), generated=True))
    report.account(NewAccount("c@d.org", SecretStr("from-file"), generated=False))
    assert "made-here" in log.getvalue()
    assert "from-file" not in log.getvalue()


def test_an_empty_plan_says_so_and_a_dry_run_says_would(report: Report, log: io.StringIO) -> None:
    report.plan(Plan(gone=("a.jpg",), foreign=2), dry_run=False)
    assert "nothing to change" in log.getvalue()
    assert "left alone: a.jpg" in log.getvalue()
    report.plan(Plan(predict=3), dry_run=True)
    assert "would do:\n  retrieve predictions of 3 tasks" in log.getvalue()


def test_a_log_gets_one_line_of_a_bar_and_each_new_state(report: Report, log: io.StringIO) -> None:
    with report.progress("importing") as tell:
        for done in range(4):
            tell(done, 3)
    with report.waiting("waiting") as say:
        for state in ("loading", "loading", "warming up"):
            say(state)
    assert log.getvalue() == "importing: 3\nloading\nwarming up\n"


def test_tasks_without_a_prediction_are_named_up_to_a_number(
    report: Report, log: io.StringIO
) -> None:
    tasks = [Task(n, {"source": f"{n}.jpg"}, (), 0, 0, "") for n in range(25)]
    report.without_prediction(tasks)
    assert "no prediction for task 19 (19.jpg)" in log.getvalue()
    assert "and for 5 more tasks" in log.getvalue()
    assert "20.jpg" not in log.getvalue()
