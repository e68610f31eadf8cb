"""What goes wrong around a machine: each case ends ready, or in a message that names the cause."""

import base64
import hashlib
import json
import time
from pathlib import Path

import pytest

from infra.render.env import image_env
from tests.cloud.lab.lab import TOKEN, Lab
from tests.cloud.lab.machine import Machine
from tests.cloud.lab.place import run
from tests.cloud.lab.processes import wait_until
from tests.vm.conftest import MakeStudio
from tests.vm.stack import KEY
from tests.vm.studio import LOG, Studio
from tests.vm.tiny_images import Tiny

DOWN_SECONDS = 120
FILLED = 24  # MB of one layer that cannot be compressed
# For the scripts of a machine: 5 seconds where they wait for minutes, 2 tries where they make 30.
HURRY = "[Manager]\nDefaultEnvironment=WAIT_SECONDS=5 RETRY_SECONDS=5 PULL_TRIES=2\n"
NO_IMAGE = "@sha256:" + "0" * 64


def hurry(studio: Studio, folder: Path) -> None:
    """Write that onto the boot disk of a machine that is off."""
    run(["mount", "-o", "loop", studio.machine.folder / "boot.img", folder])
    try:
        file = folder / "upper/etc/systemd/system.conf.d/hurry.conf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(HURRY)
    finally:
        run(["umount", folder])


def test_a_registry_that_is_down_while_the_machine_boots_is_waited_for(
    make_studio: MakeStudio, lab: Lab
) -> None:
    studio = make_studio()
    studio.create()
    lab.registry.shut("artifact")
    studio.boot()
    try:
        studio.wait_for("pull", 120, message="try 1 of")
        began = time.monotonic()
        report = studio.wait_for("pull", 120, message="try 3 of")
        assert "us-central1-docker.pkg.dev" in report.message
        time.sleep(max(0, DOWN_SECONDS - (time.monotonic() - began)))
        assert studio.cloud.reported()["phase"] == "pull"
    finally:
        lab.registry.open("artifact")
    studio.wait_for("ready", 120)

    # With the images on its disk, the machine needs no registry.
    studio.machine.shut_down()
    studio.forget_report()
    lab.registry.shut("artifact")
    try:
        studio.boot()
        studio.wait_for("ready", 120, message="is open")
    finally:
        lab.registry.open("artifact")


def test_a_token_that_google_refuses_is_named_and_a_good_one_helps_without_a_reboot(
    make_studio: MakeStudio, lab: Lab
) -> None:
    studio = make_studio()
    studio.create()
    lab.set_metadata(token="ya29.of-nobody")
    try:
        studio.boot()
        # Of what needs a role, the password comes first. The registry's refusal: test_services.
        refused = "to this machine's service account (status 401), try"
        studio.wait_for("pull", 120, message=refused)
    finally:
        lab.set_metadata(token=TOKEN)
    studio.wait_for("ready", 150)


def test_power_lost_in_the_middle_of_a_pull_is_made_good_by_the_next_boot(
    make_studio: MakeStudio, lab: Lab, tiny: Tiny
) -> None:
    studio = make_studio()
    large = tiny.build("segmentation", version="large", megabytes=FILLED)
    studio.images |= {"segmentation": large}
    studio.create()
    lab.registry.change(hold_after=FILLED * 500_000)
    try:
        studio.boot()
        studio.wait_for("pull", 120)
        wait_until("the pull to be held", 60, lambda: is_fetching(studio.machine))
        assert "/var/lib/docker" in studio.machine.cut_power()
    finally:
        lab.registry.change(hold_after=None)
    studio.forget_report()
    studio.boot()
    studio.wait_for("ready", 180)
    assert studio.containers()["segmentation"]["image"] == large


def is_fetching(machine: Machine) -> bool:
    """Whether some of the large layer has come to the machine's disk."""
    found = machine.run("find", "/var/lib/docker/tmp", "-name", "GetImageBlob*", "-size", "+4M")
    return bool(found.stdout.strip())


