"""Who cannot be pre-labelled, and why, before anything is asked. What is done with real services is
in test_apply.py."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from studio import prelabelling
from studio.errors import StudioError
from studio.output import Output
from studio.part import Present
from studio.prelabelling import prelabel
from tests.studio.parts.conftest import BACKENDS, FIRST, SECOND, project_file

THERE: Any = object()
NOBODY: Any = None  # Nothing is asked of Label Studio before this is known.


@pytest.mark.parametrize(
    ("present", "said"),
    [
        (Present(), "has no project .*; `apply` creates it"),
        (Present(THERE, (SECOND,)), "backend 'first' is not connected; `apply` connects it"),
    ],
)
def test_what_apply_has_not_made_yet_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: Present, said: str
) -> None:
    project = project_file(tmp_path, backends=BACKENDS)
    monkeypatch.setattr(prelabelling, "wait_until_up", lambda *_: None)
    monkeypatch.setattr(prelabelling, "read_present", lambda *_: present)
    assert FIRST.title == project.backends[0].title
    with pytest.raises(StudioError, match=said):
        prelabel(project, NOBODY, Output(Console()), 1.0)


def test_a_project_file_without_backends_has_nothing_to_ask(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no backends; there is none to pre-label with"):
        prelabel(project_file(tmp_path), NOBODY, Output(Console()), 1.0)
