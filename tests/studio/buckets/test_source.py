"""Images in a bucket: their tasks, and how they reach a browser and a backend."""

import csv
from pathlib import Path

import pytest
import requests
import yaml

from tests.cloud.storage import names
from tests.label_studio import ROOT, serve_backend
from tests.studio.buckets.conftest import COLUMNS, ORIGIN, BucketPlace
from tests.studio.conftest import BACKEND_PASSWORD, BACKEND_USER, backend_entry

pytestmark = pytest.mark.integration


def scene_names(pictures: Path) -> list[str]:
    return sorted(file.name for file in pictures.iterdir() if file.suffix != ".csv")


def test_each_image_is_a_task_with_the_facts_of_its_catalogue(
    workplace: BucketPlace, pictures: Path
) -> None:
    assert "import 3 images" in workplace.apply()
    tasks = workplace.tasks()
    expected = {workplace.address(f"autumn/{name}") for name in scene_names(pictures)}
    assert set(tasks) == expected
    with (pictures / "catalogue.csv").open(newline="") as file:
        rows = {row["id_file"]: row for row in csv.DictReader(file)}
    for address, task in tasks.items():
        assert task["data"]["image"] == address
        row = rows[Path(address).stem]
        for header, column in COLUMNS.items():
            assert row[column] in task["data"][header]


def test_a_second_run_changes_nothing(workplace: BucketPlace) -> None:
    workplace.apply()
    before = workplace.tasks(), workplace.storages(), workplace.storages("/export")
    assert workplace.apply().strip().endswith("nothing to change")
    assert (workplace.tasks(), workplace.storages(), workplace.storages("/export")) == before


def test_the_example_with_buckets_can_be_applied(workplace: BucketPlace, pictures: Path) -> None:
    for file in pictures.iterdir():
        workplace.stand_in.put(workplace.source, file.name, file.read_bytes())
    example = ROOT / "templates" / "projects" / "garments-bucket.yaml"
    # The backends have tests of their own.
    workplace.content = yaml.safe_load(example.read_text()) | {"backends": []}
    workplace.content |= {"title": workplace.title, "labeling_config": "config.xml"}
    buckets = {"SOURCE_BUCKET": workplace.source, "TARGET_BUCKET": workplace.target}
    # Those of the root, and those of the prefix in it.
    assert "import 6 images" in workplace.apply(**buckets)
    assert "nothing to change" in workplace.apply(**buckets, MEDIA_ACCESS="presigned")
    (storage,) = workplace.storages("/export")
    assert (storage["bucket"], storage["prefix"]) == (workplace.target, "annotations")


def test_new_objects_are_added_and_nobody_can_double_the_tasks(workplace: BucketPlace) -> None:
    workplace.apply()
    picture = workplace.stand_in.live(workplace.source)[0]
    content = workplace.stand_in.read(workplace.source, picture.name)
    workplace.stand_in.put(workplace.source, "autumn/more/ü 100% #1.jpg", content)
    assert "import 1 image" in workplace.apply()
    (storage,) = workplace.storages()
    with pytest.raises(requests.HTTPError, match="400"):
        workplace.label_studio.request("POST", f"/api/storages/gcs/{storage['id']}/sync")
    assert len(workplace.tasks()) == 4


