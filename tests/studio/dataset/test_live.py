"""What was labeled in a real Label Studio, exported by the commands."""

import io
import json
from contextlib import redirect_stdout

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from pycocotools.coco import COCO

from studio.cli import studio
from tests.studio.conftest import Workplace
from tests.studio.dataset.given import (
    CONFIG,
    HEIGHT,
    WIDTH,
    drawn_with_brush,
    hard_masks,
    picture,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def labeled(workplace: Workplace) -> Workplace:
    """Three pictures, of which two are labeled, one of them twice; the third was skipped."""
    (workplace.folder / "config.xml").write_text(CONFIG)
    for path in workplace.images.iterdir():
        path.unlink()
    for name in ("a.jpg", "deep/b.jpg", "c.jpg"):
        path = workplace.images / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture() + name.encode())
    workplace.apply()
    return workplace


def submit(workplace: Workplace, name: str, results: list[dict], **more: object) -> None:
    task = workplace.tasks()[name]["id"]
    body = {"result": results, "lead_time": 2.0, **more}
    workplace.label_studio.request("POST", f"/api/tasks/{task}/annotations/", json=body)


def command(workplace: Workplace, *words: str) -> Result:
    connection = {
        "LABEL_STUDIO_URL": workplace.label_studio.url,
        "LABEL_STUDIO_API_KEY": workplace.label_studio.token,
    }
    return CliRunner().invoke(studio, [*words, str(workplace.file)], env=connection)


def test_a_target_folder_has_each_annotation_once_with_its_history(labeled: Workplace) -> None:
    folder = labeled.folder / "kept"
    labeled.content["target"] = {"folder": "kept"}
    first, hard = drawn_with_brush(hard_masks()[:1]), drawn_with_brush(hard_masks())
    submit(labeled, "a.jpg", first)
    submit(labeled, "deep/b.jpg", [])
    task = labeled.tasks()["a.jpg"]["id"]
    assert f"write the annotations of 2 tasks to {folder}" in labeled.apply()
    assert "nothing to change" in labeled.apply("--data-only")
    (found,) = labeled.annotations(task)
    path = f"/api/annotations/{found['id']}/"
    labeled.label_studio.request("PATCH", path, json={"result": hard})
    assert "write the annotations of 1 task to" in labeled.apply("--data-only")
    assert len(list(folder.glob("*.json"))) == 2
    (kept,) = json.loads((folder / f"{task}.json").read_text())["annotations"]
    assert (kept["id"], kept["result"]) == (found["id"], hard)

    told = labeled.told("history", task)
    assert "coat 1 " in told
    assert "coat 1, s1 1, hat 2" in told
    labeled.label_studio.request("DELETE", path)
    assert "as annotation" in labeled.told("restore", task, "--version", "1")
    assert "nothing to change" in labeled.told("restore", task, "--version", "1")
    (restored,) = labeled.annotations(task)
    assert (restored["result"], restored["lead_time"]) == (first, 2.0)
    assert "write the annotations of 1 task to" in labeled.apply()
    assert "no longer there" in labeled.told("history", task)

    # Another Label Studio's task of the same number is about another picture.
    other = labeled.tasks()["c.jpg"]["id"]
    (folder / ".versions" / f"{task}.json").rename(folder / ".versions" / f"{other}.json")
    refused = labeled.run("restore", "--version", "1", about=[str(other)])
    assert refused.exit_code == 1
    assert "is about c.jpg, and the version is of a.jpg" in refused.output
    taken = command(labeled, "snapshot", "v1")
    assert taken.exit_code == 0, taken.output
    assert (folder / "snapshots/v1.json").is_file()


EDITS = 50


