"""services.sh boot and roll: what they do and say, with a program in place of Docker's daemon."""

import threading
import time
from collections.abc import Callable

import pytest

from tests.templates.vm.conftest import DIGEST, Machine
from tests.templates.vm.metadata_server import Metadata
from tests.templates.vm.services import NEW, Services

pytestmark = pytest.mark.integration  # Real waits, for minutes in all.

OPEN = "https://203.0.113.7 is open"
AGAIN = "tried again by itself within the hour, and at once when pulumi up changes something"


@pytest.fixture
def services(machine: Machine) -> Services:
    return Services(machine)


MISSING = "registry.example/frontend@sha256:" + "0" * 64


def without_image(services: Services) -> None:
    services.name(MISSING)
    services.file("gone").write_text(MISSING)


def meanwhile(done: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """Do something as soon as something else has happened; if it does not, the case fails."""

    def live() -> None:
        end = time.monotonic() + 30
        while not done():
            assert time.monotonic() < end, "what was waited for has not happened"
            time.sleep(0.05)
        then()

    thread = threading.Thread(target=live)
    thread.start()
    return thread


def test_where_nothing_runs_a_missing_image_is_a_failure_each_time(services: Services) -> None:
    without_image(services)
    assert services.does("boot", status=1) == ["pull", "failed"]
    assert services.does("roll", status=1) == ["pull", "failed"]
    assert services.message.startswith("the images could not be fetched: ")
    assert "manifest unknown" in services.message
    assert services.message.endswith(AGAIN)
    assert services.running == []


def test_an_image_that_exists_mends_a_failed_boot(services: Services) -> None:
    without_image(services)
    services.does("boot", status=1)
    digest = services.name(NEW)
    assert services.does("roll") == ["database", "models", "project", "ready"]
    assert services.message == OPEN
    assert services.running == [digest]


@pytest.mark.parametrize("key", ["%%%", "aGVsbG8="])
def test_a_key_mends_a_failed_boot(services: Services, metadata: Metadata, key: str) -> None:
    good = metadata.attribute("GOOGLE_APPLICATION_CREDENTIALS_BASE64")
    metadata.set(GOOGLE_APPLICATION_CREDENTIALS_BASE64=key)
    assert services.does("boot", status=1) == ["failed"]
    assert services.does("roll", status=1) == ["failed"]
    metadata.set(GOOGLE_APPLICATION_CREDENTIALS_BASE64=good)
    assert services.does("roll")[-1] == "ready"


def test_what_was_never_healthy_is_not_said_to_go_on(services: Services) -> None:
    services.file("sick").touch()
    assert services.does("boot", status=1)[-1] == "failed"
    without_image(services)
    assert services.does("roll", status=1)[-1] == "failed"
    assert "manifest unknown" in services.message
    assert "the previous version does not start: segmentation is exited" in services.message


def test_what_runs_goes_on_without_the_new_image_and_asks_for_another_try(
    services: Services,
) -> None:
    services.does("boot")
    before = services.running[-1]
    without_image(services)
    assert services.does("roll", status=1) == ["pull", "ready"]
    assert services.message.startswith("what runs goes on: the images could not be fetched")
    assert services.running[-1] == before


def test_what_runs_is_looked_after_without_a_phase(services: Services) -> None:
    services.does("boot")
    assert services.does("roll") == ["ready"]
    assert services.calls == ["up", "up", "run"]
    assert services.message == OPEN


def test_a_key_that_is_revoked_is_said_and_a_later_run_takes_it_back(services: Services) -> None:
    services.does("boot")
    running = services.running[-1]
    services.file("refused").write_text("studio: Google does not accept the key\n")
    assert services.does("roll", status=3) == ["failed"]
    assert services.message.startswith(
        "the project could not be applied: studio: Google does not accept the key ("
    )
    assert services.message.endswith(f"The studio stays open. This is {AGAIN}")
    services.file("refused").unlink()
    assert services.does("roll") == ["ready"]
    assert services.message == OPEN
    assert set(services.running) == {running}


def test_a_project_that_cannot_be_applied_at_the_boot_is_tried_again_quietly(
    services: Services,
) -> None:
    services.file("refused").write_text("studio: no role yet\n")
    assert services.does("boot", status=3)[-2:] == ["project", "failed"]
    services.file("refused").unlink()
    assert services.does("roll") == ["ready"]


@pytest.mark.parametrize("status", [3, 4])
def test_images_without_a_pre_label_are_no_failure_of_the_project(
    services: Services, status: int
) -> None:
    services.file("left").write_text(f"{status} studio: 2 images have no pre-label\n")
    assert services.does("boot")[-2:] == ["project", "ready"]
    assert services.does("roll") == ["ready"]
    assert services.message == OPEN
    assert services.file("runs").read_text().split() == ["apply", "--data-only"]


def test_unasked_the_projects_settings_are_left_as_people_made_them(services: Services) -> None:
    services.does("boot")
    services.does("roll")
    services.name(NEW)
    services.does("roll")
    assert services.file("runs").read_text().split() == ["apply", "--data-only", "apply"]


def test_the_last_run_alone_gives_the_message_and_earlier_passwords_are_kept(
    services: Services, machine: Machine
) -> None:
    services.file("refused").write_text("studio: no role yet\n")
    services.does("boot", status=3)
    services.file("refused").write_text("a traceback\n")
    services.does("roll", status=3)
    assert "no role" not in services.message
    assert "the log says which" in services.message
    log = machine.state / "apply.log"
    assert "password number-1\n" in log.read_text()
    assert "password number-2\n" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert "password" not in services.message


def test_what_was_healthy_is_not_taken_back_when_it_falls_ill(
    services: Services, machine: Machine
) -> None:
    services.does("boot")
    services.name(NEW)
    services.does("roll")
    services.file("sick").touch()
    assert services.does("roll", status=3) == ["failed"]
    assert services.message.startswith("a running container is unhealthy: segmentation is exited")
    assert NEW in (machine.state / "current/images.env").read_text()
    services.file("sick").unlink()
    assert services.does("roll") == ["ready"]


def test_a_version_that_was_taken_back_is_told_why_as_long_as_it_is_asked_for(
    services: Services, machine: Machine
) -> None:
    services.does("boot")
    services.name(NEW)
    # Sick until docker is asked to start what ran before.
    services.file("sick").touch()
    well = f'[[ ! -d "{machine.state}/refused" ]] || rm -f "{services.file("sick")}"\n'
    services.docker_does_first(well)
    assert services.does("roll")[-1] == "ready"
    assert "the weights do not fit" in services.message
    assert services.does("roll") == ["ready"]
    assert services.message.startswith("what runs goes on: ")
    assert "the weights do not fit" in services.message
    assert DIGEST in (machine.state / "current/images.env").read_text()


def test_ready_is_no_answer_to_what_changed_meanwhile(
    services: Services, metadata: Metadata
) -> None:
    services.does("boot")
    services.file("held").touch()

    def change() -> None:
        metadata.set(atelier_caddyfile=":80\n")
        services.file("held").unlink()

    thread = meanwhile(lambda: len(services.file("runs").read_text().split()) == 2, change)
    assert services.does("roll") == ["project"]
    thread.join()
    assert services.does("roll") == ["database", "models", "project", "ready"]


def test_a_change_ends_the_tries_for_an_image_that_does_not_exist(
    services: Services, metadata: Metadata
) -> None:
    without_image(services)
    thread = meanwhile(
        lambda: len(metadata.phases()) > 1, lambda: metadata.set(atelier_caddyfile=":80\n")
    )
    assert services.does("boot", status=1, tries=30) == ["pull", "pull", "failed"]
    thread.join()


def test_a_machine_that_waits_for_an_image_may_see_a_change_at_its_end(
    services: Services, metadata: Metadata
) -> None:
    services.does("boot")
    without_image(services)
    services.file("held").touch()

    def change() -> None:
        metadata.set(atelier_caddyfile=":80\n")
        services.file("held").unlink()

    thread = meanwhile(lambda: len(services.file("runs").read_text().split()) == 2, change)
    assert services.does("roll", status=1) == ["pull", "project"]
    thread.join()
