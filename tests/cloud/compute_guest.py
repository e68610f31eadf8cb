"""What a machine of the cloud double says of itself: guest attributes and its serial port.

A machine of the lab writes its guest attributes to the lab's metadata server, which keeps them as
guest-attributes/MACHINE.json beside cloud.json, {namespace: {key: value}}; a test may write that
file itself. Its serial port's output is serial-port/MACHINE.log. Where there is no folder
guest-attributes, nobody is there who could write: a machine that was made, started or given other
metadata then says `models` to who asks first, and `ready` from then on, as the script would.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

Machine = dict[str, Any]
Items = list[dict[str, str]]


class Guests:
    """The machines of the cloud in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, str] = {}  # {machine: what of it was looked at}

    def restart(self, name: str) -> None:
        """Forget what was seen: the machine boots."""
        self.seen.pop(name, None)

    def attributes(self, machine: Machine) -> Items:
        """Return what the machine has written; nothing where it may not."""
        metadata = machine.get("metadata") or {}
        if str(metadata.get("enable-guest-attributes")).upper() != "TRUE":
            return []
        written = self.folder / "guest-attributes"
        if not written.exists():
            return items({"atelier": self.simulated(machine["name"], machine)})
        file = written / f"{machine['name']}.json"
        return items(json.loads(file.read_text())) if file.exists() else []

    def simulated(self, name: str, machine: Machine) -> dict[str, str]:
        metadata = machine["metadata"]
        told = json.dumps([machine["instanceId"], machine["machineType"], metadata], sort_keys=True)
        if self.seen.get(name) != told:
            self.seen[name] = told
            return {"phase": "models", "message": "loading the models"}
        images = hashlib.sha256(str(metadata.get("atelier-images")).encode()).hexdigest()
        return {"phase": "ready", "message": "the studio is open", "running": images}

    def serial_port(self, machine: Machine) -> str:
        """Return what the machine has written to its first serial port."""
        file = self.folder / "serial-port" / f"{machine['name']}.log"
        return file.read_text(errors="replace") if file.exists() else ""


def items(attributes: dict[str, dict[str, str]]) -> Items:
    return [
        {"namespace": namespace, "key": key, "value": value}
        for namespace, values in attributes.items()
        for key, value in values.items()
    ]
