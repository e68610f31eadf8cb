"""Tasks: one for each image, with its facts; everything else in them stays."""

from dataclasses import replace
from pathlib import Path

from studio.images.image import FoundImages, Image
from studio.label_studio.importing import NewTask
from studio.part import Remark
from studio.parts.tasks import ChangeFacts, ImportTasks, Seen, compare, leftovers
from studio.project.catalogue import Matched
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import lines, task

A, B = task(1, "a"), task(2, "b")


def seen(*sources: str, name: str = "") -> Seen:
    images = [Image(source) for source in sources]
    facts = {source: {"Name": name, "source": source} for source in sources}
    return Seen(images, facts, "image", (A, B))


def test_what_agrees_stays(project: ProjectFile) -> None:
    assert compare(project, seen("a", "b")) == []


def test_an_address_becomes_a_task_and_a_file_is_uploaded(project: ProjectFile) -> None:
    facts = {"gs://x/c.jpg": {"source": "gs://x/c.jpg"}, "d.jpg": {"source": "d.jpg"}}
    images = [Image("gs://x/c.jpg"), Image("d.jpg", Path("/images/d.jpg"))]
    steps = compare(project, Seen(images, facts, "photo"))
    address = {"source": "gs://x/c.jpg", "photo": "gs://x/c.jpg"}
    tasks = (NewTask(None, address), NewTask(Path("/images/d.jpg"), {"source": "d.jpg"}))
    assert steps == [ImportTasks(tasks, "photo")]
    assert lines(steps) == ["import 2 images"]
    assert ImportTasks(tasks, "photo").new_tasks == 2


def test_facts_are_changed_and_everything_else_in_a_task_stays(project: ProjectFile) -> None:
    """What people or other tools put into a task's data is theirs."""
    theirs = replace(A, data={**A.data, "reviewed": ["by", "a", "lead"]})
    steps = compare(project, replace(seen("a", "b", name="Anna"), tasks=(theirs, B)))
    changed = {
        1: {"image": "/data/1", "Name": "Anna", "source": "a", "reviewed": ["by", "a", "lead"]},
        2: {"image": "/data/2", "Name": "Anna", "source": "b"},
    }
    assert steps == [ChangeFacts(changed)]
    assert lines(steps) == ["change the facts of 2 tasks"]
    assert ChangeFacts(changed).changed_tasks == {1, 2}


def test_only_tasks_whose_facts_differ_are_changed(project: ProjectFile) -> None:
    named = replace(B, data={**B.data, "Name": "Anna"})
    found = compare(project, replace(seen("a", "b", name="Anna"), tasks=(A, named)))
    assert found == [ChangeFacts({1: {**A.data, "Name": "Anna"}})]


def test_tasks_of_others_and_of_lost_images_are_left_alone(project: ProjectFile) -> None:
    found = compare(project, replace(seen("a"), tasks=(A, B, task(3))))
    assert found == [
        Remark("1 task left alone whose images are no longer in the source: b"),
        Remark("1 task left alone that this tool did not import"),
    ]


def test_everything_that_does_not_fit_is_named_in_a_row() -> None:
    found = FoundImages((), (("x.tif", "no"), ("y.tif", "no"), ("z", "why")), (("a", "b"),))
    matched = Matched({}, ("1", "2"), ("c",), (("7", ("d", "e")),), ("8",))
    assert leftovers(found, matched) == [
        ("rows without an image", ["1", "2"]),
        ("images without a row", ["c"]),
        ("keys shared by several images", ["7: d + e"]),
        ("repeated rows in the catalogue", ["8"]),
        ("the same image more than once", ["a + b"]),
        ("left out: no", ["x.tif", "y.tif"]),
        ("left out: why", ["z"]),
    ]
    assert leftovers(FoundImages(()), Matched({})) == []
