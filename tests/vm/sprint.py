"""A sprint: a stack of a checkout, made by the real engine, and what people do with its studio."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import requests

from infra.settings.facts import IMAGE_NAMES
from tests.cloud.checkout import copy
from tests.cloud.gcp.state import of_kind
from tests.cloud.lab.disks import Disk
from tests.cloud.lab.hook import disk_name, follow, outside
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.machine import Machine
from tests.cloud.lab.place import HERE
from tests.cloud.lab.processes import wait_until
from tests.cloud.storage.objects import Objects
from tests.cloud.workspace import Stack
from tests.vm.stack import PROJECT
from tests.vm.studio import LOG

NAME = "atelier-dev"
EMAIL = "admin@example.com"
PASSWORD = "correct horse battery 7"
SAVED = "annotations/"
SOURCE, TARGET = f"{PROJECT}-dev-source", f"{PROJECT}-dev-target"


class Phase(NamedTuple):
    """A phase that the machine reported, and how many seconds after its boot began."""

    name: str
    seconds: int


def show(what: str, value: str) -> None:
    """Print a row of the table of docs/verification.md."""
    print(f"| {what} | {value} |")


class Sprint:
    """The dev stack on the CPU preset, not up yet. `checkout` may be changed: it is a copy."""

    user, password = EMAIL, PASSWORD

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.checkout = copy(folder / "checkout")
        self.stack = Stack(folder, project=self.checkout)
        lab.follow(folder / "cloud")
        self.stack.env |= {
            "CLOUD_DOUBLE_HOOK": str(HERE / "hook.sh"),
            "CLOUD_DOUBLE_HOOK_TYPES": "compute.Instance,compute.Disk",
            "CLOUD_DOUBLE_BUILD": str(HERE / "build.sh"),
            "ATELIER_LAB": str(lab.place.state),
            "REQUESTS_CA_BUNDLE": str(lab.issuer.root()),
        }
        # Not everywhere can the hosts of real weights be reached: `weights` has the lab's own.
        demo = {"interactiveModel": "demo", "segmentationModel": "demo"}
        self.stack.config(
            secrets={"adminPassword": PASSWORD}, gcp__project=PROJECT, preset="cpu", **demo
        )
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.proxies = {"https": self.stack.env["HTTPS_PROXY"]}
        self.web.verify = str(lab.issuer.root())
        self.stack.api.told = partial(follow, lab)
        # The way from the operator's computer to port 443 of the machine.
        self.stack.web.leads_to = lab.network.forward_to_machine(self.machine.address, 443)

    @property
    def machine(self) -> Machine:
        machine = self.lab.machine(NAME)
        for instance in of_kind({"resources": self.stack.cloud}, "compute.Instance").values():
            machine.outside = outside(instance["outputs"]) or machine.outside
        return machine

    @property
    def data_disk(self) -> Disk:
        (instance,) = of_kind({"resources": self.stack.cloud}, "compute.Instance").values()
        return self.lab.disk(disk_name(instance["outputs"]))

    @property
    def url(self) -> str:
        return self.stack.outputs()["url"]

    @property
    def project(self) -> int:
        (project,) = self.api("GET", "/api/projects")["results"]
        return project["id"]

    def fill(self, pictures: Path) -> None:
        """Put a folder of scenes and their catalogue into the source bucket."""
        self.lab.processes.end("storage", force=True)
        for file in sorted(pictures.iterdir()):
            kind = "text/csv" if file.suffix == ".csv" else "image/jpeg"
            self.objects.put(SOURCE, file.name, file.read_bytes(), content_type=kind)
        self.lab.serve_storage()

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Put one object into a bucket; for a moment nothing serves them."""
        self.lab.processes.end("storage", force=True)
        self.objects.put(bucket, name, content)
        self.lab.serve_storage()

    @property
    def objects(self) -> Objects:
        """The buckets' objects, as they are now."""
        return Objects(self.lab.cloud)

    def saved(self) -> dict[str, Any]:
        """Return what the target bucket holds: object name -> task with its annotations."""
        objects = self.objects
        versions = objects.versions(TARGET)
        names = {one.name for one in versions if one.name.startswith(SAVED) and not one.deleted}
        return {name: json.loads(objects.find(TARGET, name)[1]) for name in names}

    @property
    def report_file(self) -> Path:
        return self.lab.cloud / "guest-attributes" / f"{NAME}.json"

    def report(self) -> dict[str, str]:
        """Return what the machine last wrote: phase, message, running."""
        file = self.report_file
        return json.loads(file.read_text()).get("atelier", {}) if file.exists() else {}

    def wait_for(self, phase: str, message: str, seconds: float = 300) -> dict[str, str]:
        """Wait until the machine reports a phase with these words in its message."""

        def is_there() -> bool:
            said = self.report()
            return said.get("phase") == phase and message in said.get("message", "")

        wait_until(f"{phase}: {message} ({LOG} on {NAME})", seconds, is_there)
        return self.report()

    def phases(self) -> list[Phase]:
        """Return the phases of the last boot, from its log."""
        log = self.machine.run("cat", LOG).stdout
        found: list[Phase] = []
        began = 0
        for line in log.splitlines():
            if match := re.match(r"(\d\d):(\d\d):(\d\d) (?:boot |\[(\w+)\])", line):
                hours, minutes, seconds, name = match.groups()
                now = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
                if name is None:
                    began, found = now, []
                elif name not in [phase.name for phase in found]:
                    found.append(Phase(name, (now - began) % 86400))
        return found

    def boot(self) -> None:
        """Turn the machine on again, as Google does after a loss of power."""
        self.report_file.unlink(missing_ok=True)
        # The machine would answer what comes by idle connections of before with a reset.
        self.web.close()
        self.lab.boot(self.machine, self.data_disk, outside=self.machine.outside)

    def containers(self) -> dict[str, tuple[str, str]]:
        """Return what runs on the machine: service -> container id, image."""
        form = '{{.Label "com.docker.compose.service"}} {{.ID}} {{.Image}}'
        listed = self.machine.run("docker", "ps", "--no-trunc", "--format", form).stdout
        rows = (line.split() for line in listed.splitlines())
        return {service: (identity, image) for service, identity, image in rows}

    def health(self, service: str, port: int) -> dict[str, Any]:
        """Return what a backend says of itself."""
        ask = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
        return json.loads(self.python(service, ask, f"http://127.0.0.1:{port}/health"))

    def python(self, service: str, program: str, *arguments: str) -> str:
        """Run a Python program in a service's container; return all it printed."""
        command = ("docker", "exec", f"atelier-{service}-1", "python", "-c", program, *arguments)
        done = self.machine.run(*command, check=False)
        return done.stdout + done.stderr

    def api(self, method: str, path: str, **arguments: Any) -> Any:
        """Call Label Studio's API as the first account and return the answer's JSON."""
        answer = self.ask(method, path, **arguments)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        token = self.machine.run("cat", "/srv/atelier/secrets/api_token").stdout.strip()
        headers = {"Authorization": f"Token {token}"}
        return self.web.request(method, self.url + path, headers=headers, timeout=60, **arguments)

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks with their annotations and predictions."""
        fields = {"project": self.project, "page_size": 200, "fields": "all", "resolve_uri": False}
        return self.api("GET", "/api/tasks", params=fields)["tasks"]

    def annotations(self) -> dict[int, Any]:
        """Return every annotation's result by its id."""
        return {
            annotation["id"]: annotation["result"]
            for task in self.tasks()
            for annotation in task["annotations"]
        }

    def built(self, said: str) -> list[str]:
        """Return the images that an update built, by its words."""
        pattern = rf"docker-build:\S*Image {NAME}-(\w+) (?:created|updated)"
        return sorted({name for name in re.findall(pattern, said) if name in IMAGE_NAMES})

    @contextmanager
    def changed(self, file: str, change: Callable[[str], str]) -> Iterator[None]:
        """Change a file of the checkout, and put it back afterwards."""
        path = self.checkout / file
        before = path.read_text()
        path.write_text(change(before))
        try:
            yield
        finally:
            path.write_text(before)

    def close(self) -> None:
        self.stack.close()
        self.machine.remove()