def test_an_export_of_a_snapshot_has_the_same_bytes_after_50_edits(labeled: Workplace) -> None:
    hard, few = drawn_with_brush(hard_masks()), drawn_with_brush(hard_masks()[:1])
    submit(labeled, "a.jpg", hard)
    submit(labeled, "deep/b.jpg", few)
    assert command(labeled, "snapshot", "v1").exit_code == 0
    before = exported(labeled, "before")
    (first,) = labeled.annotations(labeled.tasks()["a.jpg"]["id"])
    names = ("a.jpg", "deep/b.jpg", "c.jpg")
    for number in range(EDITS):
        results = hard[: 2 * (number % 4)]
        if number % 2:
            submit(labeled, names[number % 3], results)
        else:
            path = f"/api/annotations/{first['id']}/"
            labeled.label_studio.request("PATCH", path, json={"result": results})
    kept = [len(labeled.annotations(labeled.tasks()[name]["id"])) for name in names]
    assert sum(kept) == 2 + EDITS // 2
    labeled.label_studio.request("DELETE", f"/api/annotations/{first['id']}/")
    # The picture is another's place now; its bytes are in Label Studio.
    (labeled.images / "a.jpg").rename(labeled.images / "moved.jpg")
    assert "follow 1 image to another name or place" in labeled.apply()
    assert exported(labeled, "after") == before
    assert command(labeled, "diff", "v1", "now").exit_code == 0


def exported(labeled: Workplace, name: str) -> dict[str, bytes]:
    """The files of an export of the snapshot."""
    place = labeled.folder / name
    words = ("export", "--snapshot", "v1", "--format", "coco", "--to", str(place))
    done = command(labeled, *words)
    assert done.exit_code == 0, done.output
    files = (path for path in place.rglob("*") if path.is_file())
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in files}


def test_from_label_studio_to_data_sets_snapshots_and_differences(labeled: Workplace) -> None:
    folder = labeled.folder
    export = ("export", "--split", "100,0,0", "--to", str(folder / "set"))
    refused = command(labeled, *export, "--format", "coco")
    assert refused.exit_code == 1
    assert "3 tasks and no annotation" in refused.output
    assert not (folder / "set").exists()

    hard = drawn_with_brush(hard_masks())
    submit(labeled, "a.jpg", [])
    submit(labeled, "a.jpg", hard)
    submit(labeled, "deep/b.jpg", [])
    submit(labeled, "c.jpg", hard, was_cancelled=True)
    taken = command(labeled, "snapshot", "v1")
    assert taken.exit_code == 0, taken.output
    assert "snapshot v1 of 2 tasks" in taken.output
    assert "nothing to change" in command(labeled, "snapshot", "v1").output

    done = command(labeled, *export, "--format", "coco", "--snapshot", "v1")
    assert done.exit_code == 0, done.output
    with redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "set/annotations/instances_train.json"))
    assert sorted(one["file_name"] for one in coco.imgs.values()) == ["a.jpg", "deep/b.jpg"]
    assert all((one["height"], one["width"]) == (HEIGHT, WIDTH) for one in coco.imgs.values())
    found = [coco.annToMask(one).astype(bool) for one in coco.anns.values()]
    assert len(found) == len(hard_masks())
    for mask, (_, drawn) in zip(found, hard_masks(), strict=True):
        assert np.array_equal(mask, drawn)
    copied = (folder / "set/images/deep/b.jpg").read_bytes()
    assert copied == (labeled.images / "deep/b.jpg").read_bytes()

    submit(labeled, "deep/b.jpg", drawn_with_brush(hard_masks()[:1]))
    told = command(labeled, "diff", "v1", "now", "--json", str(folder / "diff.json"))
    assert told.exit_code == 0, told.output
    (change,) = json.loads((folder / "diff.json").read_text())["changes"]
    assert (change["picture"], change["label"], change["before"]) == ("deep/b.jpg", "coat", 0)
    assert "1 image changed, 0 new, 0 gone, 1 the same" in told.output

    again = command(labeled, *export, "--format", "masks")
    assert again.exit_code == 0, again.output
    assert not (folder / "set/annotations").exists(), "the new one takes the earlier one's place"
    with Image.open(folder / "set/masks/deep/b.png") as image:
        assert np.array_equal(np.asarray(image) == 1, hard_masks()[0][1])
