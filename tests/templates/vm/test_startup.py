"""startup.sh's steps, each run twice, with its outputs spoiled in between."""

import shutil
import subprocess
import time
from pathlib import Path

from tests.templates.vm.conftest import ROOT, VM, Machine, mode
from tests.templates.vm.metadata_server import Metadata

SCRIPTS = ("startup.sh", "services.sh", "database.sh", "watch.sh", "idle.sh", "backup.sh")
SECRETS = (
    "api_token",
    "database_password",
    "secret_key",
    "segment_anything_model_password",
    "segmentation_password",
)


def test_an_attribute_is_fetched_as_it_is(machine: Machine, metadata: Metadata) -> None:
    text = "a line\n$NOT `expanded` \\n\n\n"
    metadata.set(atelier_env=text)
    machine.run('required_attribute atelier-env "$STATE/env"')
    assert (machine.state / "env").read_text() == text


def test_a_metadata_server_that_is_slow_to_wake_is_asked_again(
    machine: Machine, metadata: Metadata
) -> None:
    metadata.set(atelier_env="there\n")
    metadata.faults = 2
    machine.run('required_attribute atelier-env "$STATE/env"')
    assert (machine.state / "env").read_text() == "there\n"


def test_a_missing_attribute_ends_in_a_message_that_names_it(
    machine: Machine, metadata: Metadata
) -> None:
    (machine.state / "env").write_text("kept\n")
    metadata.set(atelier_env=None)
    machine.run('required_attribute atelier-env "$STATE/env"', status=1)
    assert metadata.phases() == ["failed"]
    assert (
        metadata.message == "the machine has no metadata attribute atelier-env; pulumi up sets it"
    )
    assert (machine.state / "env").read_text() == "kept\n"


def test_the_sentence_is_there_before_its_phase(machine: Machine, metadata: Metadata) -> None:
    machine.run("report pull 'fetching the images'")
    assert metadata.guest_attributes == [
        ("atelier/message", "fetching the images"),
        ("atelier/phase", "pull"),
    ]


def test_a_boot_goes_on_without_guest_attributes(machine: Machine, metadata: Metadata) -> None:
    metadata.writable = False
    said = machine.run("report pull 'fetching the images'; echo went on")
    assert "atelier/phase could not be written" in said
    assert said.endswith("went on\n")


def test_what_nobody_foresaw_is_reported_as_failed(machine: Machine, metadata: Metadata) -> None:
    machine.run("trap on_exit EXIT; report docker begun; false", status=1)
    assert metadata.phases() == ["docker", "failed"]
    assert "status 1 during the phase 'docker'" in metadata.message
    assert "atelier-startup.log" in metadata.message


def test_a_foreseen_failure_is_reported_once(machine: Machine, metadata: Metadata) -> None:
    machine.run("trap on_exit EXIT; fail 'the disk is full'", status=1)
    assert metadata.phases() == ["failed"]
    assert metadata.message == "the disk is full"


def test_a_wait_ends_in_what_it_waited_for(machine: Machine, metadata: Metadata) -> None:
    machine.run("wait_for 1 'the moon' test -e /nowhere", status=1)
    assert metadata.message == "waited 1 s for the moon, and gave up"


def test_secrets_are_made_once_and_only_the_spoiled_one_anew(machine: Machine) -> None:
    machine.run("ensure_secrets")
    folder = machine.data / "secrets"
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert sorted(made) == list(SECRETS)
    assert len(set(made.values())) == len(SECRETS)
    assert all(len(value) == 40 for value in made.values())
    assert {mode(file) for file in folder.iterdir()} == {"0o600"}
    assert mode(folder) == "0o700"
    (folder / "secret_key").write_text("")
    machine.run("ensure_secrets")
    again = {file.name: file.read_text() for file in folder.iterdir()}
    assert again.pop("secret_key") != made.pop("secret_key")
    assert again == made


def test_the_scripts_arrive_as_their_attributes(machine: Machine) -> None:
    machine.run("ensure_scripts; ensure_scripts")
    for name in SCRIPTS:
        assert (machine.state / name).read_text() == (VM / name).read_text()


def test_the_units_are_what_systemd_takes(machine: Machine, tmp_path: Path) -> None:
    machine.program("systemctl", f'echo "$@" >>{tmp_path}/systemctl\n')
    machine.run("ensure_scripts; ensure_units; ensure_units")
    units = machine.root / "etc/systemd/system"
    assert sorted(file.name for file in units.iterdir()) == [
        "atelier-backup.service",
        "atelier-backup.timer",
        "atelier-firewall.service",
        "atelier-watch.service",
    ]
    if verify := shutil.which("systemd-analyze"):
        done = subprocess.run(
            [verify, "verify", "--man=no", *map(str, units.iterdir())],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "atelier" not in done.stderr
    firewall = (units / "atelier-firewall.service").read_text()
    assert "Before=docker.service" in firewall
    assert "RequiredBy=docker.service" in firewall
    asked = (tmp_path / "systemctl").read_text().splitlines()
    assert asked == ["daemon-reload", "enable --quiet atelier-firewall"] * 2


def boot(machine: Machine, services: str) -> str:
    """Return the commands that boot, with the steps before the services left out."""
    machine.metadata.set(atelier_services=services)
    machine.program("systemctl", f'echo "$@" >>{machine.root}/systemctl\n')
    steps = ("quiet_upgrades", "data_disk", "secrets", "units", "docker", "firewall")
    return "".join(f"ensure_{step}() {{ :; }}; " for step in steps) + "boot"


def test_the_machine_goes_on_trying_after_a_boot_whose_services_failed(machine: Machine) -> None:
    machine.run(boot(machine, "exit 3\n"), status=3)
    assert (machine.root / "systemctl").read_text() == (
        "restart atelier-watch\nstart atelier-backup.timer\n"
    )


def test_a_failure_before_the_services_says_that_it_takes_a_reset(machine: Machine) -> None:
    commands = boot(machine, "exit 0\n")
    machine.run(
        f"{commands.removesuffix('boot')}ensure_docker() {{ fail 'no room'; }}; boot", status=1
    )
    assert machine.metadata.message.startswith("no room. Put that right, then reset the machine")
    assert not (machine.root / "systemctl").exists()


def test_every_script_is_read_without_doing_anything(machine: Machine) -> None:
    for name in SCRIPTS:
        assert machine.run(":", script=name) == ""
    assert list(machine.state.iterdir()) == []


def test_an_unknown_command_is_refused(machine: Machine, metadata: Metadata) -> None:
    machine.run(f"bash {VM}/startup.sh shutdown", status=1)
    assert metadata.message == "startup.sh knows boot and firewall, not shutdown"


def test_no_script_is_a_template() -> None:
    for file in VM.glob("*.sh"):
        text = file.read_text()
        assert text.startswith("#!/usr/bin/env bash\n")
        assert "\nset -euo pipefail\n" in text
        assert len(text.splitlines()) < 400
        assert (ROOT / "templates/vm" / file.name).stat().st_mode & 0o111


def test_a_wait_asks_once_a_second(machine: Machine) -> None:
    started = time.monotonic()
    machine.run(
        '(sleep 1; touch "$STATE/there") & wait_for 20 "a file" test -e "$STATE/there"; wait'
    )
    assert time.monotonic() - started < 10


def test_a_script_that_told_the_state_may_ask_to_be_run_again(
    machine: Machine, metadata: Metadata
) -> None:
    machine.run("trap on_exit EXIT; report ready 'what runs goes on'; exit 1", status=1)
    assert metadata.phases() == ["ready"]
