"""Tasks: one for each image, with its facts; everything else in them stays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.errors import DoubtfulError
from studio.images.image import FoundImages, Image
from studio.label_studio.importing import NewTask
from studio.label_studio.records import MARK_KEY, Task
from studio.part import Remark
from studio.parts.tasks import (
    ChangeFacts,
    FollowMoved,
    ImportTasks,
    NoteMarks,
    Seen,
    TakeReplaced,
    compare,
    leftovers,
)
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


def test_new_images_on_the_web_come_with_the_line_that_lets_the_backends_fetch_them(
    project: ProjectFile,
) -> None:
    addresses = ["https://b.org:8443/c.jpg", "http://a.org/d.jpg", "gs://bucket/e.jpg"]
    images = [Image(address) for address in addresses]
    given = Seen(images, {address: {"source": address} for address in addresses}, "image")
    remark, *_ = compare(project, given)
    assert isinstance(remark, Remark)
    assert "images come from a.org, b.org:8443." in remark.text
    assert "`make demo IMAGE_HOSTS=a.org,b.org:8443`" in remark.text
    assert "`atelier:backends: {IMAGE_HOSTS: [a.org, b.org:8443]}`" in remark.text
    without = project.model_copy(update={"backends": ()})
    assert not [one for one in compare(without, given) if isinstance(one, Remark)]


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


def content(source: str, hashed: str) -> Image:
    return Image(source, Path(f"/images/{source}"), content=hashed)


def with_contents(images: list[Image], *tasks: Task, **more: Any) -> Seen:
    facts = {image.source: {"Name": "", "source": image.source} for image in images}
    return Seen(images, facts, "image", tasks, **more)


def marked(number: int, source: str, hashed: str, annotations: int = 0) -> Task:
    mark = {"project": "p", "content": hashed}
    return replace(task(number, source, annotations=annotations), meta={MARK_KEY: mark})


def test_a_renamed_file_keeps_its_task_and_its_upload(project: ProjectFile) -> None:
    seen = with_contents([content("new", "1")], marked(1, "old", "1", annotations=3))
    (step,) = compare(project, seen)
    assert isinstance(step, FollowMoved)
    assert step.describe() == "follow 1 image to another name or place"
    (data, meta) = step.tasks[1]
    assert data == {"image": "/data/1", "Name": "", "source": "new"}
    assert meta[MARK_KEY]["content"] == "1"
    assert meta[MARK_KEY]["first"] == "old"


def test_an_object_that_moved_in_its_bucket_is_opened_at_its_new_address(
    project: ProjectFile,
) -> None:
    image = Image("gs://coats/b", content="1")
    (step,) = compare(project, with_contents([image], marked(1, "gs://coats/a", "1")))
    assert isinstance(step, FollowMoved)
    assert step.tasks[1][0]["image"] == "gs://coats/b"


def test_a_replaced_file_is_taken_where_nobody_labeled_it(project: ProjectFile) -> None:
    images = [content("a", "2"), content("b", "3")]
    seen = with_contents(images, marked(1, "a", "1"), marked(2, "b", "1", annotations=1))
    remark, step = compare(project, seen)
    assert isinstance(remark, Remark)
    assert "1 image replaced whose tasks have annotations" in remark.text
    assert "left alone: b. " in remark.text
    assert isinstance(step, TakeReplaced)
    assert step.describe() == "take the new content of 1 image: a"
    assert step.may_change_model


def test_what_an_earlier_version_imported_is_noted_and_not_doubled(project: ProjectFile) -> None:
    project = project.model_copy(update={"id": "p"})
    (step,) = compare(project, with_contents([content("a", "1")], A))
    mark = {"project": "p", "content": "1"}
    assert step == NoteMarks("content, size and time of 1 image", {1: {MARK_KEY: mark}})
    assert isinstance(step, NoteMarks)
    # The target's object is older than the task from then on.
    assert step.changed_tasks == {1}
    assert lines([step]) == ["note content, size and time of 1 image"]


def test_a_project_whose_file_has_another_id_now_is_found_by_it_the_next_time(
    project: ProjectFile,
) -> None:
    """The file was moved, or got an `id`; what tasks say of their contents stays."""
    project = project.model_copy(update={"id": "q"})
    kept = marked(2, "b", "1", annotations=1)
    seen = with_contents([content("a", "1"), content("b", "2")], marked(1, "a", "1"), kept)
    found = compare(project, seen)
    mark = {MARK_KEY: {"project": "q", "content": "1"}}
    assert found[1:] == [
        NoteMarks("in 2 tasks that this is the project file", {1: mark, 2: mark}),
    ]


def test_a_copy_of_the_file_for_other_images_does_not_take_the_project_over(
    project: ProjectFile,
) -> None:
    project = project.model_copy(update={"id": "q"})
    seen = with_contents([content("b", "2")], marked(1, "a", "1"), title="Coats")
    with pytest.raises(DoubtfulError, match="another project file made the project 'Coats'"):
        compare(project, seen)
    assert compare(project, replace(seen, force=True))
    assert compare(project.model_copy(update={"id": "p"}), seen)


def test_a_file_that_was_rewritten_for_other_images_stops_before_it_mixes_them(
    project: ProjectFile,
) -> None:
    seen = with_contents([content("b", "2")], marked(1, "a", "1"), title="Hats")
    with pytest.raises(DoubtfulError, match="made the project 'Hats', of which none of these"):
        compare(project, seen)
    assert compare(project, replace(seen, title="Coats"))
    assert compare(project, replace(seen, force=True))


def test_a_file_with_another_title_is_not_doubted_where_one_of_its_images_is_known(
    project: ProjectFile,
) -> None:
    images = [content("a", "1"), content("new", "3")]
    assert compare(
        project, with_contents(images, marked(1, "a", "1"), marked(2, "gone", "2"), title="Hats")
    )
