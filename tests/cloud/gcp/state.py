"""What exists in the cloud double: a folder, shared by processes and kept between operations.

    cloud.json     {"resources": {"compute.Disk ID": {inputs, outputs, seed}}, "faults": {...}}
    faults.json    failures on demand (see `faults`)
    invokes.json   answers of lookups, over the built-in ones: {"getZones": {"names": [...]}}
    buckets/NAME/  the files in it are the bucket's objects

Edit cloud.json to make drift, or to plant what is to be adopted.
"""

import contextlib
import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cloud.rpc import Refused

Data = dict[str, Any]


class Cloud:
    """The cloud in `folder`, which is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        with open(self.folder / name, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def open(self) -> Iterator[Data]:
        """Give the cloud's contents, locked; what the block changed is kept, also if it raises."""
        with self.locked(".lock"):
            data = self.read()
            before = written(data)
            try:
                yield data
            finally:
                if (after := written(data)) != before:
                    new = self.folder / "cloud.new"
                    new.write_text(after)
                    new.rename(self.folder / "cloud.json")

    def read(self) -> Data:
        """Return the cloud's contents as they are now."""
        return self.listed("cloud.json", {"resources": {}, "faults": {}, "count": 0})

    def listed(self, name: str, empty: Any) -> Any:
        """Return the JSON in a file of the folder, or `empty` where there is none."""
        file = self.folder / name
        return json.loads(file.read_text()) if file.exists() else empty

    def objects(self, bucket: str) -> list[Path]:
        """Return the files that are a bucket's objects."""
        return [path for path in (self.folder / "buckets" / bucket).rglob("*") if path.is_file()]

    def private_key(self) -> str:
        """Return one real RSA key, made at first use: all service account keys share it."""
        file = self.folder / "key.pem"
        with self.locked(".lock-key"):
            if not file.exists():
                command = ["openssl", "genpkey", "-algorithm", "RSA"]
                command += ["-pkeyopt", "rsa_keygen_bits:2048", "-out", str(file)]
                subprocess.run(command, check=True, capture_output=True)
            return file.read_text()

    def hook(self, event: str, kind: str, identity: str, inputs: Data, outputs: Data) -> None:
        """Run the program CLOUD_DOUBLE_HOOK, where there is one, for CLOUD_DOUBLE_HOOK_TYPES.

        It reads {event, type, id, inputs, outputs} and may answer {"outputs": {...}}, laid over
        the outputs, or {"error": "..."}. The events are create, update and delete; the types are
        separated by commas, compute.Instance where nothing is said.

        Raises:
            Refused: with the program's error, or when it fails.
        """
        program = os.environ.get("CLOUD_DOUBLE_HOOK")
        types = os.environ.get("CLOUD_DOUBLE_HOOK_TYPES", "compute.Instance")
        if not program or kind not in types.split(","):
            return
        told = {"event": event, "type": kind, "id": identity, "inputs": inputs, "outputs": outputs}
        run = subprocess.run([program], input=json.dumps(told), capture_output=True, text=True)
        answer = json.loads(run.stdout) if run.stdout.strip() else {}
        if "error" in answer:
            raise Refused(answer["error"])
        if run.returncode:
            raise Refused(f"{program} exited with {run.returncode}: {run.stderr.strip()[-500:]}")
        merge(outputs, answer.get("outputs", {}))


def written(data: Data) -> str:
    """Return the cloud's contents as JSON with a line for each resource.

    An operation writes it for each resource again, and `json` indents ten times slower than this.
    """
    resources = ",\n".join(
        f"{json.dumps(key)}: {json.dumps(record, sort_keys=True)}"
        for key, record in sorted(data["resources"].items())
    )
    rest = "".join(
        f",\n{json.dumps(key)}: {json.dumps(value, sort_keys=True)}"
        for key, value in sorted(data.items())
        if key != "resources"
    )
    return f'{{"resources": {{\n{resources}\n}}{rest}}}\n'


def of_kind(data: Data, kind: str) -> dict[str, Data]:
    """Return {id: record} of the resources of one type, such as compute.Disk."""
    return {
        key.split(" ", 1)[1]: record
        for key, record in data["resources"].items()
        if key.split(" ", 1)[0] == kind
    }


def last(link: object) -> str:
    """Return the last part of a link: the name of what it leads to."""
    return str(link).rsplit("/", 1)[-1]


def named(data: Data, kind: str, link: str) -> Data | None:
    """Return the record that a name, an id or a link leads to, or None."""
    for identity, record in of_kind(data, kind).items():
        if link in (identity, last(identity)) or link.endswith("/" + identity):
            return record
    return None


def merge(into: Any, new: Any) -> None:
    """Lay `new` over `into`, item by item in lists too."""
    for key, value in enumerate(new) if isinstance(new, list) else new.items():
        there = into[key] if (key < len(into) if isinstance(into, list) else key in into) else None
        if isinstance(value, dict | list) and isinstance(there, type(value)):
            merge(there, value)
        elif isinstance(into, list) and key >= len(into):
            into.append(value)
        else:
            into[key] = value