@pytest.mark.parametrize("there", ["", "pgdata.part/PG_VERSION", "pgdata", "pgdata/postmaster.pid"])
def test_power_lost_while_the_database_is_made_is_made_good_by_the_next_boot(
    make_studio: MakeStudio, there: str
) -> None:
    studio = make_studio()
    studio.create()
    studio.boot()
    studio.wait_for("database", 180)
    wait_until(there, 60, lambda: has_file(studio.machine, there), every=0.02)
    studio.machine.cut_power()
    studio.forget_report()
    studio.boot()
    studio.wait_for("ready", 180)
    # By this line alone the frontend gets in, from its own container.
    rule = "SELECT auth_method FROM pg_hba_file_rules WHERE address = 'all'"
    assert studio.sql(rule) == "scram-sha-256"
    assert not has_file(studio.machine, "pgdata.part")


def has_file(machine: Machine, name: str) -> bool:
    """Whether the database's folder on the data disk has it."""
    file = f"/srv/atelier/postgres/{name}"
    return machine.run("test", "-e", file, check=False).returncode == 0


def test_a_full_boot_disk_is_named_and_room_on_it_helps_without_a_reboot(
    make_studio: MakeStudio, lab: Lab, tiny: Tiny, tmp_path: Path
) -> None:
    studio = make_studio()
    hurry(studio, tmp_path)
    large = tiny.build("segmentation", version="large", megabytes=FILLED)
    studio.images |= {"segmentation": large}
    studio.create()
    lab.boot(studio.machine, studio.data)
    # With the blocks that are kept for root, who pulls: df does not count them as available.
    fill = "fallocate -l $(($(stat -f -c '%f * %S' /) - 60000000)) /filling"
    studio.machine.run("sh", "-c", fill)
    studio.wait_for("failed", 180, message="no space left on device")
    studio.machine.run("rm", "/filling")
    studio.wait_for("ready", 180)
    assert boots(studio) == 1


def test_a_metadata_server_that_answers_slowly_delays_the_boot_and_no_more(
    make_studio: MakeStudio, lab: Lab
) -> None:
    studio = make_studio()
    studio.create()
    lab.set_metadata(delay=1.5)
    try:
        studio.boot()
        report = studio.wait_for("ready", 300)
        assert report.message == f"{studio.url} is open"
    finally:
        lab.set_metadata(delay=0)


def test_a_metadata_server_that_comes_later_is_waited_for(
    make_studio: MakeStudio, lab: Lab
) -> None:
    studio = make_studio()
    studio.create()
    studio.boot()
    studio.wait_for("ready", 180)
    studio.machine.shut_down()
    studio.forget_report()
    lab.processes.end("metadata", force=True)
    studio.boot()
    time.sleep(15)
    lab.serve("metadata", "tests.cloud.lab.metadata", lab.metadata_file)
    studio.wait_for("ready", 120)


def test_the_empty_data_disk_of_another_zone_makes_a_new_database_and_new_secrets(
    make_studio: MakeStudio,
) -> None:
    studio = make_studio()
    studio.create()
    studio.boot()
    studio.wait_for("ready", 180)
    studio.sql("CREATE TABLE old_zone (n int)")
    studio.machine.shut_down()
    studio.data.remove()
    studio.data = studio.lab.disk("data")
    studio.forget_report()
    studio.boot()
    studio.wait_for("ready", 180)
    assert studio.sql("SELECT to_regclass('old_zone')") == ""


def test_a_data_disk_that_holds_something_else_is_left_alone_and_named(
    make_studio: MakeStudio,
) -> None:
    studio = make_studio()
    studio.create()
    content = b"somebody's photographs, of which there is no copy"
    with studio.data.file.open("r+b") as disk:
        disk.seek(1 << 20)
        disk.write(content)
    studio.boot()
    report = studio.wait_for("failed", 120)
    assert "/dev/sdb" in report.message
    assert "left alone" in report.message
    studio.machine.cut_power()
    with studio.data.file.open("rb") as disk:
        disk.seek(1 << 20)
        assert disk.read(len(content)) == content


