"""Images are known by place and content: what was moved, replaced, or is new."""

from dataclasses import replace
from pathlib import Path

from studio.identity import compare_images, mark_of, read_contents
from studio.images.image import FoundImages, Image
from studio.label_studio.records import MARK_KEY, Task
from tests.studio.parts.conftest import task

PICTURE = Path(__file__).with_name("picture.png").read_bytes()


def made(number: int, source: str, content: str, annotations: int = 0) -> Task:
    mark = mark_of(Image(source, content=content), "p")
    return replace(task(number, source, annotations=annotations), meta={MARK_KEY: mark})


def image(source: str, content: str = "") -> Image:
    return Image(source, content=content)


def test_what_agrees_is_in_no_group() -> None:
    found = compare_images([image("a", "1")], [made(1, "a", "1")])
    assert not any(vars(found).values())


def test_a_renamed_image_is_not_new_and_its_task_not_lost() -> None:
    old, other = made(1, "a", "1", annotations=2), made(2, "b", "2")
    found = compare_images([image("x/a", "1"), image("c", "3")], [old, other])
    assert found.moved == ((old, image("x/a", "1")),)
    assert found.new == (image("c", "3"),)
    assert found.gone == (other,)


def test_the_first_place_of_an_image_is_kept_however_often_it_moves() -> None:
    def moved(task: Task, source: str) -> Task:
        mark = mark_of(image(source, "1"), "p", task)
        return replace(task, data={"source": source}, meta={MARK_KEY: mark})

    once = moved(made(1, "a", "1"), "b")
    assert once.first_source == moved(once, "c").first_source == "a"
    assert moved(once, "b").first_source == "a", "noted again in its place"
    assert moved(once, "a").first_source == ""


def test_a_copy_beside_the_image_is_new() -> None:
    found = compare_images([image("a", "1"), image("b", "1")], [made(1, "a", "1")])
    assert found.new == (image("b", "1"),)
    assert found.moved == ()


def test_each_task_follows_one_image() -> None:
    tasks = [made(1, "a", "1"), made(2, "b", "1")]
    found = compare_images([image("c", "1"), image("d", "1"), image("e", "1")], tasks)
    assert [(one.id, there.source) for one, there in found.moved] == [(1, "c"), (2, "d")]
    assert found.new == (image("e", "1"),)


def test_names_that_were_exchanged_are_replaced_contents() -> None:
    tasks = [made(1, "a", "1"), made(2, "b", "2", annotations=1)]
    found = compare_images([image("a", "2"), image("b", "1")], tasks)
    assert found.replaced == ((tasks[0], image("a", "2")),)
    assert found.kept == ((tasks[1], image("b", "1")),)


def test_what_is_not_known_is_not_taken_for_changed() -> None:
    """Addresses on the web have no content; tasks of earlier versions have none either."""
    web, old = made(1, "https://h/a", ""), task(2, "b")
    found = compare_images([image("https://h/a"), image("b", "2")], [web, old])
    assert found.unmarked == ((old, image("b", "2")),)
    assert (found.replaced, found.new, found.gone) == ((), (), ())


def test_tasks_of_another_project_file_are_told_whatever_became_of_their_images() -> None:
    same, kept, gone = made(1, "a", "1"), made(2, "b", "2", annotations=1), made(3, "c", "3")
    moved, others = made(4, "d", "4"), task(5)
    images = [image("a", "1"), image("b", "9"), image("e", "4")]
    tasks = [same, kept, gone, moved, others]
    assert compare_images(images, tasks, "p").astray == ()
    assert compare_images(images, tasks).astray == ()
    found = compare_images(images, tasks, "q")
    assert found.astray == (same, kept, gone)
    assert found.kept == ((kept, image("b", "9")),)


def test_only_new_and_changed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"not a picture, but nobody looks")
    same = Image("a.png", path, size=5, modified=7)
    known = replace(
        task(1, "a.png"), meta={MARK_KEY: mark_of(replace(same, content="sha256:old"), "p")}
    )
    told: list[tuple[int, int]] = []
    found = read_contents(FoundImages((same,)), [known], lambda *now: told.append(now))
    assert found.images == (replace(same, content="sha256:old"),)
    assert told == [(1, 1)]
    found = read_contents(FoundImages((replace(same, modified=8),)), [known], lambda *_: None)
    assert found.images == ()
    assert found.ignored == (("a.png", "damaged, or not copied completely"),)


def test_a_file_that_only_its_time_tells_apart_is_read_once_and_noted() -> None:
    """As after a copy without times, or a checkout."""
    now = Image("a.png", Path("a.png"), content="1", size=5, modified=8)
    known = replace(task(1, "a.png"), meta={MARK_KEY: mark_of(replace(now, modified=7), "p")})
    assert compare_images([now], [known]).unmarked == ((known, now),)
    noted = replace(known, meta={MARK_KEY: mark_of(now, "p")})
    assert compare_images([now], [noted]).unmarked == ()
    in_bucket = Image("gs://b/a.png", content="1")
    assert compare_images([in_bucket], [made(1, "gs://b/a.png", "1")]).unmarked == ()


def test_files_with_the_same_content_are_named_and_kept(tmp_path: Path) -> None:
    images = []
    for name, end in (("a.png", b"same"), ("b.png", b"same"), ("c.png", b"four")):
        path = tmp_path / name
        path.write_bytes(PICTURE + end)
        images.append(Image(name, path))
    found = read_contents(FoundImages(tuple(images)), [], lambda *_: None)
    assert len(found.images) == 3
    assert found.repeated == (("a.png", "b.png"),)
