"""A backup of a studio, and the studio that comes of it."""

import errno
import os
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from laptop.backups import archive
from laptop.backups.archive import DATABASE, read_manifest
from laptop.backups.folder import backups_of, studio_name
from laptop.backups.keeping import remove_old
from laptop.backups.restore import require_label_studio, restore_backup
from laptop.cli import laptop
from laptop.processes.run_lock import Held, run_lock
from laptop.settings import LaptopError, LaptopSettings, backups_folder
from tests.laptop.backups.conftest import NOON, made, refuse


@pytest.fixture
def at_work(settings: LaptopSettings) -> Iterator[sqlite3.Connection]:
    """A labeler's open connection, so that what is written last is in the log alone."""
    with closing(sqlite3.connect(settings.data_dir / DATABASE)) as database:
        database.execute("INSERT INTO task_completion VALUES (2, 'newer mask')")
        database.commit()
        yield database


def annotations(settings: LaptopSettings) -> list[str]:
    with closing(sqlite3.connect(settings.data_dir / DATABASE)) as database:
        return [row[0] for row in database.execute("SELECT result FROM task_completion")]


def run(settings: LaptopSettings, *arguments: str, answer: str = "") -> Result:
    given = {"ATELIER_STATE": str(settings.state), "ATELIER_BACKUPS": str(settings.backups)}
    return CliRunner(env=given).invoke(laptop, list(arguments), input=answer)


def test_everything_is_back_after_all_was_deleted(
    settings: LaptopSettings, at_work: sqlite3.Connection
) -> None:
    backup = made(settings)
    at_work.close()
    shutil.rmtree(settings.state)
    settings.state.mkdir()
    assert restore_backup(settings, backup, NOON) is None
    assert annotations(settings) == ["mask", "newer mask"]
    assert (settings.data_dir / "label-studio/media/upload/1/été.png").read_text() == "a picture"
    assert (settings.data_dir / "projects/holiday.yaml").read_text() == "title: Holiday"
    assert (settings.data_dir / "credentials.json").read_text() == '{"password": "secret"}'


def test_a_backup_is_for_its_owner_alone_and_leaves_out_what_is_made_anew(
    settings: LaptopSettings,
) -> None:
    backup = made(settings)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup) as packed:
        names = packed.getnames()
    assert names[0] == "manifest.json"
    assert not [name for name in names if "docker" in name or "export" in name or "-wal" in name]
    assert [path.name for path in settings.backups.iterdir()] == [backup.name], "no draft is left"


