"""Images stay for the next lab, unless they are too many or may be damaged; one lab at a time."""

import dataclasses
from pathlib import Path

import pytest

from tests.cloud.kept import locked
from tests.cloud.lab.cache import DOCKER, borrow, give_back, trim
from tests.cloud.lab.place import LabError, Place
from tests.cloud.lab.processes import Processes


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


@pytest.fixture
def lent(tmp_path: Path) -> Place:
    """A lab whose folder of images has been used and given back."""
    place = Place(tmp_path / "one", tmp_path / "cache")
    folder, lock = borrow(place, DOCKER)
    (folder / "layer").write_text("of a lab before")
    give_back(place, DOCKER, lock)
    return place


def test_the_next_lab_goes_on_with_the_images_of_the_one_before(lent: Place) -> None:
    folder, lock = borrow(lent, DOCKER)
    assert folder == lent.cache / DOCKER
    assert (folder / "layer").read_text() == "of a lab before"
    assert (lent.state / DOCKER).resolve() == folder
    lock.close()


def test_another_lab_at_the_same_time_begins_with_none(lent: Place) -> None:
    folder, lock = borrow(lent, DOCKER)
    other = dataclasses.replace(lent, state=lent.state.with_name("other"))
    own, own_lock = borrow(other, DOCKER)
    assert own == other.state / DOCKER
    assert not list(own.iterdir())
    give_back(other, DOCKER, own_lock)
    give_back(lent, DOCKER, lock)
    assert (folder / "layer").exists()


def test_a_lab_that_does_without_leaves_them_to_another(lent: Place) -> None:
    own, lock = borrow(lent, DOCKER, kept=False)
    assert own == lent.state / DOCKER
    lock.close()


def test_a_program_holds_the_folder_until_it_is_killed_and_then_it_begins_anew(
    lent: Place,
) -> None:
    processes, (folder, lock) = Processes(lent), borrow(lent, DOCKER)
    processes.start("dockerd", ["sleep", "600"], lock=lock)
    lock.close()
    killed = dataclasses.replace(lent, state=lent.state.with_name("other"))
    own, own_lock = borrow(killed, DOCKER)
    own_lock.close()
    assert own != folder
    processes.end("dockerd", force=True)
    again, lock = borrow(lent, DOCKER)
    assert again == folder
    assert not list(again.iterdir())
    lock.close()


def test_what_was_damaged_since_is_not_used_again(lent: Place) -> None:
    (lent.cache / DOCKER / "layer").write_text("")
    folder, lock = borrow(lent, DOCKER)
    assert not list(folder.iterdir())
    lock.close()


def test_one_lab_has_one_program_for_a_folder(lent: Place) -> None:
    _, lock = borrow(lent, DOCKER, kept=False)
    with lock, pytest.raises(LabError, match="another program uses"):
        borrow(lent, DOCKER, kept=False)
