"""A first boot beside another package manager: the real dpkg, apt, Docker and systemd."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import run
from tests.vm.conftest import keep_logs
from tests.vm.studio import Studio
from tests.vm.tiny_images import Tiny

# A package whose installation takes long, as an upgrade of the image's own does.
SLOW_SECONDS = 45
# That of a VPC network, which Google's DHCP tells and the lab does not.
MTU = "1460"
SLOW = f"""set -e
until ip link set eth0 mtu {MTU}; do sleep 1; done
mkdir -p /run/slow/DEBIAN
cd /run/slow/DEBIAN
printf '%s\\n' 'Package: slow' 'Version: 1' 'Architecture: all' \\
  'Maintainer: Nobody <nobody@example.org>' 'Description: takes long' >control
printf '#!/bin/sh\\nsleep {SLOW_SECONDS}\\n' >postinst
chmod 755 postinst
dpkg-deb --build /run/slow /run/slow.deb
exec dpkg --install /run/slow.deb
"""
UNIT = """[Unit]
Before=google-startup-scripts.service
[Service]
ExecStart=/bin/sh /opt/slow.sh
"""


@pytest.fixture(scope="module")
def studio(lab: Lab, tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = Studio(lab, tiny.references())
    studio.machine.boot_disk()
    write(studio, tmp_path_factory.mktemp("boot-disk"))
    studio.create()
    studio.boot()
    yield studio
    keep_logs(studio, "test_first_boot")
    studio.remove()


def write(studio: Studio, folder: Path) -> None:
    """Put the other package manager onto the empty boot disk of a machine that is off."""
    run(["mount", "-o", "loop", studio.machine.folder / "boot.img", folder])
    try:
        script = folder / "upper/opt/slow.sh"
        units = folder / "upper/etc/systemd/system"
        for parent in (script.parent, units / "multi-user.target.wants"):
            parent.mkdir(parents=True)
        script.write_text(SLOW)
        (units / "slow.service").write_text(UNIT)
        (units / "multi-user.target.wants/slow.service").symlink_to("../slow.service")
    finally:
        run(["umount", folder])


def test_the_boot_waits_for_dpkgs_lock_says_so_and_ends_ready(studio: Studio) -> None:
    waiting = "dpkg: error: dpkg frontend lock was locked by "
    studio.wait_for("docker", 120, message=waiting)
    report = studio.wait_for("ready", 420)
    print(f"from another's lock on dpkg to ready: {report.seconds:.0f} s")
    there = studio.machine.run("dpkg-query", "--show", "--showformat=${Status}", "slow").stdout
    assert there == "install ok installed", "the other one was not disturbed"


def test_upgrades_would_leave_kernel_driver_and_docker_alone(studio: Studio) -> None:
    said = studio.machine.run("apt-config", "dump", "--format", "%f=%v%n").stdout.splitlines()
    for name in ("linux-", "nvidia-", "libnvidia-", "docker", "containerd"):
        assert f"Unattended-Upgrade::Package-Blacklist::={name}" in said
    assert "Unattended-Upgrade::Automatic-Reboot=false" in said


def test_containers_send_packets_of_the_size_of_the_machines_network(studio: Studio) -> None:
    networks = studio.machine.run("docker", "network", "ls", "--filter=driver=bridge", "--quiet")
    described = studio.machine.run("docker", "network", "inspect", *networks.stdout.split()).stdout
    sizes = {
        network["Name"]: network["Options"].get("com.docker.network.driver.mtu")
        for network in json.loads(described)
    }
    assert len(sizes) > 1
    assert set(sizes.values()) == {MTU}, sizes
    # What the kernel of a container sees.
    assert studio.inside("frontend", "cat", "/sys/class/net/eth0/mtu").strip() == MTU
