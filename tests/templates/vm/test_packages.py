"""startup.sh and the packages: others' locks, absent mirrors, upgrades, Docker's settings, GPUs."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.templates.vm.conftest import Machine
from tests.templates.vm.metadata_server import Metadata

# As Debian 13 says it; older ones say "by another process".
LOCKED = "dpkg: error: dpkg frontend lock was locked by /usr/bin/dpkg process with pid 1234"
INSTALL = "mkdir -p $STATE; reported=docker; PACKAGE_PAUSE=0; apt_install docker.io"


def failing(machine: Machine, program: str, words: str, *, times: int) -> Path:
    """Let a program fail so often with these words, then succeed; returns its log."""
    log = machine.root / f"{program}.log"
    machine.program(
        program,
        f'echo "$*" >>{log}\n'
        f'(($(wc -l <{log}) > {times})) || {{ echo "{words}" >&2; exit 100; }}\n',
    )
    return log


def test_another_package_manager_is_waited_for(machine: Machine, metadata: Metadata) -> None:
    failing(machine, "dpkg", f"{LOCKED}\nNote: removing the lock file is always wrong", times=3)
    log = failing(machine, "apt-get", "", times=0)
    machine.run(INSTALL)
    assert metadata.message == f"installing docker.io; the last try: {LOCKED}"
    assert metadata.phases() == ["docker"], "the same words are sent once"
    assert "DPkg::Lock::Timeout=300 install --yes" in log.read_text()


def test_a_mirror_that_is_away_is_asked_again(machine: Machine, metadata: Metadata) -> None:
    machine.program("dpkg", "")
    log = failing(machine, "apt-get", "E: Unable to locate package docker.io", times=4)
    machine.run(INSTALL)
    assert metadata.message.endswith("the last try: E: Unable to locate package docker.io")
    assert len(log.read_text().splitlines()) == 6, "lists and packages, three times"


def test_a_package_that_does_not_come_ends_in_apts_own_words(
    machine: Machine, metadata: Metadata
) -> None:
    machine.program("dpkg", "")
    failing(machine, "apt-get", "W: no network\nE: Unable to fetch\nmore words", times=99)
    machine.run(f"PACKAGE_SECONDS=0; {INSTALL}", status=1)
    assert metadata.phases() == ["failed"]
    assert metadata.message.endswith("to install docker.io, and gave up: E: Unable to fetch")


@pytest.mark.skipif(not shutil.which("apt-config"), reason="it is apt that reads the file")
def test_upgrades_leave_kernel_driver_and_docker_alone(machine: Machine) -> None:
    machine.run("ensure_quiet_upgrades; ensure_quiet_upgrades")
    parts = machine.root / "etc/apt/apt.conf.d"
    assert [file.name for file in parts.iterdir()] == ["99atelier"]
    # As in the image's own file.
    (parts / "50unattended-upgrades").write_text(
        'Unattended-Upgrade::Package-Blacklist { "vim"; };\n'
        'Unattended-Upgrade::Automatic-Reboot "true";\n'
    )
    done = subprocess.run(
        ["apt-config", "dump", "--format", "%f=%v%n"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "APT_CONFIG": str(conf(machine, parts))},
    )
    said = done.stdout.splitlines()
    for name in ("vim", "linux-", "nvidia-", "libnvidia-", "docker", "containerd"):
        assert f"Unattended-Upgrade::Package-Blacklist::={name}" in said
    assert [line for line in said if "Automatic-Reboot" in line] == [
        "Unattended-Upgrade::Automatic-Reboot=false"
    ]


def conf(machine: Machine, parts: Path) -> Path:
    file = machine.root / "apt.conf"
    file.write_text(f'Dir::Etc::Parts "{parts}";\n')
    return file


def docker(machine: Machine, *, validates: bool) -> Path:
    machine.program("ip", 'echo "default via 10.132.0.1 dev lo proto dhcp"\n')
    machine.program("dockerd", f"exit {0 if validates else 1}\n")
    machine.program("systemctl", f'echo "$@" >>{machine.root}/systemctl\n')
    return machine.root / "etc/docker/daemon.json"


def test_docker_sends_packets_of_the_size_of_the_machines_network(machine: Machine) -> None:
    file = docker(machine, validates=True)
    file.parent.mkdir(parents=True)
    file.write_text('{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}')
    machine.run("ensure_docker_settings; ensure_docker_settings")
    mtu = Path("/sys/class/net/lo/mtu").read_text().strip()
    assert json.loads(file.read_text()) == {
        "default-network-opts": {"bridge": {"com.docker.network.driver.mtu": mtu}},
        "mtu": int(mtu),
        "runtimes": {"nvidia": {"path": "nvidia-container-runtime"}},
    }
    assert (machine.root / "systemctl").read_text() == "restart docker\n", "once"
    assert [path.name for path in file.parent.iterdir()] == ["daemon.json"]


def test_a_docker_that_does_not_know_the_setting_starts_without_it(machine: Machine) -> None:
    file = docker(machine, validates=False)
    machine.run("ensure_docker_settings")
    assert list(file.parent.iterdir()) == []
    assert not (machine.root / "systemctl").exists()


def test_a_driver_that_was_upgraded_since_the_boot_takes_one_more_boot(
    machine: Machine, metadata: Metadata
) -> None:
    log = machine.root / "systemctl"
    machine.program("systemctl", f'echo "$@" >>{log}\n')
    mismatch = "Failed to initialize NVML: Driver/library version mismatch"
    machine.program("nvidia-smi", f"echo {mismatch}\nexit 18\n")
    said = machine.run("trap on_exit EXIT; ensure_fitting_driver; echo went on")
    assert "went on" not in said
    assert metadata.phases() == ["driver"]
    assert "went on" in machine.run("ensure_fitting_driver; echo went on"), "no third boot"
    assert log.read_text() == "reboot\n"


def test_the_gpu_is_named_by_cdi_where_docker_and_the_driver_can(machine: Machine) -> None:
    machine.program("docker", 'echo "${SPEC_DIRS:-2}"\n')
    fetch = "ensure_secrets; fetch"
    env = machine.state / "next/machine.env"
    machine.run(fetch, script="services.sh")
    assert "GPU_DRIVER" not in env.read_text(), "no list"
    (machine.root / "run/cdi").mkdir(parents=True)
    (machine.root / "run/cdi/nvidia.yaml").write_text("cdiVersion: 0.5.0\n")
    machine.run(fetch, script="services.sh")
    assert env.read_text().endswith("GPU_DRIVER=cdi\nGPU_DEVICES=nvidia.com/gpu=all\n")
    machine.run(f"export SPEC_DIRS=0; {fetch}", script="services.sh")
    assert "GPU_DRIVER" not in env.read_text(), "Docker does not read lists"
