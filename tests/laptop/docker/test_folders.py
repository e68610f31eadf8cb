"""The folders that the containers see: private, complete, and left alone by a second start."""

import csv
import os
import re
import stat
from pathlib import Path

from laptop.credentials import Credentials
from laptop.docker.folders import ensure_folders
from laptop.docker.settings import DockerSettings
from laptop.pictures import CATALOGUE
from laptop.settings import ROOT
from studio.project.load import load_project
from tests.laptop.docker.conftest import MakeSettings

URLS = {"SEGMENTATION_URL": "http://s", "SEGMENT_ANYTHING_MODEL_URL": "http://a"}
PASSWORD = {"SEGMENTATION_PASSWORD": "a", "SEGMENT_ANYTHING_MODEL_PASSWORD": "b"}


def prepared(make_settings: MakeSettings, credentials: Credentials) -> DockerSettings:
    settings = make_settings()
    images = settings.images_dir
    images.mkdir(parents=True, exist_ok=True)
    (images / "scene-001.jpg").write_bytes((ROOT / "docs/pictures/pre-label.jpg").read_bytes())
    with (images / CATALOGUE).open("w", newline="") as file:
        header = ["id_file", "file", "Name", "Theme", "Typology", "Typology_sub"]
        csv.writer(file).writerows([header, ["scene-001", "scene-001.jpg", "a", "b", "c", "d"]])
    ensure_folders(settings, credentials)
    return settings


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Inode, owner and content of every file."""
    return {
        str(file.relative_to(folder)): (file.stat().st_ino, file.stat().st_uid, file.read_bytes())
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_every_secret_is_a_file_of_the_containers_user_and_of_nobody_else(
    make_settings: MakeSettings,
) -> None:
    credentials = Credentials()
    settings = prepared(make_settings, credentials)
    secret = credentials.revealed()
    found = {file.name: file.read_text() for file in settings.secrets_dir.iterdir()}
    database = found.pop("database_password")
    assert len(database) >= 16
    assert database not in secret.values()
    assert found == {
        "admin_password": secret["password"],
        "api_token": secret["token"],
        "secret_key": secret["secret_key"],
        "segmentation_password": secret["segmentation_password"],
        "segment_anything_model_password": secret["segment_anything_password"],
    }
    for file in settings.secrets_dir.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert (file.stat().st_uid, file.stat().st_gid) == (settings.user, settings.group)
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700


def test_the_secrets_are_those_that_compose_names(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings, Credentials())
    text = (ROOT / "templates/vm/compose.yml").read_text()
    named = set(re.findall(r"file: \"\$\{SECRETS_DIR[^}]*\}/(\w+)\"", text))
    assert named == {file.name for file in settings.secrets_dir.iterdir()}


def test_a_second_start_changes_no_file_that_a_container_has_mounted(
    make_settings: MakeSettings,
) -> None:
    credentials = Credentials()
    settings = prepared(make_settings, credentials)
    before = state(settings.folder)
    prepared(make_settings, credentials)
    assert state(settings.folder) == before


def test_the_project_file_finds_its_labeling_config_and_the_pictures(
    make_settings: MakeSettings,
) -> None:
    settings = prepared(make_settings, Credentials())
    images = settings.project_dir / "images"
    project = load_project(
        settings.project_dir / settings.project_file, {"IMAGES": str(images), **PASSWORD}
    )
    assert project is not None
    assert (images / "scene-001.jpg").is_file()
    assert list(settings.google_dir.iterdir()) == []


def test_a_newer_repository_renews_what_comes_from_it(make_settings: MakeSettings) -> None:
    credentials = Credentials()
    settings = prepared(make_settings, credentials)
    config = settings.project_dir / "labeling" / "garments.xml"
    for file in (settings.caddyfile, config):
        file.write_text("old")
    prepared(make_settings, credentials)
    assert settings.caddyfile.read_bytes() == (ROOT / "templates/laptop/Caddyfile").read_bytes()
    assert config.read_bytes() == (ROOT / "templates/labeling/garments.xml").read_bytes()
    assert os.stat(config).st_uid == settings.user


def photographs(folder: Path) -> Path:
    (folder / "autumn").mkdir(parents=True)
    for name in ("coat.JPG", "autumn/hat.png"):
        (folder / name).write_bytes(name.encode())
    (folder / "notes.txt").write_text("no image")
    return folder


def test_own_photographs_are_copied_beside_their_project_file_and_kept_in_step(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    images = photographs(tmp_path / "my photos")
    settings = make_settings(IMAGES=str(images))
    ensure_folders(settings, Credentials())
    file = settings.project_dir / settings.project_file
    project = load_project(file, {**URLS, **PASSWORD})
    assert project.title == "my photos"
    assert project.source.folder is not None
    copies = project.source.folder

    def found() -> dict[str, int]:
        return {
            str(copy.relative_to(copies)): copy.stat().st_ino
            for copy in copies.rglob("*")
            if copy.is_file()
        }

    first = found()
    assert sorted(first) == ["autumn/hat.png", "coat.JPG"]
    before = state(settings.folder)
    ensure_folders(settings, Credentials())
    assert state(settings.folder).keys() == before.keys()
    (images / "coat.JPG").unlink()
    (images / "new.webp").write_bytes(b"new")
    (images / "autumn/hat.png").write_bytes(b"another hat")
    ensure_folders(settings, Credentials())
    assert sorted(found()) == ["autumn/hat.png", "new.webp"]
    assert (copies / "autumn/hat.png").read_bytes() == b"another hat"
    # The originals are their owner's still.
    assert {path.stat().st_uid for path in images.rglob("*")} == {os.geteuid()}
