"""One machine's life, in the order of this file: first boot, use, updates, reboots."""

import json

import pytest

from infra.render.env import image_env
from tests.cloud.lab.processes import wait_until
from tests.vm.studio import Studio
from tests.vm.tiny_images import Tiny

SERVICES = {"caddy", "frontend", "postgres", "segmentation", "segment_anything_model"}
UPTIME = ("ps", "-o", "etimes=", "-p", "1")
METADATA = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token"


def secrets(studio: Studio) -> str:
    return studio.machine.run("sh", "-c", "sha256sum /srv/atelier/secrets/*").stdout


def test_a_machine_on_empty_disks_boots_to_ready(new_studio: Studio) -> None:
    new_studio.create()
    new_studio.boot()
    report = new_studio.wait_for("ready", 300)
    print(f"first boot to ready: {report.seconds:.0f} s; {new_studio.lab.registry.pulled()} bytes")
    assert report.message == f"{new_studio.url} is open"
    assert set(new_studio.containers()) == SERVICES
    assert new_studio.machine.startup(60)


def test_a_browser_reaches_the_login_over_tls_with_a_certificate_for_the_address(
    new_studio: Studio,
) -> None:
    assert new_studio.url == f"https://{new_studio.machine.outside}"
    assert new_studio.fetch("/user/login").strip() == "Log in to frontend"


def test_the_machine_says_its_phases_in_order(new_studio: Studio) -> None:
    said = [
        line.split("[")[1].split("]")[0] for line in new_studio.log().splitlines() if "[" in line
    ]
    assert list(dict.fromkeys(said)) == [
        "driver",
        "docker",
        "pull",
        "database",
        "models",
        "project",
        "ready",
    ]


def test_nothing_but_80_and_443_answers_on_the_outside_address(new_studio: Studio) -> None:
    assert new_studio.lab.open_ports(new_studio.machine.outside) == [80, 443]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_container_gets_the_machines_token_from_the_metadata_server(
    new_studio: Studio, service: str
) -> None:
    asked = ("bash", "-c", f"exec 3<>/dev/tcp/169.254.169.254/80 && echo reached {METADATA}")
    if service != "postgres":  # busybox
        asked = (
            "wget",
            "-T",
            "5",
            "-q",
            "-O",
            "-",
            "--header",
            "Metadata-Flavor: Google",
            METADATA,
        )
    said = new_studio.inside(service, *asked)
    assert "refused" in said or "unreachable" in said or "Permission denied" in said, said


def test_what_is_secret_is_kept_from_everybody_but_the_containers(new_studio: Studio) -> None:
    listed = new_studio.machine.run("find", "/srv/atelier/secrets", "-printf", "%m %U %f\n").stdout
    modes = dict.fromkeys(line.rsplit(" ", 1)[0] for line in listed.splitlines())
    assert list(modes) == ["700 10001", "600 10001"]
    password = new_studio.settings.admin_password.get_secret_value()
    assert password not in new_studio.log()
    assert password not in new_studio.machine.startup_log()
    described = new_studio.machine.run("sh", "-c", "docker inspect $(docker ps -q)").stdout
    assert password not in described


def test_a_second_boot_ends_ready_with_the_same_secrets_and_rows(new_studio: Studio) -> None:
    new_studio.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    before = secrets(new_studio)
    new_studio.machine.shut_down()
    new_studio.forget_report()
    new_studio.boot()
    report = new_studio.wait_for("ready", 180)
    print(f"second boot to ready: {report.seconds:.0f} s")
    assert secrets(new_studio) == before
    assert new_studio.sql("SELECT n FROM kept") == "7"
    assert new_studio.fetch("/version").strip() == "1"


def test_a_new_image_replaces_its_container_and_no_other(new_studio: Studio, tiny: Tiny) -> None:
    before = new_studio.ids()
    new = tiny.references(segmentation=tiny.build("segmentation", version="2"))
    new_studio.forget_report()
    new_studio.change(atelier_images=image_env(new))
    report = new_studio.wait_for("ready", 120, message="is open")
    print(f"one service rolled: {report.seconds:.0f} s")
    after = new_studio.ids()
    assert {service for service in SERVICES if before[service] != after[service]} == {
        "segmentation"
    }
    assert new_studio.containers()["segmentation"]["image"] == new["segmentation"]