def test_a_reference_to_an_image_that_does_not_exist_keeps_what_runs(
    make_studio: MakeStudio, tiny: Tiny
) -> None:
    studio = make_studio()
    studio.create()
    studio.boot()
    studio.wait_for("ready", 180)
    gone = tiny.build("frontend").split("@")[0] + NO_IMAGE
    before = studio.ids()
    studio.change(atelier_images=image_env(tiny.references(frontend=gone)))
    report = studio.wait_for("pull", 120, message="try 2 of")
    assert "not found" in report.message or "unknown" in report.message, report
    assert studio.ids() == before
    assert studio.fetch("/user/login").strip() == "Log in to frontend"


def boots(studio: Studio) -> int:
    """Return how often the machine was turned on."""
    return len([line for line in studio.log().splitlines() if line[9:14] == "boot "])


def test_an_image_that_is_missing_at_the_first_boot_is_made_good_by_new_metadata(
    make_studio: MakeStudio, tiny: Tiny, tmp_path: Path
) -> None:
    studio = make_studio()
    hurry(studio, tmp_path)
    good = image_env(studio.images)
    studio.images["frontend"] = tiny.build("frontend").split("@")[0] + NO_IMAGE
    studio.create()
    studio.boot()
    studio.wait_for("failed", 180, message="the images could not be fetched")
    studio.forget_report()
    report = studio.wait_for("failed", 120)
    assert "could not be fetched" in report.message
    assert report.running == ""
    assert studio.containers() == {}

    studio.change(atelier_images=good)
    report = studio.wait_for("ready", 180)
    assert report.message == f"{studio.url} is open"
    assert report.running == hashlib.sha256(good.encode()).hexdigest()
    assert studio.fetch("/user/login").strip() == "Log in to frontend"
    assert boots(studio) == 1


def applied(studio: Studio) -> int:
    """Return how often the project was applied on the machine."""
    log = studio.machine.run("cat", "/opt/atelier/apply.log").stdout
    return log.count("studio: applied")


def test_a_key_that_is_revoked_while_the_studio_runs_is_named_and_a_new_one_helps(
    make_studio: MakeStudio, tmp_path: Path
) -> None:
    studio = make_studio()
    hurry(studio, tmp_path)
    studio.create()
    studio.boot()
    studio.wait_for("ready", 180)
    before = studio.ids()
    # What runs is looked after meanwhile, and nobody sees it.
    phases: set[str] = set()

    def is_looked_after() -> bool:
        phases.add(studio.cloud.reported()["phase"])
        return applied(studio) > 3

    wait_until("the project to be applied three more times", 90, is_looked_after, every=0.2)
    assert phases == {"ready"}

    key, revoked = "/opt/atelier/google/key.json", "/opt/atelier/google/revoked.json"
    studio.machine.run("cp", "-p", key, revoked)
    refused = "the project could not be applied: studio: Google does not accept the key"
    studio.wait_for("failed", 60, message=refused)
    assert studio.ids() == before
    assert studio.fetch("/user/login").strip() == "Log in to frontend"
    # Without a change: somebody took it back.
    studio.machine.run("rm", revoked)
    studio.wait_for("ready", 60, message="is open")

    studio.machine.run("cp", "-p", key, revoked)
    studio.wait_for("failed", 60, message=refused)
    new = json.dumps(KEY | {"private_key": "made up for a test, later"})
    encoded = base64.b64encode(new.encode()).decode()
    studio.change(GOOGLE_APPLICATION_CREDENTIALS_BASE64=encoded)
    report = studio.wait_for("ready", 120)
    assert report.message == f"{studio.url} is open"
    assert studio.ids()["postgres"] == before["postgres"]
    assert studio.ids()["frontend"] != before["frontend"]


def test_the_log_has_the_name_that_the_documentation_gives(make_studio: MakeStudio) -> None:
    studio = make_studio()
    studio.create()
    studio.boot()
    studio.wait_for("pull", 120)
    assert LOG == "/var/log/atelier-startup.log"
    assert "[pull]" in studio.log()
