"""What a run keeps, and what a later one finds of it."""

import json
from pathlib import Path

import pytest

from batch.places import FolderPlace
from batch.results import Failure, Outcome, Results
from batch.sources import Item

ONE, TWO, THREE = Item("1.jpg", "s1"), Item("2.jpg", "s2"), Item("3.jpg", "s3")
DAMAGED, AWAY = Failure("cannot", "damaged"), Failure("cannot now", "no answer")


@pytest.fixture
def results(tmp_path: Path) -> Results:
    results = Results.of(FolderPlace(tmp_path), "pre-labels", "model@1+labels/2")
    one = Outcome(ONE, {"data": {"image": "1.jpg"}}, content="sha256:c1")
    results.write([one, Outcome(TWO, None, DAMAGED)])
    results.write([Outcome(THREE, None, AWAY)])
    return results


def files(tmp_path: Path, kind: str) -> list[Path]:
    """What is in the folder of the version."""
    return sorted((tmp_path / "pre-labels" / "model@1+labels_2").glob(f"{kind}-*.json"))


def images(tmp_path: Path, kind: str) -> list[str]:
    """The images of the entries there."""
    entries = [entry for file in files(tmp_path, kind) for entry in json.loads(file.read_text())]
    return sorted(entry.get("image") or entry["data"]["image"] for entry in entries)


def test_results_are_tasks_as_label_studio_imports_them(results: Results, tmp_path: Path) -> None:
    (file,) = files(tmp_path, "tasks")
    (task,) = json.loads(file.read_text())
    assert task["data"] == {"image": "1.jpg"}
    assert task["meta"] == {"batch": {"image": "1.jpg", "state": "s1", "content": "sha256:c1"}}


def test_failures_are_named_with_their_reasons(results: Results) -> None:
    assert {(entry["image"], entry["kind"], entry["reason"]) for entry in results.failed()} == {
        ("2.jpg", "cannot", "damaged"),
        ("3.jpg", "cannot now", "no answer"),
    }


def test_a_name_that_is_no_utf8_is_kept_as_it_is(results: Results) -> None:
    odd = Item(b"caf\xe9.jpg".decode(errors="surrogateescape"), "s4")
    results.write([Outcome(odd, None, DAMAGED), Outcome(Item("zwölf.jpg", "s5"), {"data": {}})])
    assert odd.name in {entry["image"] for entry in results.failed()}
    assert results.done() == {ONE, TWO, odd, Item("zwölf.jpg", "s5")}


def test_what_may_succeed_now_is_tried_again(results: Results) -> None:
    assert results.done() == {ONE, TWO}
    assert results.done(retry_failed=True) == {ONE}


def test_what_is_done_anew_is_forgotten_before(results: Results, tmp_path: Path) -> None:
    results.forget({"1.jpg", "3.jpg"})
    assert results.done() == {TWO}
    assert files(tmp_path, "tasks") == []
    assert images(tmp_path, "failed") == ["2.jpg"]


def test_a_shard_that_is_made_twice_is_there_once(results: Results, tmp_path: Path) -> None:
    before = files(tmp_path, "*")
    # Another worker had more luck with one of its images.
    results.write([Outcome(item, {"data": {"image": item.name}}) for item in (TWO, ONE)])
    assert files(tmp_path, "*") == before
    assert images(tmp_path, "tasks") == ["1.jpg", "2.jpg"]
    assert [entry["image"] for entry in results.failed()] == ["3.jpg"]
    assert results.done() == {ONE, TWO}


def test_a_shard_is_complete_when_all_its_files_are_there(results: Results, tmp_path: Path) -> None:
    assert results.has((ONE, TWO))
    assert not results.has((ONE,))
    for file in files(tmp_path, "done"):
        file.unlink()
    assert not results.has((ONE, TWO))


def test_a_failed_shard_that_is_done_anew_is_not_complete(results: Results) -> None:
    assert results.has((THREE,))
    results.forget({"3.jpg"})
    assert not results.has((THREE,))


@pytest.mark.parametrize("left", [b"", b'{"bytes": 1, "images": [["9.jpg", ""]]}'])
def test_what_a_kill_left_without_its_list_is_found_by_itself(
    results: Results, tmp_path: Path, left: bytes
) -> None:
    for file in files(tmp_path, "done"):
        file.write_bytes(left) if left else file.unlink()
    assert results.done() == {ONE, TWO}
    (task,) = files(tmp_path, "tasks")
    task.touch()
    assert results.has((ONE, TWO))  # The list is there again, for the next run.


def test_what_a_kill_left_there_twice_is_there_once_afterwards(
    results: Results, tmp_path: Path
) -> None:
    four = Item("4.jpg", "s4")
    results.write([Outcome(item, {"data": {"image": item.name}}) for item in (ONE, four)])
    assert images(tmp_path, "tasks") == ["1.jpg", "1.jpg", "4.jpg"]
    results.forget({"3.jpg"})
    assert results.done() == {ONE, TWO, four}
    assert images(tmp_path, "tasks") == ["1.jpg", "4.jpg"]
    assert images(tmp_path, "failed") == ["2.jpg"]


def test_a_damaged_file_is_done_anew(results: Results, tmp_path: Path) -> None:
    (file,) = files(tmp_path, "tasks")
    file.write_bytes(file.read_bytes()[:20])
    assert results.done() == {TWO}
    assert not file.exists()


def test_what_a_killed_run_left_half_written_counts_for_nothing(
    results: Results, tmp_path: Path
) -> None:
    (files(tmp_path, "tasks")[0].parent / ".abc.part").write_text('[{"data"')
    assert results.done() == {ONE, TWO}
