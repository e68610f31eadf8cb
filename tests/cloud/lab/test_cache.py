"""The cache of images stays, until it has grown too large and nobody uses it."""

from pathlib import Path

import pytest

from tests.cloud.kept import locked
from tests.cloud.lab.cache import trim
from tests.cloud.lab.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("docker-data", "registry-data", "rootfs"):
        folder = tmp_path / "cache" / name
        folder.mkdir(parents=True)
        (folder / "layer").write_bytes(b"x" * 3_000_000)
    return Place(tmp_path / "state", tmp_path / "cache")


def left(place: Place) -> set[str]:
    return {file.parent.name for file in place.cache.glob("*/layer")}


def test_a_small_cache_stays(place: Place) -> None:
    assert not trim(place)
    assert left(place) == {"docker-data", "registry-data", "rootfs"}


def test_of_a_large_one_the_images_go_and_what_was_made_with_pains_stays(place: Place) -> None:
    assert trim(place, kept_gb=0.005)
    assert left(place) == {"rootfs"}


def test_what_another_lab_uses_is_left_alone(place: Place) -> None:
    with locked(place.cache / "docker-data.lock"):
        assert not trim(place, kept_gb=0.005)
    assert left(place) == {"docker-data", "registry-data", "rootfs"}
