"""services.sh roll: the database that another Label Studio changes, and the way back."""

from pathlib import Path

import pytest

from tests.templates.vm.conftest import DIGEST, Machine
from tests.templates.vm.metadata_server import Metadata
from tests.templates.vm.services import NEW, Services

pytestmark = pytest.mark.integration  # Real waits, for minutes in all.


@pytest.fixture
def services(machine: Machine) -> Services:
    return Services(machine)


def migrating(services: Services, machine: Machine) -> Path:
    """Let a version run, and the next one change its database and be sick; returns the database."""
    services.does("boot")
    database = services.file("db")
    database.write_text("labeled ")
    services.name(NEW)
    services.file("migrates").write_text("migrated ")
    services.file("sick").touch()
    well = f'cd {services.docker}; [[ ! -d "{machine.state}/refused" ]] || rm -f sick migrates\n'
    services.docker_does_first(well)
    return database


def test_a_label_studio_that_does_not_come_up_goes_back_with_its_database(
    services: Services, machine: Machine
) -> None:
    database = migrating(services, machine)
    assert services.does("roll")[-1] == "ready"
    assert "the one before it runs" in services.message
    assert database.read_text() == "labeled "
    calls = services.calls
    assert calls.index("stop") < calls.index("exec"), "nobody writes while it is kept"
    database.write_text("labeled since ")
    assert services.does("boot") == ["database", "models", "project", "ready"]
    assert database.read_text() == "labeled since ", "once"


def test_a_label_studio_that_came_up_keeps_its_database_whatever_else_failed(
    services: Services, machine: Machine
) -> None:
    database = migrating(services, machine)
    services.file("well").touch()
    assert services.does("roll")[-1] == "ready"
    assert "the one before it runs" in services.message
    assert database.read_text() == "labeled migrated "


def test_a_database_that_cannot_be_kept_is_not_migrated(
    services: Services, machine: Machine
) -> None:
    database = migrating(services, machine)
    services.file("full").touch()
    assert services.does("roll")[-1] == "ready"
    assert "the database could not be kept as it is" in services.message
    assert "No space left on device" in services.message
    assert database.read_text() == "labeled "
    assert DIGEST in (machine.state / "current/images.env").read_text()
    assert not (machine.data / "before-update.dump.part").exists()


def test_a_database_that_did_not_go_back_does_so_at_the_next_start(
    services: Services, machine: Machine
) -> None:
    database = migrating(services, machine)
    services.file("broken").touch()
    assert services.does("roll", status=1)[-1] == "failed"
    assert "going back failed: the database could not be put back" in services.message
    services.file("broken").unlink()
    assert services.does("roll")[-1] == "ready"
    assert database.read_text() == "labeled "


def test_another_backend_leaves_the_database_alone(services: Services, metadata: Metadata) -> None:
    services.does("boot")
    services.file("db").write_text("labeled ")
    known = metadata.attribute("atelier-images")
    assert known is not None
    metadata.set(atelier_images=known.replace("example/segmentation", "example/two"))
    assert services.does("roll")[-1] == "ready"
    assert "exec" not in services.calls
    assert "stop" not in services.calls
