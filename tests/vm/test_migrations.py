"""The power fails while Label Studio's tables are made: the real frontend and Postgres."""

from collections.abc import Iterator

import pytest

from tests.cloud.lab.disks import Disk
from tests.cloud.lab.images import CHECKOUT, Images
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.processes import wait_until
from tests.vm.conftest import keep_logs
from tests.vm.studio import Studio
from tests.vm.tiny_images import REPOSITORY, Tiny

# Without backends, which are of a few MB here and know no images.
PROJECT = """title: Migrated
labeling_config: ../labeling/garments.xml
source: {list: ["https://pictures.example.org/one.jpg"]}
"""
DONE = "SELECT count(*) FROM django_migrations"


@pytest.fixture(scope="module")
def studio(lab: Lab, tiny: Tiny, installed: Disk) -> Iterator[Studio]:
    Images(lab).python()
    tag = f"{REPOSITORY}/frontend:full"
    dockerfile = CHECKOUT / "backends" / "frontend" / "Dockerfile"
    lab.docker("build", "-q", "-t", tag, "-f", dockerfile, CHECKOUT)
    studio = Studio(lab, tiny.references(frontend=lab.push(tag)))
    installed.copy(studio.machine.folder / "boot.img")
    studio.create(atelier_project=PROJECT)
    yield studio
    keep_logs(studio, "test_migrations")
    studio.remove()


def migrations(studio: Studio) -> int:
    exists = "SELECT to_regclass('django_migrations')"
    running = studio.containers().get("postgres", {"state": ""})["state"]
    if "(healthy)" not in running or not studio.sql(exists):
        return 0
    return int(studio.sql(DONE))


def boot_is_cut_after(studio: Studio, least: int) -> int:
    """Cut the power when so many migrations are done, and boot; return how many they were."""
    studio.wait_for("database", 300)
    wait_until("some migrations", 300, lambda: migrations(studio) >= least, every=0.2)
    done = migrations(studio)
    studio.machine.cut_power()
    studio.forget_report()
    studio.boot()
    return done


def test_power_lost_during_label_studios_migrations_is_made_good_by_the_next_boot(
    studio: Studio,
) -> None:
    studio.boot()
    cuts = [boot_is_cut_after(studio, least) for least in (40, 200)]
    report = studio.wait_for("ready", 300)
    assert report.message == f"{studio.url} is open"
    every = migrations(studio)
    print(f"| migrations at the power cuts / in all | {cuts} / {every} |")
    assert max(cuts) < every
    log = studio.log_of("frontend")
    assert "The first start was cut short; the database is made anew" in log
    assert studio.sql("SELECT to_regclass('atelier_first_start')") == ""
    assert "csrfmiddlewaretoken" in studio.fetch("/user/login/")
    assert studio.sql("SELECT title FROM project") == "Migrated"


def test_a_later_boot_leaves_the_database_as_it_is(studio: Studio) -> None:
    studio.sql("CREATE TABLE of_somebody (n int)")
    studio.machine.cut_power()
    studio.forget_report()
    studio.boot()
    studio.wait_for("ready", 300)
    assert studio.sql("SELECT to_regclass('of_somebody')") == "of_somebody"
    assert studio.sql("SELECT title FROM project") == "Migrated"
