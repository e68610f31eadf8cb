"""A project file: everything that is wrong is said at once, and nothing secret with it."""

import os
from pathlib import Path

import pytest
import yaml

from studio.errors import ProjectFileError
from studio.project.load import Named, load_project, own_id, read_named

EXAMPLE = Path(__file__).parents[3] / "templates" / "projects" / "garments.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "config.xml").write_text("<View/>")
    (tmp_path / "catalogue.csv").write_text("id\n")
    return tmp_path


GOOD = {"title": "Coats", "labeling_config": "config.xml", "source": {"folder": "images"}}


def write(folder: Path, content: object) -> Path:
    path = folder / "project.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def refusal(folder: Path, content: object, **environment: str) -> str:
    with pytest.raises(ProjectFileError) as caught:
        load_project(write(folder, content), environment)
    return str(caught.value)


def test_paths_are_relative_to_the_file(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    project = load_project(write(folder, GOOD), {})
    assert project.source.folder == folder / "images"


def test_every_fault_is_reported_at_once(folder: Path) -> None:
    message = refusal(
        folder,
        {
            "titel": "Coats",
            "labeling_config": "missing.xml",
            "source": {"foldr": "images", "list": ["gs://b/a.jpg"]},
            "backends": [
                {"title": "one", "url": "localhost:7070", "password": "${NOT_SET}"},
                {"title": "one", "url": "http://127.0.0.1:7070", "interactiv": True},
            ],
            "labelers": [{"email": "anna", "password": "hunter2"}],
            "catalogue": {
                "file": "catalogue.csv",
                "key": "id",
                "image_key": "(a)(b)",
                "columns": {"Name": {"column": "name", "merge": "last"}, "source": "id"},
            },
        },
    )
    for fault in (
        "title: required",
        "titel: unknown key; did you mean title?",
        f"labeling_config: there is no file {folder / 'missing.xml'}",
        "source.foldr: unknown key; did you mean folder?",
        "backends[0].url: 'localhost:7070' is not an address",
        "backends[0].password: ${NOT_SET} is not set",
        "backends[1].interactiv: unknown key; did you mean interactive?",
        "labelers[0].email: must be an e-mail address",
        "labelers[0].password: must have at least 8 characters",
        "catalogue.image_key: '(a)(b)' must have exactly one (group); it has 2",
        "catalogue.columns.Name.merge:",
    ):
        assert f"\n  {fault}" in message, fault
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": "ab"}, "title: String should have at least 3"),
        ({"title": "a" * 51}, "title: String should have at most 50"),
        ({"source": {}}, "source: give a folder, a list, a bucket or iiif, and only one of them"),
        (
            {"source": {"folder": "images", "list": ["gs://b/a"]}},
            "source: give a folder, a list, a bucket or",
        ),
        ({"source": {"folder": "nowhere"}}, "source.folder: there is no folder"),
        ({"source": {"list": "nowhere.txt"}}, "source.list: there is no file"),
        (
            {"labelers": [{"email": "a@b.org"}, {"email": "A@b.org"}]},
            "labelers: email used more than once: a@b.org",
        ),
        (
            {"backends": [{"title": t, "url": "http://127.0.0.1:1"} for t in ("a", "b")]},
            "backends: url used more than once: http://127.0.0.1:1",
        ),
        ({"source": {"bucket": "coats"}}, "source.bucket: 'coats' is not an address like gs://"),
        (
            {"source": {"bucket": "gs://coats", "folder": "images"}},
            "source: give a folder, a list, a bucket or iiif, and only one of them",
        ),
        ({"source": {"folder": "images", "media": "proxy"}}, "source: media is only for a bucket"),
        (
            {"source": {"bucket": "gs://coats", "glob": "*.jpg", "regex": "jpg$"}},
            "source: give a glob or a regex, not both",
        ),
        (
            {"source": {"bucket": "gs://coats", "regex": "("}},
            "source.regex: '(' is not a regular expression",
        ),
        (
            {"source": {"bucket": "gs://coats/[a]", "glob": "*"}},
            "source: with a glob, the prefix of the bucket cannot contain",
        ),
        ({"target": {"buckt": "gs://coats"}}, "target.buckt: unknown key; did you mean bucket"),
        (
            {"target": {"bucket": "gs://coats", "folder": "kept"}},
            "target: give a bucket or a folder, and only one of them",
        ),
        ({"target": {"folder": "config.xml"}}, "target.folder: "),
        (
            {"catalogue": {"file": "gs://coats", "key": "id", "columns": {}}},
            "catalogue.file: 'gs://coats' is a bucket; name a file in it",
        ),
        (
            {
                "catalogue": {
                    "file": "catalogue.csv",
                    "key": "id",
                    "columns": {"source": "id"},
                }
            },
            "catalogue.columns: 'source' is reserved",
        ),
    ],
)
def test_a_rule_that_is_broken_is_named(folder: Path, change: dict, fault: str) -> None:
    assert f"\n  {fault}" in refusal(folder, {**GOOD, **change})