def test_a_signed_address_gives_the_image_to_the_pages_origin(
    workplace: BucketPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.stand_in.put(workplace.source, "autumn/ü 100% #1.jpg", b"picture", "image/jpeg")
    workplace.apply()
    shown = workplace.shown_image("autumn/ü 100% #1.jpg")
    answer = workplace.browser().get(shown, allow_redirects=False)
    assert answer.status_code == 303
    signed = answer.headers["Location"]
    assert signed.startswith(f"https://storage.googleapis.com/{workplace.source}/autumn/")
    for name, value in workplace.stand_in.environment.items():
        monkeypatch.setenv(name, value)
    with names.resolved_at(workplace.stand_in.address):
        image = requests.get(signed, headers={"Origin": ORIGIN})
    assert image.content == b"picture"
    assert image.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert requests.get(shown).status_code == 401


def test_a_proxied_image_comes_through_label_studio(workplace: BucketPlace, pictures: Path) -> None:
    workplace.apply()
    workplace.content["source"]["media"] = "proxy"
    output = workplace.apply()
    assert f"change how images are opened from gs://{workplace.source} (proxy)" in output
    assert "import" not in output
    name = scene_names(pictures)[0]
    shown = workplace.shown_image(f"autumn/{name}")
    image = workplace.browser().get(shown, allow_redirects=False)
    assert image.status_code == 200
    assert image.content == (pictures / name).read_bytes()
    assert "nothing to change" in workplace.apply()


def test_only_what_the_glob_or_the_regex_names_is_imported(
    workplace: BucketPlace, pictures: Path
) -> None:
    first, second, _ = scene_names(pictures)
    workplace.content["source"]["glob"] = f"**{Path(first).stem}.*"
    assert "import 1 image" in workplace.apply()
    workplace.content["source"] = {"bucket": f"gs://{workplace.source}", "regex": f"/{second}$"}
    assert "import 1 image" in workplace.apply()
    assert set(workplace.tasks()) == {
        workplace.address(f"autumn/{name}") for name in (first, second)
    }


def test_what_is_no_image_is_left_out_and_named(workplace: BucketPlace) -> None:
    for name in ("autumn/notes.txt", "autumn/what?.jpg", "autumn/folder/"):
        workplace.stand_in.put(workplace.source, name, b"x")
    workplace.stand_in.put(workplace.source, "autumn/empty.jpg", b"")
    output = " ".join(workplace.apply().split())
    assert len(workplace.tasks()) == 3
    for words in ("notes.txt", "question mark", "what?.jpg", "the file is empty", "empty.jpg"):
        assert words in output
    # It is named as the catalogue alone.
    assert output.count("catalogue.csv") == output.count("catalogue.csv (read as ")
    assert "folder" not in output


def test_a_bucket_may_be_filled_later(workplace: BucketPlace) -> None:
    workplace.content["source"]["bucket"] = f"gs://{workplace.source}/winter"
    workplace.content["catalogue"]["file"] = f"gs://{workplace.source}/winter/catalogue.csv"
    assert "there is no image in the bucket yet" in workplace.apply()
    assert "nothing to change" in workplace.apply()
    for version in workplace.stand_in.live(workplace.source):
        content = workplace.stand_in.read(workplace.source, version.name)
        name = version.name.replace("autumn", "winter")
        workplace.stand_in.put(workplace.source, name, content)
    assert "import 3 images" in workplace.apply()


def test_a_backend_reads_the_bucket_by_itself(
    workplace: BucketPlace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stand_in = workplace.stand_in
    models = stand_in.cloud.add_account("models")
    key = stand_in.key_file(models, stand_in.cloud.add_key(models))
    stand_in.cloud.grant(workplace.source, models, "objectViewer")
    settings = {
        **stand_in.environment,
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        "SEGMENTATION_MODEL": str(ROOT / "backends" / "segmentation" / "demo"),
        "BASIC_AUTH_USER": BACKEND_USER,
        "BASIC_AUTH_PASS": BACKEND_PASSWORD,
    }
    model = "backends.segmentation.backend:SegmentationBackend"
    folder = tmp_path_factory.mktemp("backend")
    with serve_backend(folder, model, names.with_names(stand_in.hosts), **settings) as backend:
        workplace.content["backends"] = [backend_entry("segmentation", backend.url)]
        assert "retrieving predictions: 3" in workplace.apply()
    for task in workplace.tasks().values():
        (prediction,) = task["predictions"]
        assert prediction["result"]
    read = [one for one in stand_in.server.asked if one.who == models and "alt=media" in one.path]
    assert len(read) == 3


def test_a_lost_catalogue_is_named(workplace: BucketPlace) -> None:
    workplace.content["catalogue"]["file"] = f"gs://{workplace.source}/autumn/katalog.csv"
    address = f"gs://{workplace.source}/autumn/katalog.csv"
    assert f"there is no object {address}" in workplace.refusal()


def test_an_image_that_the_catalogue_does_not_know_is_named(workplace: BucketPlace) -> None:
    workplace.stand_in.put(workplace.source, "autumn/unknown.jpg", b"x")
    assert "images without a row" in " ".join(workplace.apply().split())
    assert workplace.tasks()[workplace.address("autumn/unknown.jpg")]["data"]["Name"] == ""
