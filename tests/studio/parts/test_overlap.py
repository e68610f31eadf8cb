"""How many people label an image: what the file says, where it says something."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from studio.parts.overlap import compare
from studio.project.project_file import Overlap, ProjectFile
from tests.studio.parts.conftest import lines, project_file

ONCE = Overlap(annotations=1)
A_FIFTH = Overlap(annotations=2, percent=20)


@pytest.mark.parametrize(
    ("written", "seen", "expected"),
    [
        (2, ONCE, ["have each image labeled by 2 people"]),
        (
            {"annotations": 2, "percent": 20},
            ONCE,
            ["have 20 % of the images labeled by 2 people"],
        ),
        ({"annotations": 2, "percent": 20}, A_FIFTH, []),
        ({"annotations": 2}, A_FIFTH, ["have each image labeled by 2 people"]),
        (1, A_FIFTH, ["have each image labeled by one person"]),
        (1, ONCE, []),
    ],
)
def test_what_differs_is_set(
    tmp_path: Path, written: object, seen: Overlap, expected: list[str]
) -> None:
    assert lines(compare(project_file(tmp_path, overlap=written), seen)) == expected


def test_what_a_lead_set_stays_where_the_file_says_nothing(project: ProjectFile) -> None:
    assert compare(project, A_FIFTH) == []


@pytest.mark.parametrize(
    "wrong",
    [0, {"annotations": 2, "percent": 0}, {"annotations": 1, "percent": 20}, {"percent": 5}],
)
def test_what_gives_no_second_opinion_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(ValidationError):
        project_file(tmp_path, overlap=wrong)
