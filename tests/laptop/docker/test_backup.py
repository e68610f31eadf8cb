"""The studio in Docker, backed up and put back. The docker command is the only stand-in here:
tests/vm/test_laptop.py has the real one, with the real Postgres.
"""

import json
import os
import shutil
import signal
import stat
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from laptop.backups.archive import read_manifest
from laptop.backups.folder import backups_of
from laptop.backups.nightly import DAY_SECONDS
from laptop.backups.restore import restore_backup
from laptop.cli import laptop
from laptop.credentials import ensure_credentials
from laptop.docker.backup import make_docker_backup, restore_docker_backup
from laptop.docker.client import Docker
from laptop.docker.nightly import DockerNightly
from laptop.docker.settings import DockerSettings, load_docker_settings
from laptop.processes.run_lock import Held, run_lock
from laptop.progress import Progress
from laptop.settings import LaptopError
from tests.laptop.backups.conftest import made, studio_without_docker

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
# Its database is a file with the number of annotations, where Postgres has its own.
DOCKER = r"""#!/bin/bash
root=${0%/*}
folder=$(cat "$root/folder")
rows=$folder/postgres/pgdata/rows
echo "$*" >>"$root/asked"
case "$*" in
  ps*)
    [[ ! -e $root/runs ]] || printf 'postgres\trunning\tUp (healthy)\t\t%s\n' "$(cat "$root/runs")"
    ;;
  *' up --detach '*' postgres')
    mkdir -p "${rows%/*}"
    [[ -e $rows ]] || echo 0 >"$rows"
    echo "$folder" >"$root/runs"
    ;;
  *' down '*) rm "$root/runs" ;;
  exec*pg_dump*) cat "$rows" ;;
  exec*pg_restore*)
    if [[ -e $root/broken ]]; then echo 'pg_restore: error: no' >&2; exit 1; fi
    cat >"$rows"
    ;;
  exec*max\(updated_at\)*) cat "$root/labeled" ;;
  exec*pg_database_size*) echo 4000 ;;
  exec*psql*) echo "1|17|$(cat "$rows")" ;;
  version*) echo 28.2.2 ;;
  'compose version'*) echo 2.39.4 ;;
esac
"""


