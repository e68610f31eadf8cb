"""Settings of a studio in Docker whose folders are the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from laptop.docker.settings import DockerSettings, load_docker_settings

MakeSettings = Callable[..., DockerSettings]


@pytest.fixture
def make_settings(tmp_path: Path) -> MakeSettings:
    """Returns the settings of an environment; `ATELIER_STATE` has a blank and a quote in it."""
    state = tmp_path / "a person's state"

    def make(gpu: bool = False, port: int = 8080, **environ: str) -> DockerSettings:
        given = {"ATELIER_STATE": str(state), **environ}
        return load_docker_settings(given, port, gpu)

    return make