def test_links_to_another_disk_come_back_as_what_they_lead_to(
    settings: LaptopSettings, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    shutil.move(settings.data_dir / "label-studio/media", disk)
    (disk / "round").symlink_to(disk)
    (settings.data_dir / "label-studio/media").symlink_to(disk)
    elsewhere = tmp_path / "holiday.yaml"
    shutil.move(settings.data_dir / "projects/holiday.yaml", elsewhere)
    (settings.data_dir / "projects/holiday.yaml").symlink_to(elsewhere)
    os.link(elsewhere, settings.data_dir / "projects/again.yaml")
    backup = made(settings)
    shutil.rmtree(settings.state)
    settings.state.mkdir()
    restore_backup(settings, backup, NOON)
    assert (settings.data_dir / "label-studio/media/upload/1/été.png").read_text() == "a picture"
    for name in ("holiday", "again"):
        file = settings.data_dir / f"projects/{name}.yaml"
        assert (file.is_symlink(), file.read_text()) == (False, "title: Holiday")


def test_a_link_to_a_disk_that_is_not_there_is_no_backup_without_it(
    settings: LaptopSettings, tmp_path: Path
) -> None:
    (settings.data_dir / "label-studio/media/more").symlink_to(tmp_path / "unplugged")
    with pytest.raises(LaptopError, match="unplugged, which is not there"):
        made(settings)
    assert list(settings.backups.iterdir()) == []


def test_files_that_are_written_and_removed_meanwhile_do_not_spoil_it(
    settings: LaptopSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = settings.data_dir / "label-studio/media/upload/1"
    (upload / "z.png").write_text("half a pic")
    settled = archive.files_below

    def found(*arguments):
        yield from settled(*arguments)
        (upload / "z.png").write_text("half a picture that is whole now")
        (upload / "été.png").unlink(missing_ok=True)

    monkeypatch.setattr(archive, "files_below", found)
    monkeypatch.setattr(archive, "require_room", lambda *_: None)
    backup = made(settings)
    assert not [name for name in read_manifest(backup).files if "été" in name]
    restore_backup(settings, backup, NOON)
    assert (upload / "z.png").read_text() == "half a picture that is whole now"


def test_the_manifest_says_of_what_and_by_which_label_studio(settings: LaptopSettings) -> None:
    manifest = read_manifest(made(settings))
    assert (manifest.label_studio, manifest.annotations) == ("1.23.2", 1)
    assert "2026-11-28 12:00" in manifest.said
    assert str(settings.state) in manifest.said


def test_what_was_there_is_moved_aside_and_the_studio_in_docker_stays(
    settings: LaptopSettings,
) -> None:
    backup = made(settings)
    with closing(sqlite3.connect(settings.data_dir / DATABASE)) as database:
        database.execute("INSERT INTO task_completion VALUES (3, 'after the backup')")
        database.commit()
    before = restore_backup(settings, backup, NOON)
    assert annotations(settings) == ["mask"]
    assert (settings.data_dir / "docker/postgres/base").read_text() == "another studio's"
    assert before is not None
    with closing(sqlite3.connect(before / DATABASE)) as database:
        assert database.execute("SELECT count(*) FROM task_completion").fetchone() == (2,)


def test_a_damaged_backup_changes_nothing(settings: LaptopSettings) -> None:
    backup = made(settings)
    whole = backup.read_bytes()
    half = len(whole) // 2
    for spoilt in (
        whole[:11] + bytes(4) + whole[15:],
        whole[:half],
        whole[:half] + bytes(9) + whole[half + 9 :],
        b"no archive",
    ):
        backup.write_bytes(spoilt)
        with pytest.raises(LaptopError, match=r"Nothing was changed|is no backup"):
            restore_backup(settings, backup, NOON)
    assert annotations(settings) == ["mask"]
    assert not list(settings.state.glob("data-before*"))


def test_what_was_there_is_back_where_the_restored_data_cannot_be_put(
    settings: LaptopSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = made(settings)
    (settings.data_dir / "newer").touch()
    rename = Path.rename

    def refuse_fresh(self: Path, target: Path) -> Path:
        if ".restore-" in str(self):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_fresh)
    with pytest.raises(LaptopError, match=r"Permission denied.*Nothing was changed"):
        restore_backup(settings, backup, NOON)
    assert (settings.data_dir / "newer").exists()
    assert not list(settings.state.glob("data-before*"))

    def refuse_both(self: Path, target: Path) -> Path:
        return refuse_fresh(self, target) if self == settings.data_dir else refuse()

    monkeypatch.setattr(Path, "rename", refuse_both)
    with pytest.raises(LaptopError, match=r"What was there before is in .*data-before-2026"):
        restore_backup(settings, backup, NOON)


def test_a_file_that_differs_from_the_manifest_is_refused(settings: LaptopSettings) -> None:
    backup = made(settings)
    folder = settings.backups / "unpacked"
    with tarfile.open(backup) as packed:
        packed.extractall(folder, filter="data")
    (folder / "data/projects/holiday.yaml").write_text("title: Other")
    with tarfile.open(backup, "w:gz") as packed:
        packed.add(folder / "manifest.json", "manifest.json")
        packed.add(folder / "data", "data")
    with pytest.raises(LaptopError, match=r"projects/holiday\.yaml is not as it was"):
        restore_backup(settings, backup, NOON)


def test_an_older_label_studio_is_refused_and_a_newer_one_takes_it(
    settings: LaptopSettings,
) -> None:
    manifest = read_manifest(made(settings))
    for newer in ("1.23.2", "1.23.10", "1.24.0", "2.0"):
        require_label_studio(manifest, f"\nlabel-studio=={newer} \\\n")
    for older in ("1.23.1", "1.9.0"):
        with pytest.raises(LaptopError, match=rf"of Label Studio 1.23.2, .* has {older}"):
            require_label_studio(manifest, f"\nlabel-studio=={older} \\\n")


def test_a_running_studio_is_not_replaced(settings: LaptopSettings) -> None:
    backup = made(settings)
    with run_lock(settings.run_dir):
        with pytest.raises(Held):
            restore_backup(settings, backup, NOON)
        assert (
            "Stop it first: make demo-stop" in run(settings, "restore-backup", str(backup)).output
        )


def test_a_damaged_database_is_said_and_older_backups_stay(settings: LaptopSettings) -> None:
    older = made(settings)
    (settings.data_dir / DATABASE).write_bytes(b"SQLite format 3\0" + bytes(5000))
    with pytest.raises(LaptopError, match=r"cannot be copied|is damaged"):
        made(settings, NOON + timedelta(hours=1))
    assert backups_of(settings.backups, settings.state) == [older]


def test_a_full_disk_is_said_before_anything_is_written(
    settings: LaptopSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(settings.state)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(LaptopError, match="Make room, or name another folder"):
        made(settings)


def test_the_newest_are_kept_and_those_of_another_clone_are_left_alone(
    settings: LaptopSettings, tmp_path: Path
) -> None:
    files = [made(settings, NOON + timedelta(days=day)) for day in range(4)]
    other = settings.backups / f"{studio_name(tmp_path / 'other')}-2026-11-01T120000.tar.gz"
    other.touch()
    assert remove_old(settings.backups, settings.state, 2) == files[:2]
    assert backups_of(settings.backups, settings.state) == files[2:]
    assert other.exists()


def test_a_week_of_empty_studios_does_not_push_out_the_last_one_with_the_work(
    settings: LaptopSettings,
) -> None:
    work = made(settings)
    with closing(sqlite3.connect(settings.data_dir / DATABASE)) as database:
        database.execute("DELETE FROM task_completion")
        database.commit()
    empty = [made(settings, NOON + timedelta(days=day)) for day in range(1, 4)]
    empty[0].write_bytes(b"damaged")
    assert remove_old(settings.backups, settings.state, 1) == empty[:2]
    assert backups_of(settings.backups, settings.state) == [work, empty[2]]


def test_the_folder_is_the_users_own_and_outside_of_every_clone(tmp_path: Path) -> None:
    assert backups_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/atelier/backups")
    assert backups_folder({"XDG_DATA_HOME": "relative"}).is_relative_to(Path.home())
    assert backups_folder({"ATELIER_BACKUPS": str(tmp_path)}) == tmp_path
    assert studio_name(Path("/a/clone/.local")).startswith("clone-")
    assert studio_name(Path("/a/clone/.local")) != studio_name(Path("/b/clone/.local"))


def test_the_commands_say_where_it_is_ask_before_they_replace_and_list_what_there_is(
    settings: LaptopSettings,
) -> None:
    result = run(settings, "backup")
    assert result.exit_code == 0, result.output
    (backup,) = backups_of(settings.backups, settings.state)
    assert str(backup) in result.output
    listed = run(settings, "restore-backup").output
    assert str(backup) in listed
    assert "annotations: 1, Label Studio 1.23.2" in listed
    refused = run(settings, "restore-backup", str(backup), answer="n\n")
    assert refused.exit_code == 1
    assert "in place of the demo's project, images and 1 annotations" in refused.output
    assert run(settings, "restore-backup", str(backup), answer="y\n").exit_code == 0
    assert len(list(settings.state.glob("data-before-*"))) == 1


def test_a_studio_without_data_has_nothing_to_back_up(settings: LaptopSettings) -> None:
    shutil.rmtree(settings.data_dir)
    result = run(settings, "backup")
    assert (result.exit_code, "this studio is new" in result.output) == (1, True)