def test_a_missing_file_below_a_folder_whose_name_is_no_text_is_named(folder: Path) -> None:
    below = folder / os.fsdecode(b"caf\xe9")
    below.mkdir()
    said = refusal(below, GOOD)
    assert f"labeling_config: there is no file {folder}/caf\\xe9/" in said
    assert f"source.folder: there is no folder {folder}/caf\\xe9/" in said


def test_a_file_that_is_no_yaml_or_no_mapping_is_refused(folder: Path) -> None:
    assert "is not valid YAML" in refusal(folder, "title: [")
    assert "has no keys" in refusal(folder, "just words")
    with pytest.raises(ProjectFileError, match="cannot read"):
        load_project(folder / "missing.yaml", {})


def test_references_come_from_the_environment_or_their_default(folder: Path) -> None:
    backend = {"title": "one", "url": "${URL:-http://127.0.0.1:7070}", "password": "${SECRET}"}
    path = write(folder, {**GOOD, "backends": [backend]})
    project = load_project(path, {"SECRET": "pass-word"})
    assert project.backends[0].url == "http://127.0.0.1:7070"
    assert project.backends[0].password.get_secret_value() == "pass-word"
    assert "pass-word" not in repr(project)
    assert load_project(path, {"SECRET": "x", "URL": "http://b:1/"}).backends[0].url == "http://b:1"


@pytest.mark.parametrize("encoding", ["hex", "undefined", "nope"])
def test_an_encoding_is_one_of_text(folder: Path, encoding: str) -> None:
    catalogue = {"file": "catalogue.csv", "key": "id", "columns": {}, "encoding": encoding}
    said = refusal(folder, {**GOOD, "catalogue": catalogue})
    assert f"catalogue.encoding: '{encoding}' is no encoding; try utf-8" in said


def test_the_shipped_example_is_a_project(folder: Path) -> None:
    environment = {
        "IMAGES": str(folder),
        "SEGMENTATION_PASSWORD": "one",
        "SEGMENT_ANYTHING_MODEL_PASSWORD": "two",
    }
    project = load_project(EXAMPLE, environment)
    assert [(b.title, b.interactive) for b in project.backends] == [
        ("segmentation", False),
        ("segment-anything", True),
    ]
    assert project.catalogue is not None
    assert list(project.catalogue.columns) == ["Name", "Theme", "Typology", "Typology_sub"]


def test_what_names_a_project_can_be_read_without_anything_else_being_there(folder: Path) -> None:
    assert read_named(EXAMPLE, {}) == Named("Garments", own_id(EXAMPLE))
    path = write(folder, {"title": " Coats ", "id": "${TEAM}"})
    assert read_named(path, {"TEAM": "autumn"}) == Named("Coats", "autumn")
    with pytest.raises(ProjectFileError, match="its id is no text"):
        read_named(path, {})
    with pytest.raises(ProjectFileError, match="has no title"):
        read_named(write(folder, {"id": "x"}), {})


def test_the_example_with_buckets_differs_in_where_things_are_alone() -> None:
    environment = {
        "IMAGES": str(EXAMPLE.parent),
        "SOURCE_BUCKET": "demo-source",
        "TARGET_BUCKET": "demo-target",
        "MEDIA_ACCESS": "proxy",
        "SEGMENTATION_PASSWORD": "one",
        "SEGMENT_ANYTHING_MODEL_PASSWORD": "two",
    }
    project = load_project(EXAMPLE.with_name("garments-bucket.yaml"), environment)
    assert (str(project.source.bucket), project.source.media) == ("gs://demo-source", "proxy")
    assert project.target is not None
    assert str(project.target.bucket) == "gs://demo-target/annotations"
    assert project.catalogue is not None
    assert str(project.catalogue.file) == "gs://demo-source/catalogue.csv"
    local = yaml.safe_load(EXAMPLE.read_text())
    shared = yaml.safe_load(EXAMPLE.with_name("garments-bucket.yaml").read_text())
    del local["source"], shared["source"], shared["target"]
    del local["catalogue"]["file"], shared["catalogue"]["file"]
    assert shared == local
