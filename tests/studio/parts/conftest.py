"""A project file, and what Label Studio has when it agrees with it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.label_studio.records import RegisteredBackend, Task
from studio.part import Remark, Step
from studio.project.project_file import ProjectFile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = RegisteredBackend(1, "first", "http://b:1", "u", True, False, "CO", "v2", "")
SECOND = RegisteredBackend(2, "second", "http://b:2", "", False, True, "CO", "v9", "")
BACKENDS = [
    {"title": "first", "url": "http://b:1", "user": "u", "password": "p"},
    {"title": "second", "url": "http://b:2", "interactive": True},
]


def project_file(folder: Path, **fields: object) -> ProjectFile:
    (folder / "config.xml").write_text("<View/>\n")
    content = {
        "title": "Coats",
        "labeling_config": "config.xml",
        "source": {"bucket": "gs://coats/autumn"},
        **fields,
    }
    return ProjectFile.model_validate(content, context={"folder": folder})


@pytest.fixture
def project(tmp_path: Path) -> ProjectFile:
    return project_file(tmp_path, backends=BACKENDS)


def task(number: int, source: str | None = None, *versions: str, annotations: int = 0) -> Task:
    data = {"image": f"/data/{number}", "Name": ""} | ({"source": source} if source else {})
    return Task(number, data, (), annotations, 0, ",".join(versions), NOON)


def lines(found: list[Step] | list[Step | Remark]) -> list[str]:
    """The plan's lines."""
    return [line for one in found if isinstance(one, Step) and (line := one.describe())]
