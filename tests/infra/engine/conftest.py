"""Stacks of the repository's own program, run by the real engine against the cloud double.

Every operation takes seconds, so a module makes its stack once, takes it through its life in a
fixture, and looks at the recorded results in its cases.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud.workspace import Stack

PROJECT = "demo-project"
PASSWORD = "correct horse battery staple"

MakeStack = Callable[..., Stack]


@pytest.fixture(scope="module")
def make_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeStack]:
    """Make a stack with its project and password; those in one folder share the cloud."""
    opened: list[Stack] = []

    def make(name: str = "dev", folder: Path | None = None, **config: object) -> Stack:
        stack = Stack(folder or tmp_path_factory.mktemp("stack"), name)
        opened.append(stack)
        stack.config(gcp__project=PROJECT, secrets={"adminPassword": PASSWORD}, **config)
        return stack

    yield make
    for stack in opened:
        stack.close()
