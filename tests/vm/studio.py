"""A studio on a machine of the lab, as the scenarios see it: booted, watched, changed, asked."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from infra.settings.facts import PLAIN_PORT
from tests.cloud.lab.disks import Disk
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import LabError
from tests.vm.stack import CloudFile, attribute, attributes, load

LOG = "/var/log/atelier-startup.log"


class Report(NamedTuple):
    """What the machine last wrote, and how many seconds of waiting that took."""

    phase: str
    message: str
    running: str
    seconds: float


class Studio:
    """One machine and its data disk. `images`: the references that the first boot is told."""

    def __init__(self, lab: Lab, images: Mapping[str, str], **config: object) -> None:
        self.lab = lab
        self.settings = load(**config)
        self.machine = lab.machine(self.settings.name)
        self.cloud = CloudFile(lab.cloud, self.settings)
        self.data: Disk = lab.disk("data")
        self.images = dict(images)

    def create(self, **changed: str) -> None:
        """Make the machine in the cloud; `changed` replaces attributes of its first boot."""
        known = attributes(self.settings, self.images, self.machine.outside)
        changes = {attribute(name): value for name, value in changed.items()}
        self.cloud.create(known | changes)

    def boot(self, boot_gb: float = 60) -> None:
        """Turn the machine on."""
        self.lab.boot(self.machine, self.data, boot_gb)

    def change(self, **attributes: str) -> None:
        """Change metadata attributes in place, as an update by Pulumi does."""
        self.cloud.change(**attributes)

    def wait(self, done: Callable[[Report], bool], seconds: float, what: str) -> Report:
        """Wait until the machine's report is as wanted.

        Raises:
            LabError: when it is not after `seconds`; with what was reported and the log's end.
        """
        began = time.monotonic()
        while True:
            said = self.cloud.reported()
            report = Report(
                said.get("phase", ""),
                said.get("message", ""),
                said.get("running", ""),
                time.monotonic() - began,
            )
            if done(report):
                return report
            if report.seconds > seconds:
                raise LabError(
                    f"{what}: not within {seconds:.0f} s; reported: {report}\n{self.log()[-4000:]}"
                )
            time.sleep(0.2)

    def wait_for(self, phase: str, seconds: float = 180, message: str = "") -> Report:
        """Wait for a phase, with these words in its message."""
        return self.wait(
            lambda report: report.phase == phase and message in report.message, seconds, phase
        )

    def forget_report(self) -> None:
        """Empty the guest attributes, so that what is read next is new."""
        self.cloud.guest.unlink(missing_ok=True)

    def log(self) -> str:
        """Return the startup script's log on the machine, of all boots."""
        if not self.machine.is_on:
            return f"(the machine is off) {self.machine.console.read_text()[-2000:]}"
        return self.machine.run("cat", LOG, check=False).stdout

    def containers(self) -> dict[str, dict[str, str]]:
        """Return what runs on the machine: service -> id, image, state."""
        form = '{"service":{{json (.Label "com.docker.compose.service")}},"id":{{json .ID}},'
        form += '"image":{{json .Image}},"state":{{json .Status}}}'
        listed = self.machine.run("docker", "ps", "--no-trunc", "--format", form).stdout
        rows = [json.loads(line) for line in listed.splitlines()]
        return {row.pop("service"): row for row in rows}

    def ids(self) -> dict[str, str]:
        """Return the container's id of each service: another one after it was replaced."""
        return {service: row["id"] for service, row in self.containers().items()}

    def log_of(self, service: str) -> str:
        """Return all that a service's container has printed, as Docker keeps it, a JSON a line.

        `docker logs` ends where a power cut left zeros in the file.
        """
        form = "{{.LogPath}}"
        place = self.machine.run("docker", "inspect", "--format", form, self.ids()[service])
        return self.machine.run("cat", place.stdout.strip()).stdout

    def inside(self, service: str, *command: str) -> str:
        """Run a command in a service's container; return its output and errors together."""
        name = f"atelier-{service}-1"
        done = self.machine.run("docker", "exec", name, *command, check=False)
        return done.stdout + done.stderr

    def sql(self, statement: str) -> str:
        """Run SQL on the studio's database; return the values."""
        command = ("psql", "--username=labelstudio", "--dbname=postgres", "-Atc", statement)
        name = "atelier-postgres-1"
        return self.machine.run("docker", "exec", name, *command).stdout.strip()

    def fetch(self, path: str) -> str:
        """Return what the machine's outside address answers to a browser, or the error."""
        origin = self.url
        root = self.lab.issuer.root()
        done = self.lab.network.run(
            *("curl", "-sS", "--max-time", "10", "--cacert", root, f"{origin}{path}"), check=False
        )
        return done.stdout + done.stderr

    @property
    def url(self) -> str:
        """Return the origin that labelers open."""
        host = self.machine.outside
        return f"http://{host}:{PLAIN_PORT}" if self.settings.tls == "off" else f"https://{host}"

    def console(self) -> Path:
        return self.machine.console

    def remove(self) -> None:
        """End the machine and delete its disks."""
        self.machine.remove()
        self.data.remove()
