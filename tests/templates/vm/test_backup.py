"""backup.sh: what it packs, keeps and refuses. Docker and its database are the only stand-ins here;
tests/vm has the real ones."""

import io
import tarfile

import pytest

from tests.templates.vm.conftest import Machine
from tests.templates.vm.metadata_server import TOKEN, Metadata

FOLDER = "backups/dev/"
# `docker compose ... exec --no-TTY postgres PROGRAM ...` and the rest of what is asked of compose.
DOCKER = r"""
root=${0%/bin/docker}
words=" $* "
echo "${words##*machine.env }" >>"$root/asked"
case $words in
  *' pg_dump '*) [[ ! -e $root/broken ]] && cat "$root/database" ;;
  *' pg_restore '*) cat >"$root/restored"; [[ ! -e $root/broken ]] ;;
  *' psql '*)
    sql=$(cat)
    echo "$sql" >>"$root/sql"
    case $sql in
      *task_completion*) cat "$root/count" ;;
      *pg_database_size*) echo 4000 ;;
      *authtoken_token*) echo 1 ;;
    esac ;;
esac
"""


@pytest.fixture
def studio(machine: Machine, metadata: Metadata) -> Machine:
    """A machine whose studio is ready, with 12 annotations."""
    settings = f"{metadata.attribute('atelier-env')}STACK=dev\nTARGET_BUCKET=target\n"
    metadata.set(atelier_env=settings)
    machine.run("ensure_secrets; fetch; adopt; touch $HEALTHY", script="services.sh")
    machine.program("docker", DOCKER)
    machine.program("systemctl", f'echo "$@" >>{machine.root}/systemctl\n')
    (machine.root / "database").write_bytes(b"a dump of the database")
    (machine.root / "count").write_text("12\n")
    uploads = machine.data / "frontend/media/upload/1"
    uploads.mkdir(parents=True)
    (uploads / "a.jpg").write_text("a picture")
    (machine.data / "frontend/initialised").write_text("1.23.2")
    (machine.data / "frontend/export").mkdir()
    (machine.data / "frontend/export/big.zip").write_text("made anew")
    return machine


def run(studio: Machine, words: str, status: int = 0) -> str:
    return studio.run(f"main {words}", script="backup.sh", status=status)


def told(metadata: Metadata) -> str:
    return [text for name, text in metadata.guest_attributes if name == "atelier/backup"][-1]


def test_a_backup_holds_database_uploads_project_and_versions(
    studio: Machine, metadata: Metadata
) -> None:
    said = run(studio, "backup")
    ((name, content),) = metadata.objects.items()
    assert name.startswith(FOLDER)
    assert name.endswith("Z.12.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {one.name: archive.extractfile(one) for one in archive if one.isfile()}
        read = {path: file.read().decode() for path, file in files.items() if file}
    assert read["database"] == "a dump of the database"
    assert read["frontend/media/upload/1/a.jpg"] == "a picture"
    assert "project/projects/project.yaml" in read
    assert "frontend/export/big.zip" not in read
    assert "LABEL_STUDIO=1.23.2\nANNOTATIONS=12\n" in read["facts.env"]
    assert not [path for path in read if "secret" in path]
    assert f"gs://target/{name}, annotations: 12" in told(metadata)
    assert metadata.phases() == []
    assert TOKEN not in said
    assert not list(studio.data.glob(".backup-*"))


def test_the_newest_are_kept_and_the_fullest(studio: Machine, metadata: Metadata) -> None:
    full = f"{FOLDER}20260101T000000Z.9000.tar.gz"
    empty = [f"{FOLDER}2026010{day}T000000Z.0.tar.gz" for day in range(2, 10)]
    other = "backups/dev-2/20260101T000000Z.0.tar.gz"
    metadata.objects |= dict.fromkeys([full, *empty, other], b"")
    run(studio, "backup")
    made = max(name for name in metadata.objects if name.startswith(FOLDER))
    assert set(metadata.objects) == {full, *empty[-6:], made, other}
    assert run(studio, "list").splitlines() == sorted({full, *empty[-6:], made})


def test_one_that_fails_is_named_and_leaves_the_studio_its_phase(
    studio: Machine, metadata: Metadata
) -> None:
    spoiled = {
        "SPARE_BYTES=$((1 << 60))": "are free on the data disk; raise dataDiskGb",
        "STORAGE_URL=http://127.0.0.1:9": "cannot be written",
        "touch $ROOT/broken": "pg_dump failed",
        "rm $HEALTHY": "has not been ready on this machine yet",
    }
    for spoil, reason in spoiled.items():
        studio.run(f"{spoil}; main backup", script="backup.sh", status=1)
        assert reason in told(metadata)
        assert told(metadata).startswith("failed ")
    assert metadata.objects == {}
    assert metadata.phases() == []
    assert not list(studio.data.glob(".backup-*"))


def test_a_restore_puts_database_and_uploads_back_and_keeps_what_was_there(
    studio: Machine, metadata: Metadata
) -> None:
    run(studio, "backup")
    picture = studio.data / "frontend/media/upload/1/a.jpg"
    picture.write_text("another picture")
    said = run(studio, "restore")
    assert (studio.root / "restored").read_text() == "a dump of the database"
    assert picture.read_text() == "a picture"
    (before,) = studio.data.glob("frontend-before-*")
    assert (before / "media/upload/1/a.jpg").read_text() == "another picture"
    sql = (studio.root / "sql").read_text()
    token = (studio.data / "secrets/api_token").read_text()
    assert f"SET key = '{token}'" in sql
    renamed = [line for line in sql.splitlines() if "RENAME" in line]
    assert len(renamed) == 2
    assert 'RENAME TO "before-' in renamed[0]
    assert renamed[1] == "ALTER DATABASE restored RENAME TO postgres;"
    asked = (studio.root / "asked").read_text()
    assert asked.index("stop caddy") < asked.index("up --detach") < asked.index("run --rm")
    assert (studio.root / "systemctl").read_text() == "stop atelier-watch\nstart atelier-watch\n"
    assert metadata.phases()[-1] == "ready"
    assert "annotations: 12. What was before is in" in said
    assert token not in said


def test_a_restore_that_cannot_be_changes_nothing(studio: Machine, metadata: Metadata) -> None:
    def refusal() -> str:
        return run(studio, "restore", status=1)

    assert "there is no backup in gs://target/backups/dev/" in refusal()
    run(studio, "backup")
    ((name, content),) = metadata.objects.items()
    (studio.root / "broken").touch()
    assert "cannot be loaded. Nothing was changed" in refusal()
    (studio.data / "frontend/initialised").write_text("1.9.0")
    assert "is of Label Studio 1.23.2, and 1.9.0 runs here" in refusal()
    metadata.objects[name] = content[: len(content) // 2]
    assert "is damaged. Nothing was changed" in refusal()
    assert not list(studio.data.glob("frontend-before-*"))
    assert "RENAME" not in (studio.root / "sql").read_text()
    assert not (studio.root / "systemctl").exists()
