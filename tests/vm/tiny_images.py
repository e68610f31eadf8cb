"""Images of a few MB that stand for the project's three on their way to the machine."""

import tempfile
from pathlib import Path

from infra.settings.facts import IMAGE_NAMES
from tests.cloud.lab.images import CHECKOUT, Images, pack
from tests.cloud.lab.lab import Lab
from tests.vm.stack import PROJECT

BASE = "atelier-lab-busybox:1"
COMMANDS = ("sh", "cat", "dd", "echo", "httpd", "ls", "mkdir", "nc", "sleep", "wget", "id", "ps")
PORTS = {"frontend": 8080, "segmentation": 7070, "segment_anything_model": 9090}
REPOSITORY = f"us-central1-docker.pkg.dev/{PROJECT}/atelier-dev"


class Tiny:
    """Builds them by real Dockerfiles and pushes them to Artifact Registry's stand-in."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.log_in(REPOSITORY.partition("/")[0])
        images = Images(lab)
        with tempfile.TemporaryDirectory() as folder:
            root = images.busybox(Path(folder), COMMANDS)
            images.load(pack(root), BASE, ('CMD ["sh"]',))
        self.known: dict[str, str] = {}

    def build(self, name: str, version: str = "1", sick: str = "", megabytes: int = 0) -> str:
        """Return the reference, with its digest, of an image that was built and pushed."""
        tag = f"{REPOSITORY}/{name.replace('_', '-')}:{version}"
        if tag in self.known:
            return self.known[tag]
        given = {"NAME": name, "PORT": PORTS[name], "VERSION": version}
        given |= {"SICK": sick, "MEGABYTES": megabytes}
        arguments = [f"--build-arg={key}={value}" for key, value in given.items()]
        dockerfile = CHECKOUT / "tests" / "vm" / "tiny" / "Dockerfile"
        self.lab.docker("build", "-q", *arguments, "-t", tag, "-f", dockerfile, CHECKOUT)
        self.known[tag] = self.lab.push(tag)
        return self.known[tag]

    def references(self, **other: str) -> dict[str, str]:
        """Return the references of all three in version 1, except those that are given."""
        return {name: other.get(name) or self.build(name) for name in IMAGE_NAMES}
