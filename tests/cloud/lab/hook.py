"""Boots a machine when Pulumi creates an instance: the double runs this as CLOUD_DOUBLE_HOOK.

    CLOUD_DOUBLE_HOOK=tests/cloud/lab/hook.sh

The lab has to be up, in ATELIER_LAB (default .local/lab). An instance that is created is a machine
that is turned on, with the disks that it names; one that is deleted is turned off by its power
button, its boot disk goes and its data disk stays. A change of metadata needs nothing: the metadata
server reads it where Pulumi wrote it. What is asked and answered: tests.cloud.gcp.state.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.cloud.lab.lab import Lab
from tests.cloud.lab.machine import Machine
from tests.cloud.lab.place import LabError, Place, default_cache, default_place

STATE = "ATELIER_LAB"


def place() -> Place:
    """Return the place of the lab that ATELIER_LAB names, or the default one."""
    folder = os.environ.get(STATE)
    return Place(Path(folder), default_cache()) if folder else default_place()


def outside(values: dict[str, Any]) -> str:
    """Return the address that the program gave the machine, or none."""
    for interface in values.get("networkInterfaces") or []:
        for config in interface.get("accessConfigs") or []:
            if config.get("natIp"):
                return config["natIp"]
    return ""


def disk_name(values: dict[str, Any]) -> str:
    """Return the name of the data disk that is attached."""
    disks = values.get("attachedDisks") or []
    if not disks:
        raise LabError("the instance has no data disk attached")
    return str(disks[0]["source"]).rpartition("/")[2]


def show_console(cloud: Path, machine: Machine) -> None:
    """Let the compute API's double show what the machine says: see tests.cloud.compute_guest."""
    (cloud / "guest-attributes").mkdir(exist_ok=True)
    (cloud / "guest-attributes" / f"{machine.name}.json").unlink(missing_ok=True)
    port = cloud / "serial-port" / f"{machine.name}.log"
    port.parent.mkdir(exist_ok=True)
    port.unlink(missing_ok=True)
    port.symlink_to(machine.console)


def react(lab: Lab, told: dict[str, Any]) -> None:
    """Do to the machine what was done to the instance.

    Raises:
        LabError: when the machine does not turn on or off.
    """
    values = {**told["outputs"], **told["inputs"]}
    machine = lab.machine(values["name"])
    if told["event"] == "create":
        show_console(lab.cloud, machine)
        lab.boot(machine, lab.disk(disk_name(values)), outside=outside(values))
    elif told["event"] == "delete":
        if machine.is_on:
            machine.shut_down()
        machine.remove()


def main() -> None:
    lab = Lab(place(), Path(os.environ["CLOUD_DOUBLE"]))
    try:
        react(lab, json.load(sys.stdin))
    except LabError as error:
        print(json.dumps({"error": f"the lab: {error}"}))


if __name__ == "__main__":
    main()
