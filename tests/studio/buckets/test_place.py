"""A folder keeps the states of its files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from studio.buckets.place import FolderPlace

NOON = datetime(2026, 6, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_each_state_of_a_file_is_kept_with_its_time(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "new")
    place.keep("1.json", b"one", NOON)
    place.keep("1.json", b"two", NOON + HOUR)
    place.keep("2.json", b"other", NOON)
    states = place.states("1.json")
    assert [state.written for state in states] == [NOON, NOON + HOUR]
    assert [place.read_state(state) for state in states] == [b"one", b"two"]
    assert place.read("1.json") == b"two"


def test_what_is_kept_again_is_one_state(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    place.keep("1.json", b"one", NOON)
    place.keep("1.json", b"one", NOON + HOUR)
    # As if it had been killed between the two files.
    (tmp_path / "1.json").unlink()
    place.keep("1.json", b"one", NOON + 2 * HOUR)
    assert [state.written for state in place.states("1.json")] == [NOON]
    assert place.read("1.json") == b"one"


def test_a_file_that_nobody_kept_has_no_states(tmp_path: Path) -> None:
    assert FolderPlace(tmp_path / "nowhere").states("1.json") == []


def test_names_are_those_that_begin_with_what_was_asked_for(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    for name in ("1.json", "snapshots/v1.json", "snapshots/tasks/aa/1", "snapshots/v2.json"):
        place.write(name, b"")
    assert place.names("snapshots/v") == ["snapshots/v1.json", "snapshots/v2.json"]
    assert place.names("") == ["1.json", *place.names("snapshots/")]
    assert place.names("nothing/") == []
