"""Snapshots and data sets in buckets, by the commands, with Google's own client."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from masks.labeling_config import labeling_config
from masks.regions import regions_of
from tests.studio.buckets.conftest import BucketPlace
from tests.studio.conftest import CONFIG

pytestmark = pytest.mark.integration

# Of the drawn scenes: see `pictures`.
HEIGHT, WIDTH = 160, 120


def mask(number: int) -> np.ndarray:
    """A ring, and a line of one pixel's width."""
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(down - 80, across - 60)
    drawn = (distance < 50 - number) & (distance > 20)
    drawn[5, 10:110] = True
    return drawn


def submit(workplace: BucketPlace, task: int, drawn: np.ndarray) -> None:
    control = labeling_config(CONFIG.read_text()).mask_controls[0]
    results = regions_of(drawn, control, control.label_for("dress"), 1.0)
    body = {"result": results, "lead_time": 2.0}
    workplace.label_studio.request("POST", f"/api/tasks/{task}/annotations/", json=body)


def files(workplace: BucketPlace, below: str) -> dict[str, bytes]:
    """What lies in the target below a prefix."""
    stand_in, target = workplace.stand_in, workplace.target
    return {
        one.name.removeprefix(below): stand_in.read(target, one.name)
        for one in stand_in.live(target)
        if one.name.startswith(below)
    }


def done(workplace: BucketPlace, *words: str) -> str:
    result = workplace.run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_snapshot_and_its_data_set_stay_as_they_are_in_a_bucket(
    workplace: BucketPlace, tmp_path: Path
) -> None:
    workplace.apply()
    tasks = {source: task["id"] for source, task in sorted(workplace.tasks().items())}
    for number, task in enumerate(tasks.values()):
        submit(workplace, task, mask(number))
    assert "snapshot v1 of 3 tasks" in workplace.run("snapshot", about=["v1"]).output
    # Beside the annotations, where the project file has its target.
    snapshot = files(workplace, "sprint-1/snapshots/")
    assert "v1.json" in snapshot
    assert len(snapshot) == 1 + len(tasks)

    place = f"gs://{workplace.target}/sets/autumn"
    export = ("export", "--snapshot", "v1", "--format", "coco", "--split", "100,0,0", "--to")
    done(workplace, *export, place)
    there = files(workplace, "sets/autumn/")
    for task in tasks.values():
        submit(workplace, task, np.zeros((HEIGHT, WIDTH), np.bool_))
    done(workplace, *export, str(tmp_path / "set"))
    here = {
        path.relative_to(tmp_path / "set").as_posix(): path.read_bytes()
        for path in (tmp_path / "set").rglob("*")
        if path.is_file()
    }
    assert there == here, "in the bucket before the edits, in a folder after them"
    assert files(workplace, "sprint-1/snapshots/") == snapshot

    versions = workplace.stand_in.server.service.objects.versions(workplace.target)
    done(workplace, *export, place)
    again = workplace.stand_in.server.service.objects.versions(workplace.target)
    assert again == versions, "a second run writes nothing"

    with redirect_stdout(io.StringIO()):
        coco = COCO(str(tmp_path / "set/annotations/instances_train.json"))
    images = sorted(coco.imgs.values(), key=lambda one: one["file_name"])
    assert [workplace.address(one["file_name"]) for one in images] == list(tasks)
    for number, image in enumerate(images):
        (found,) = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        assert np.array_equal(coco.annToMask(found).astype(bool), mask(number))
        name = image["file_name"]
        original = workplace.stand_in.read(workplace.source, name)
        assert here[f"images/{name}"] == original, "full size, as it is in the bucket"


def test_a_bucket_that_may_not_be_written_is_said_in_a_sentence(workplace: BucketPlace) -> None:
    workplace.apply()
    submit(workplace, min(task["id"] for task in workplace.tasks().values()), mask(0))
    grant = workplace.stand_in.cloud.grant
    grant(workplace.target, workplace.account.email, "objectViewer", "legacyBucketReader")
    for words in (
        ("snapshot", "v1"),
        ("export", "--format", "masks", "--to", f"gs://{workplace.target}/set"),
    ):
        command, *more = words
        about = more if command == "snapshot" else []
        options = [] if command == "snapshot" else more
        refused = workplace.run(command, *options, about=about)
        assert refused.exit_code == 1, refused.output
        assert "Traceback" not in refused.output
        assert workplace.target in refused.output
    assert files(workplace, "set/") == {}