def test_an_image_that_does_not_become_healthy_is_taken_back_and_said_so(
    new_studio: Studio, tiny: Tiny
) -> None:
    before = new_studio.containers()["segmentation"]["image"]
    kept = {"segmentation": before}
    sick = tiny.build("segment_anything_model", version="3", sick="exit")
    new_studio.forget_report()
    new_studio.change(
        atelier_images=image_env(tiny.references(**kept, segment_anything_model=sick))
    )
    report = new_studio.wait_for("ready", 180, message="did not become healthy")
    assert "the weights do not fit this model" in report.message
    running = new_studio.containers()
    assert running["segment_anything_model"]["image"] != sick
    assert running["segmentation"]["image"] == before
    assert json.dumps(running).count("(healthy)") == len(SERVICES)


def test_after_that_a_good_image_is_taken(new_studio: Studio, tiny: Tiny) -> None:
    new = tiny.references(segment_anything_model=tiny.build("segment_anything_model", version="4"))
    new_studio.forget_report()
    new_studio.change(atelier_images=image_env(new))
    new_studio.wait_for("ready", 120, message="is open")
    running = new_studio.containers()
    assert running["segment_anything_model"]["image"] == new["segment_anything_model"]


def test_a_label_studio_that_does_not_come_up_goes_back_with_its_database(
    new_studio: Studio, tiny: Tiny
) -> None:
    running = {name: row["image"] for name, row in new_studio.containers().items()}
    sick = tiny.build("frontend", version="5", sick="503")
    kept = {name: running[name] for name in ("segmentation", "segment_anything_model")}
    new_studio.forget_report()
    new_studio.change(atelier_images=image_env(tiny.references(**kept, frontend=sick)))
    wait_until(
        "the new version",
        120,
        lambda: new_studio.containers().get("frontend", {"image": ""})["image"] == sick,
    )
    # As a migration does.
    new_studio.sql("DROP TABLE kept")
    report = new_studio.wait_for("ready", 240, message="did not become healthy")
    print(f"a version that did not come up, and back: {report.seconds:.0f} s")
    assert new_studio.containers()["frontend"]["image"] == running["frontend"]
    assert new_studio.sql("SELECT count(*) FROM kept") == "1"


def test_rows_that_were_committed_survive_a_power_cut(new_studio: Studio) -> None:
    new_studio.sql("INSERT INTO kept SELECT generate_series(100, 199)")
    cut = new_studio.machine.cut_power()
    assert "/srv/atelier" in cut
    new_studio.forget_report()
    new_studio.boot()
    new_studio.wait_for("ready", 180)
    assert new_studio.sql("SELECT count(*) FROM kept") == "101"


def test_a_machine_to_which_nobody_comes_turns_itself_off_and_can_be_started_again(
    new_studio: Studio,
) -> None:
    machine = new_studio.machine
    machine.run("sed", "-i", "s/^IDLE_MINUTES=.*/IDLE_MINUTES=1/", "/opt/atelier/boot.env")
    machine.run("touch", "--date", "1 hour ago", "/opt/atelier/changed")
    look = ("env", "GRACE_SECONDS=0", "bash", "/opt/atelier/idle.sh")
    task = "mkdir -p /tmp/www/api/tasks; echo opened >/tmp/www/api/tasks/7"
    assert new_studio.inside("frontend", "sh", "-c", task) == ""
    assert new_studio.fetch("/api/tasks/7").strip() == "opened"
    wait_until("a minute since the start", 90, lambda: int(machine.run(*UPTIME).stdout) > 60)
    assert machine.run(*look).stdout == "", "somebody has just opened a task"
    # An hour later.
    log = "/srv/atelier/caddy/activity.log"
    machine.run("sed", "-i", 's/"ts":[0-9]*/"ts":1/', log)
    machine.run(*look, check=False)
    wait_until("the machine to turn itself off", 90, lambda: not machine.is_on)
    machine.unplug()
    said = json.loads(new_studio.cloud.guest.read_text())["atelier"]["stopped"]
    assert said.endswith("nobody had labeled for 1 minutes (idleMinutes)")
    new_studio.forget_report()
    new_studio.boot()
    new_studio.wait_for("ready", 180)
