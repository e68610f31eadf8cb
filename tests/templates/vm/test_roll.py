"""services.sh boot and roll: what they do and say, with a program in place of Docker's daemon."""

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.templates.vm.conftest import DIGEST, VM, Machine
from tests.templates.vm.metadata_server import Metadata
from tests.templates.vm.test_services import compose

pytestmark = pytest.mark.integration  # Real waits, for minutes in all.

# `compose config` is the real one. The rest obeys files that a test writes: `gone` (references that
# no registry has), `sick` (a container does not become well), `refused` (what apply says at its
# end), `left` (the status that apply ends with, and what it says), `held` (apply does not end).
# `db` is the database, to which a frontend that starts appends the word in `migrates`; with `full`
# there is no room for a dump, with `broken` none goes back, with `well` the frontend is healthy.
# `calls` has what was asked, `runs` each apply's last word.
DOCKER = r"""cd "$(dirname "$0")/../docker"
case $1 in
  image) [[ $2 != inspect ]] || ! grep -qsF "$3" gone ;;
  compose)
    shift
    for word; do
      case $word in config | pull | up | ps | logs | run | exec | stop | rm) break ;; esac
    done
    [[ $word == config ]] || echo "$word" >>calls
    case $word in
      config) exec COMPOSE "$@" ;;
      pull) ! grep -s . gone | sed 's/$/: manifest unknown/' ;;
      up)
        [[ "${@: -1}" != postgres ]] || exit 0
        [[ ! -e migrates || "$*" != *' frontend '* ]] || cat migrates >>db
        [[ ! -e sick ]]
        ;;
      exec)
        case $* in
          *pg_dump*) [[ ! -e full ]] || { echo 'No space left on device' >&2 && exit 1; }
            cat db
            ;;
          *dropdb*) rm -f db ;;
          *pg_restore*) [[ ! -e broken ]] || { echo 'could not connect' >&2 && exit 1; }
            cat >db
            ;;
        esac
        ;;
      ps) [[ "${@: -1}" != frontend || ! -e well ]] || { echo healthy && exit; }
        [[ ! -e sick ]] || echo 'segmentation exited ' ;;
      logs) echo 'the weights do not fit' ;;
      run)
        echo "${@: -1}" >>runs
        echo "account anna@example.org with password number-$(wc -l <runs)"
        while [[ -e held ]]; do sleep 0.1; done
        [[ ! -e refused ]] || { cat refused && exit 1; }
        [[ ! -e left ]] || { cut -d ' ' -f 2- left && exit "$(cut -d ' ' -f 1 left)"; }
        ;;
    esac
    ;;
esac
"""
OPEN = "https://203.0.113.7 is open"
AGAIN = "tried again by itself within the hour, and at once when pulumi up changes something"


class Services:
    """A machine on which services.sh runs as the boot and the watch run it."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.metadata = machine, machine.metadata
        self.docker = machine.root / "docker"
        self.docker.mkdir()
        self.file("db").write_text("empty ")
        command = " ".join(compose())
        machine.program("docker", DOCKER.replace("COMPOSE", command))
        machine.program("iptables", "exit 0\n")
        machine.run("ensure_secrets")

    def does(self, command: str, status: int = 0, tries: int = 1) -> list[str]:
        """Run services.sh; return the phases that were told meanwhile."""
        self.file("calls").unlink(missing_ok=True)
        before = len(self.metadata.phases())
        self.machine.run(f'PULL_TRIES={tries} bash "{VM}/services.sh" {command}', status=status)
        return self.metadata.phases()[before:]

    def file(self, name: str) -> Path:
        return self.docker / name

    @property
    def calls(self) -> list[str]:
        file = self.file("calls")
        return file.read_text().split() if file.exists() else []

    @property
    def message(self) -> str:
        return self.metadata.message

    @property
    def running(self) -> list[str]:
        told = self.metadata.guest_attributes
        return [value for name, value in told if name == "atelier/running"]

    def name(self, image: str) -> str:
        """Name another frontend in the metadata; return the attribute's SHA-256."""
        known = self.metadata.attribute("atelier-images")
        assert known is not None
        lines = [line for line in known.splitlines() if not line.startswith("FRONTEND")]
        text = "\n".join([f"FRONTEND_IMAGE={image}", *lines, ""])
        self.metadata.set(atelier_images=text)
        return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def services(machine: Machine) -> Services:
    return Services(machine)


MISSING = "registry.example/frontend@sha256:" + "0" * 64
NEW = "registry.example/frontend@sha256:" + "2" * 64


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
    machine.program("docker", well + DOCKER.replace("COMPOSE", " ".join(compose())))
    assert services.does("roll")[-1] == "ready"
    assert "the weights do not fit" in services.message
    assert services.does("roll") == ["ready"]
    assert services.message.startswith("what runs goes on: ")
    assert "the weights do not fit" in services.message
    assert DIGEST in (machine.state / "current/images.env").read_text()


def migrating(services: Services, machine: Machine) -> Path:
    """Let a version run, and the next one change its database and be sick; returns the database."""
    services.does("boot")
    database = services.file("db")
    database.write_text("labeled ")
    services.name(NEW)
    services.file("migrates").write_text("migrated ")
    services.file("sick").touch()
    well = f'cd {services.docker}; [[ ! -d "{machine.state}/refused" ]] || rm -f sick migrates\n'
    machine.program("docker", well + DOCKER.replace("COMPOSE", " ".join(compose())))
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