class Place:
    """A studio in Docker with 12 annotations, which is stopped."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bin"
        self.root.mkdir()
        program = self.root / "docker"
        program.write_text(DOCKER)
        program.chmod(0o755)
        self.environ = {
            "ATELIER_STATE": str(folder / "state"),
            "ATELIER_BACKUPS": str(folder / "backups"),
            "PATH": f"{self.root}:{os.environ['PATH']}",
        }
        self.settings = load_docker_settings(self.environ)
        (self.root / "folder").write_text(str(self.settings.folder))
        self.docker = Docker(self.settings, Progress(Console(quiet=True)))
        ensure_credentials(self.settings.credentials_file)
        for name, text in {
            "postgres/pgdata/rows": "12\n",
            "frontend/initialised": "1.23.2",
            "frontend/media/upload/1/été.png": "a picture",
            "frontend/export/old.zip": "made anew",
            "project/projects/holiday.yaml": "title: Holiday",
            "project/own/holiday/1.jpg": "a copy",
            "secrets/database_password": "this Postgres' own",
        }.items():
            path = self.settings.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def rows(self) -> Path:
        return self.settings.folder / "postgres/pgdata/rows"

    @property
    def asked(self) -> list[str]:
        """What docker was asked to do, but for what it was asked about itself."""
        lines = (self.root / "asked").read_text().splitlines()
        words = {" up ": "up", " down ": "down", " pg_dump ": "dump", " pg_restore ": "load"}
        return [word for line in lines for mark, word in words.items() if mark in line]

    def begin(self, folder: str = "") -> None:
        """Let it run, or another one."""
        (self.root / "runs").write_text(folder or str(self.settings.folder))

    def backup(self, now: datetime = NOON) -> Path:
        return make_docker_backup(self.settings, self.docker, now, self.settings.backups)[0]

    def restore(self, backup: Path, settings: DockerSettings | None = None) -> Path | None:
        return restore_docker_backup(settings or self.settings, self.docker, backup, NOON)

    def run(self, *words: str, answer: str = "") -> Result:
        return CliRunner(env=self.environ).invoke(laptop, list(words), input=answer)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_everything_is_back_after_all_was_deleted(place: Place) -> None:
    ctrl_c = signal.getsignal(signal.SIGINT)
    backup = place.backup()
    assert place.asked == ["up", "dump", "down"], "Postgres alone, and only for this"
    assert signal.getsignal(signal.SIGINT) == ctrl_c
    login = place.settings.credentials_file.read_text()
    shutil.rmtree(place.settings.state)
    assert place.restore(backup) is None
    assert place.asked[3:] == ["up", "load", "down"]
    assert place.rows.read_text() == "12\n"
    folder = place.settings.folder
    assert (folder / "frontend/media/upload/1/été.png").read_text() == "a picture"
    assert (folder / "frontend/initialised").read_text() == "1.23.2"
    assert (folder / "project/projects/holiday.yaml").read_text() == "title: Holiday"
    assert place.settings.credentials_file.read_text() == login
    known = json.loads(login)
    assert (folder / "secrets/api_token").read_text() == known["token"]
    # The database of here is a new one.
    assert (folder / "secrets/database_password").read_text() != "this Postgres' own"
    modes = [stat.S_IMODE((folder / name).stat().st_mode) for name in ("frontend", "secrets")]
    assert modes == [0o700, 0o700]
    owners = {path.stat().st_uid for path in (folder / "frontend").rglob("*")}
    assert owners == {place.settings.user}
    assert not place.settings.mark.exists()


def test_a_backup_is_for_its_owner_alone_and_leaves_out_what_is_made_anew(place: Place) -> None:
    backup = place.backup()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup) as packed:
        names = packed.getnames()
    assert names[0] == "manifest.json"
    assert not [name for name in names if "export" in name or "/own/" in name or "secret" in name]
    manifest = read_manifest(backup)
    assert (manifest.in_docker, manifest.annotations, manifest.tasks) == (True, 12, 17)
    assert "annotations: 12, Label Studio 1.23.2 in Docker, of" in manifest.said
    assert [path.name for path in place.settings.backups.iterdir()] == [backup.name]


def test_a_studio_that_runs_goes_on(place: Place) -> None:
    place.begin()
    place.backup()
    assert place.asked == ["dump"]


def test_both_studios_of_a_folder_are_backed_up_and_kept_by_themselves(place: Place) -> None:
    studio_without_docker(place.settings)
    for _ in range(2):
        result = place.run("backup", "--keep", "1")
        assert result.exit_code == 0, result.output
    folder, state = place.settings.backups, place.settings.state
    (without,), (within,) = backups_of(folder, state), backups_of(folder, state, in_docker=True)
    assert {path.name for path in folder.iterdir()} == {without.name, within.name}
    assert (read_manifest(without).in_docker, read_manifest(within).in_docker) == (False, True)
    listed = place.run("restore-backup").output
    assert str(without) in listed
    assert str(within) in listed


def test_a_restore_asks_keeps_what_was_there_and_leaves_the_other_studio_alone(
    place: Place,
) -> None:
    studio_without_docker(place.settings)
    backup = place.backup()
    place.rows.write_text("13\n")
    refused = place.run("restore-backup", str(backup), answer="n\n")
    assert refused.exit_code == 1
    assert "in place of all annotations of the studio in Docker?" in refused.output
    assert place.rows.read_text() == "13\n"
    done = place.run("restore-backup", str(backup), "--yes")
    assert done.exit_code == 0, done.output
    assert "Start it: make demo DOCKER=1" in done.output
    assert place.rows.read_text() == "12\n"
    (before,) = place.settings.state.glob("data-before-*")
    assert (before / "docker/postgres/pgdata/rows").read_text() == "13\n"
    assert (before / "docker/secrets/database_password").read_text() == "this Postgres' own"
    assert (place.settings.data_dir / "projects/holiday.yaml").is_file()


def test_what_is_labeled_while_it_is_made_spoils_no_backup(place: Place) -> None:
    """The number in the manifest is that of a moment before the dump."""
    place.begin()
    program = place.root / "docker"
    whole = program.read_text()
    program.write_text(whole.replace('exec*pg_dump*) cat "$rows"', "exec*pg_dump*) echo 13"))
    backup = place.backup()
    assert read_manifest(backup).annotations == 12
    (place.root / "runs").unlink()
    place.restore(backup)
    assert place.rows.read_text() == "13\n"


def test_a_database_that_cannot_be_loaded_changes_nothing(place: Place) -> None:
    backup = place.backup()
    (place.root / "broken").touch()
    place.rows.write_text("13\n")
    login = place.settings.credentials_file.read_bytes()
    with pytest.raises(LaptopError, match="docker exec failed: pg_restore: error: no"):
        place.restore(backup)
    assert place.rows.read_text() == "13\n"
    password = place.settings.secrets_dir / "database_password"
    assert password.read_text() == "this Postgres' own"
    assert place.settings.credentials_file.read_bytes() == login
    assert not list(place.settings.state.glob("data-before-*"))
    assert place.asked[-1] == "down"
    assert not place.settings.mark.exists()


def test_a_damaged_backup_changes_nothing(place: Place) -> None:
    backup = place.backup()
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(LaptopError, match="Nothing was changed"):
        place.restore(backup)
    assert place.rows.read_text() == "12\n"


def test_two_studios_of_a_folder_never_get_two_logins(place: Place, tmp_path: Path) -> None:
    """Both read them from one file, and each database has its own already."""
    studio_without_docker(place.settings)
    within, without = place.backup(), made(place.settings)
    place.settings.credentials_file.write_text(
        place.settings.credentials_file.read_text().replace("admin@", "lead@")
    )
    for restore in (
        lambda: place.restore(within),
        lambda: restore_backup(place.settings, without, NOON),
    ):
        with pytest.raises(
            LaptopError, match=r"has other passwords than the backup.*ATELIER_STATE"
        ):
            restore()
    assert place.rows.read_text() == "12\n"
    assert not list(place.settings.state.glob("data-before-*"))


def test_neither_a_running_studio_nor_anothers_is_replaced(place: Place) -> None:
    backup = place.backup()
    place.begin()
    with pytest.raises(LaptopError, match="Stop it first: make demo-stop"):
        place.restore(backup)
    place.begin("/another/state/data/docker")
    for act in (place.backup, lambda: place.restore(backup)):
        with pytest.raises(LaptopError, match="whose data is in /another/state/data/docker"):
            act()
    (place.root / "runs").unlink()
    with run_lock(place.settings.run_dir):
        for act in (place.backup, lambda: place.restore(backup)):
            with pytest.raises(Held):
                act()
    assert place.rows.read_text() == "12\n"


def test_one_that_was_never_ready_has_no_backup_and_hides_none_of_the_other(place: Place) -> None:
    (place.settings.folder / "frontend/initialised").unlink()
    with pytest.raises(LaptopError, match="is being started for the first time"):
        place.backup()
    studio_without_docker(place.settings)
    result = place.run("backup")
    assert result.exit_code == 0, result.output
    assert len(list(place.settings.backups.iterdir())) == 1


def test_without_docker_the_backup_fails_aloud(place: Place) -> None:
    (place.root / "docker").write_text("#!/bin/sh\necho Cannot connect >&2\nexit 1\n")
    result = place.run("backup")
    assert result.exit_code == 1
    assert "its daemon does not answer" in result.output
    assert not list(place.settings.backups.glob("*"))


def test_one_is_due_a_day_after_the_last_where_somebody_labeled(place: Place) -> None:
    place.begin()
    now = NOON.timestamp()
    nightly = DockerNightly(place.settings, lambda line: None, lambda: now)
    labeled = place.root / "labeled"
    labeled.write_text("0\n")
    assert not nightly.is_due(), "nobody labeled anything"
    labeled.write_text(f"{now - 60}\n")
    assert nightly.is_due(), "there is none yet"
    backup = place.backup(NOON - timedelta(days=1))
    os.utime(backup, (now - DAY_SECONDS, now - DAY_SECONDS))
    assert nightly.is_due()
    labeled.write_text(f"{now - DAY_SECONDS - 60}\n")
    assert not nightly.is_due(), "nothing changed"
    (place.root / "docker").write_text("#!/bin/sh\nexit 1\n")
    assert not nightly.is_due(), "it is starting again"
