"""One Label Studio for all cases of this folder, each of which has its own project."""

from collections.abc import Iterator

import pytest

from tests.label_studio import LabelStudioServer, serve_label_studio


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    with serve_label_studio(tmp_path_factory.mktemp("server")) as running:
        yield running
