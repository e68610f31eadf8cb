"""What a run keeps, and what a later one finds of it."""

import json
from pathlib import Path

import pytest

from batch.results import Failure, Outcome, Results
from batch.sources import Item

ONE, TWO, THREE = Item("1.jpg", "s1"), Item("2.jpg", "s2"), Item("3.jpg", "s3")
DAMAGED, AWAY = Failure("cannot", "damaged"), Failure("cannot now", "no answer")


@pytest.fixture
def results(tmp_path: Path) -> Results:
    results = Results.of(tmp_path, "pre-labels", "model@1+labels/2")
    results.write([Outcome(ONE, {"data": {"image": "1.jpg"}}), Outcome(TWO, None, DAMAGED)])
    results.write([Outcome(THREE, None, AWAY)])
    return results


def test_a_version_has_a_folder_of_its_own(results: Results, tmp_path: Path) -> None:
    assert results.folder == tmp_path / "pre-labels" / "model@1+labels_2"


def test_results_are_tasks_as_label_studio_imports_them(results: Results) -> None:
    (file,) = results.folder.glob("tasks-*.json")
    (task,) = json.loads(file.read_text())
    assert task["data"] == {"image": "1.jpg"}
    assert task["meta"] == {"batch": {"image": "1.jpg", "state": "s1"}}


def test_failures_are_named_with_their_reasons(results: Results) -> None:
    assert {(entry["image"], entry["kind"], entry["reason"]) for entry in results.failed()} == {
        ("2.jpg", "cannot", "damaged"),
        ("3.jpg", "cannot now", "no answer"),
    }


def test_what_may_succeed_now_is_tried_again(results: Results) -> None:
    assert results.done() == {ONE, TWO}
    assert results.done(retry_failed=True) == {ONE}
    assert results.count() == 3


def test_what_is_done_anew_is_forgotten_before(results: Results) -> None:
    results.forget({"1.jpg", "3.jpg"})
    assert results.done() == {TWO}
    assert results.count() == 1


def test_what_a_kill_left_there_twice_is_there_once_afterwards(results: Results) -> None:
    four = Item("4.jpg", "s4")
    results.write([Outcome(item, {"data": {"image": item.name}}) for item in (ONE, four)])
    assert len(list(results.made())) == 3
    results.forget({"3.jpg"})
    assert results.done() == {ONE, TWO, four}
    assert len(list(results.made())) == 2
    assert len(list(results.failed())) == 1


def test_a_damaged_file_is_done_anew(results: Results) -> None:
    (file,) = results.folder.glob("tasks-*.json")
    file.write_bytes(file.read_bytes()[:20])
    assert results.done() == {TWO}
    assert not file.exists()


def test_what_a_killed_run_left_half_written_counts_for_nothing(results: Results) -> None:
    (results.folder / "tmpabc.part").write_text('[{"data"')
    assert results.count() == 3
    assert results.done() == {ONE, TWO}
