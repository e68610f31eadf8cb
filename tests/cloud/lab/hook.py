"""Boots a machine when Pulumi creates an instance: the double runs this as CLOUD_DOUBLE_HOOK.

    CLOUD_DOUBLE_HOOK=tests/cloud/lab/hook.sh
    CLOUD_DOUBLE_HOOK_TYPES=compute.Instance,compute.Disk

The lab has to be up, in ATELIER_LAB (default .local/lab). An instance that is created is a machine
that is turned on, with the disks that it names; one that is deleted is turned off by its power
button, its boot disk goes and its data disk stays. A change of metadata needs nothing: the metadata
server reads it where Pulumi wrote it. A data disk that is made from a snapshot has its bytes, and a
snapshot that was taken of one that goes keeps them. What is asked and answered:
tests.cloud.gcp.state.

What the operator's programs do by the compute API, `follow` does to the lab:

    stack.api.told = partial(follow, lab)
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.cloud.gcp.state import Cloud, last, of_kind
from tests.cloud.lab.disks import Disk
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.machine import Machine
from tests.cloud.lab.place import LabError, Place, default_cache, default_place

STATE = "ATELIER_LAB"
# Where the machine has its data disk.
DATA = "/srv/atelier"


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
    return last(disks[0]["source"])


def show_console(cloud: Path, machine: Machine) -> None:
    """Let the compute API's double show what the machine says: see tests.cloud.compute_guest."""
    (cloud / "guest-attributes").mkdir(exist_ok=True)
    (cloud / "guest-attributes" / f"{machine.name}.json").unlink(missing_ok=True)
    port = cloud / "serial-port" / f"{machine.name}.log"
    port.parent.mkdir(exist_ok=True)
    port.unlink(missing_ok=True)
    port.symlink_to(machine.console)


def react(lab: Lab, told: dict[str, Any]) -> None:
    """Do to the machine, or the disk, what was done to the resource.

    Raises:
        LabError: when the machine does not turn on or off, or the snapshot has no bytes.
    """
    values = {**told["outputs"], **told["inputs"]}
    if told["type"] == "compute.Disk":
        react_to_disk(lab, told["event"], values)
        return
    machine = lab.machine(values["name"])
    if told["event"] == "create":
        show_console(lab.cloud, machine)
        lab.boot(machine, lab.disk(disk_name(values)), outside=outside(values))
    elif told["event"] == "delete":
        if machine.is_on:
            machine.shut_down()
        machine.remove()


def follow(lab: Lab, event: str, outputs: dict[str, Any]) -> None:
    """Do to the machine, or with the bytes of its disk, what the compute API was asked for.

    Raises:
        LabError: when the machine does not turn on or off.
    """
    if event == "snapshot":
        keep_bytes(lab, outputs)
        return
    machine = lab.machine(outputs["name"])
    if event == "stop" and machine.is_on:
        machine.shut_down()
    elif event == "start" and not machine.is_on:
        show_console(lab.cloud, machine)
        lab.boot(machine, lab.disk(disk_name(outputs)), outside=outside(outputs))


def keep_bytes(lab: Lab, snapshot: dict[str, Any]) -> None:
    """Copy a disk as it is now; a machine that writes to it waits meanwhile."""
    name = last(snapshot["sourceDisk"])
    users = of_kind(Cloud(lab.cloud).read(), "compute.Instance").values()
    uses = (one["outputs"] for one in users if disk_name(one["outputs"]) == name)
    machines = [machine for one in uses if (machine := lab.machine(one["name"])).is_on]
    for machine in machines:
        machine.run("fsfreeze", "--freeze", DATA)
    try:
        Disk(disk_file(lab, name), 0).copy(snapshot_file(lab, snapshot["name"]))
    finally:
        for machine in machines:
            machine.run("fsfreeze", "--unfreeze", DATA)


def react_to_disk(lab: Lab, event: str, values: dict[str, Any]) -> None:
    file = disk_file(lab, values["name"])
    snapshots = of_kind(Cloud(lab.cloud).read(), "compute.Snapshot").values()
    if event == "create" and values.get("snapshot"):
        name = last(values["snapshot"])
        source = next(one for one in snapshots if one["outputs"]["name"] == name)["outputs"]
        # Of a disk that is still there nobody has copied the bytes yet.
        taken = [snapshot_file(lab, name), disk_file(lab, last(source["sourceDisk"]))]
        found = next((one for one in taken if one.exists()), None)
        if found is None:
            raise LabError(f"of the snapshot {name} the lab has no bytes")
        Disk(found, 0).copy(file)
    elif event == "delete" and file.exists():
        for snapshot in (one["outputs"] for one in snapshots):
            copy = snapshot_file(lab, snapshot["name"])
            if snapshot["sourceDiskId"] == values["diskId"] and not copy.exists():
                Disk(file, 0).copy(copy)
        Disk(file, 0).remove()


def disk_file(lab: Lab, name: str) -> Path:
    return lab.place.folder("disks") / f"{name}.img"


def snapshot_file(lab: Lab, name: str) -> Path:
    return lab.place.folder("snapshots") / f"{name}.img"


def main() -> None:
    lab = Lab(place(), Path(os.environ["CLOUD_DOUBLE"]))
    try:
        react(lab, json.load(sys.stdin))
    except LabError as error:
        print(json.dumps({"error": f"the lab: {error}"}))


if __name__ == "__main__":
    main()
