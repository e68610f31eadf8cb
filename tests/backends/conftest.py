from collections.abc import Iterator

import pytest

from tests.backends.files import Files, serving_files


@pytest.fixture
def files() -> Iterator[Files]:
    """A file server in Label Studio's place."""
    with serving_files() as served:
        yield served
