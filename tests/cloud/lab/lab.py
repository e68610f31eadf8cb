"""All of a lab: what `python -m tests.cloud.lab` and the scenarios of `make test-vm` use."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cloud.gcp.lookups import TOKEN as OPERATOR_TOKEN
from tests.cloud.kept import locked
from tests.cloud.lab import cache, cgroups, disks, rootfs, tools
from tests.cloud.lab.authority import Authority
from tests.cloud.lab.daemon import Daemon
from tests.cloud.lab.disks import Disk
from tests.cloud.lab.issuer import NAME as ISSUER_NAME
from tests.cloud.lab.issuer import Issuer
from tests.cloud.lab.machine import Machine
from tests.cloud.lab.network import (
    HUB_ADDRESS,
    ISSUER_ADDRESS,
    NAME_SERVER,
    REGISTRY_ADDRESS,
    STORAGE_ADDRESS,
    Network,
)
from tests.cloud.lab.place import Place, run, say, write
from tests.cloud.lab.processes import Processes, started_at
from tests.cloud.lab.registry import CHECKOUT, HUB_NAMES, Registry
from tests.cloud.storage.service import HOSTS as STORAGE_NAMES
from tests.cloud.storage.tokens import MACHINE_TOKEN as TOKEN

REGIONS = ("us-central1", "us-east1", "us-east4", "us-west1", "europe-west1", "europe-west4")
ARTIFACT_NAMES = tuple(f"{region}-docker.pkg.dev" for region in REGIONS)


class Lab:
    """`cloud` is the folder of the cloud double: its cloud.json says which machines there are."""

    def __init__(self, place: Place, cloud: Path, project: str = "demo-project") -> None:
        self.place, self.cloud, self.project = place, cloud, project
        self.processes = Processes(place)
        self.network = Network(place, self.processes)
        self.authority = Authority(place)
        self.registry = Registry(place, self.network, self.processes, self.authority)
        self.issuer = Issuer(place, self.network, self.processes, self.authority)
        self.daemon = Daemon(place, self.network, self.processes)

    def up(self, *, owned: bool = False, kept: bool = True) -> None:
        """Start everything but machines, after ending what a lab before left behind.

        One that is `owned` is for this process: where that was killed, the next `up` of any lab
        takes it down. With `kept` it builds on the images of the labs before, as one lab may at a
        time.

        Raises:
            LabError: when a part does not start; what did start is left, for its logs.
        """
        self.end_leftovers()
        self.note.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.note.with_name("lock")):  # Of two labs, one ends an orphan.
            self.end_orphans()
            if owned:
                me = os.getpid()
                known = {"state": str(self.place.state), "owner": me, "started": started_at(me)}
                write(self.note, json.dumps(known))
        tools.ensure(self.place)
        cache.trim(self.place)
        self.authority.ensure()
        self.network.up()
        names = dict.fromkeys(ARTIFACT_NAMES, REGISTRY_ADDRESS)
        names |= dict.fromkeys(HUB_NAMES, HUB_ADDRESS) | {ISSUER_NAME: ISSUER_ADDRESS}
        self.network.names(names | dict.fromkeys(STORAGE_NAMES, STORAGE_ADDRESS))
        self.set_metadata(
            cloud=str(self.cloud / "cloud.json"), project=self.project, token=TOKEN, machines={}
        )
        self.serve("metadata", "tests.cloud.lab.metadata", self.metadata_file)
        self.serve("names", "tests.cloud.lab.names", self.network.hosts_file, NAME_SERVER)
        self.serve_storage()
        self.registry.up(ARTIFACT_NAMES, (TOKEN, OPERATOR_TOKEN), kept=kept)
        self.issuer.up()
        self.daemon.up(self.authority, kept=kept)
        say(f"up, in {self.place.state}")

    def serve(self, name: str, module: str, *arguments: str | Path) -> None:
        """Start one of the lab's own servers in its network."""
        command = ["env", f"PYTHONPATH={CHECKOUT}", self.registry.python, "-m", module, *arguments]
        self.processes.start(name, self.network.inside(*command))

    def follow(self, cloud: Path) -> None:
        """Let the metadata server and the storage show another cloud: its folder."""
        self.cloud = cloud
        self.set_metadata(cloud=str(cloud / "cloud.json"), machines={})
        self.processes.end("storage", force=True)
        self.serve_storage()

    def serve_storage(self) -> None:
        """Start Cloud Storage's stand-in, with what lies in the cloud's folder."""
        certificate = self.authority.issue(self.place.folder("storage"), STORAGE_NAMES)
        self.serve("storage", "tests.cloud.lab.storage", self.cloud, *certificate)

    @property
    def metadata_file(self) -> Path:
        return self.place.folder("metadata") / "settings.json"

    def set_metadata(self, **settings: Any) -> None:
        """Change the metadata server's settings while it runs (see `metadata`)."""
        file = self.metadata_file
        known = json.loads(file.read_text()) if file.exists() else {}
        write(file, json.dumps(known | settings))

    def machine(self, name: str) -> Machine:
        """Return a machine of this lab, with an address of its own."""
        known = json.loads(self.metadata_file.read_text())["machines"]
        numbers = {machine: int(address.split(".")[2]) for address, machine in known.items()}
        number = numbers.get(name) or max(numbers.values(), default=0) + 1
        machine = Machine(self.place, self.network, self.processes, name, number)
        self.set_metadata(machines=known | {machine.address: name})
        return machine

    def boot(
        self, machine: Machine, data: Disk | None = None, boot_gb: float = 60, outside: str = ""
    ) -> float:
        """Turn a machine on; return the time (seconds since the epoch) at which it began.

        `outside` is an address that leads to the machine in place of its own one.
        """
        machine.outside = outside or machine.outside
        root = rootfs.tree(self.place, self.authority, rootfs.machine_recipe())
        began = time.time()
        machine.boot(root, {"atelier-data": data} if data else {}, boot_gb)
        return began

    def disk(self, name: str, size_gb: float = 20) -> Disk:
        """Return a data disk of this lab by name, empty where it is new."""
        return Disk(self.place.folder("disks") / f"{name}.img", size_gb)

    def docker(
        self, *command: str | Path, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the operator's Docker client. Raises LabError as `place.run` does."""
        return self.daemon.docker(*command, stdin=stdin, check=check)

    def log_in(
        self, host: str, user: str = "oauth2accesstoken", token: str = OPERATOR_TOKEN
    ) -> None:
        """Let the operator's Docker client push to a registry."""
        self.docker("login", "-u", user, "--password-stdin", f"https://{host}", stdin=token)

    def push(self, image: str) -> str:
        """Push an image to the registry in its name; return the reference with its digest."""
        self.docker("push", "-q", image)
        form = ("--format", "{{json .RepoDigests}}")
        digests = json.loads(self.docker("image", "inspect", *form, image).stdout)
        repository = image.rpartition(":")[0].removeprefix("docker.io/library/")
        wanted = repository.removeprefix("docker.io/")
        return next(digest for digest in digests if digest.split("@")[0] == wanted)

    def open_ports(self, address: str) -> list[int]:
        """Return the TCP ports of an address that accept a connection from outside."""
        command = ("env", f"PYTHONPATH={CHECKOUT}", self.registry.python)
        scan = self.network.run(*command, "-m", "tests.cloud.lab.scan", address)
        return json.loads(scan.stdout)

    @property
    def note(self) -> Path:
        """Return the file that names this lab's owner, where it has one."""
        return self.place.cache / "labs" / f"{self.place.name}.json"

    def end_orphans(self) -> None:
        """Take down every lab whose owner is no more."""
        for note in self.note.parent.glob("*.json"):
            known = json.loads(note.read_text())
            if started_at(known["owner"]) != known["started"]:
                orphan = Lab(Place(Path(known["state"]), self.place.cache), self.cloud)
                say(f"ending what was left of {orphan.place.state}")
                orphan.down()

    def end_leftovers(self) -> None:
        """End every process of this lab, and undo what does not end with them."""
        borrowers = {"dockerd": self.daemon.down, "registry": self.registry.down}
        for name in sorted(self.processes.names(), key=end_order):
            if name in borrowers:
                borrowers[name]()
            else:
                self.processes.end(name, force=True)
        disks.detach_all(self.place.state)
        for hierarchy in cgroups.hierarchies():
            for folder in hierarchy.glob(f"{self.place.name}-*"):
                cgroups.remove(folder.name)

    def down(self, keep: Sequence[str] = ()) -> None:
        """End everything and delete the state, except the folders in `keep`."""
        self.end_leftovers()
        self.note.unlink(missing_ok=True)
        if not keep:
            shutil.rmtree(self.place.state, ignore_errors=True)
            return
        for entry in self.place.state.iterdir():
            if entry.name in keep:
                continue
            run(["rm", "-rf", "--one-file-system", entry])


def end_order(name: str) -> int:
    """Return when a process is ended: machines first, then what they use, the network last."""
    if name.startswith("machine-"):
        return 0
    return {"dockerd": 1, "slirp": 8, "network": 9}.get(name, 2)
