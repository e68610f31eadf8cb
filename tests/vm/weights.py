"""Weights of a test's own: full-size random checkpoints in a bucket of the lab, and in a catalogue.

They are in the official file's form, so all that differs from real ones is what they know.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.cloud.lab.place import run
from tests.cloud.workspace import ROOT
from tests.vm.sprint import Sprint
from tests.vm.stack import PROJECT

ML = ROOT / ".local" / "env" / "ml" / "bin" / "python"
BUCKET = f"{PROJECT}-weights"
MIRROR = f"gs://{BUCKET}"
HOST = "weights.example.org"
CATALOGUE = "weights/catalogue.toml"
MAKE = """
import sys, torch
from segment_anything import sam_model_registry
torch.manual_seed(0)
torch.save(sam_model_registry["vit_b"]().state_dict(), sys.argv[1])
"""


@dataclass(frozen=True)
class Own:
    """One file in the bucket, and a name for it in the catalogue of the sprint's checkout."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def url(self) -> str:
        """Where it would be, if its host could be reached; only the mirror has it."""
        return f"https://{HOST}/{self.name}.pth"

    @property
    def entry(self) -> str:
        """The lines of the catalogue."""
        return f"""
[interactive.{self.name}]
title = "{self.name}"
licence = "CC-BY-4.0"
obliges = "name who drew the random numbers"
good_for = "tests"
memory_gb = 2.0
gpu = "worth having"

[[interactive.{self.name}.files]]
name = "{self.name}.pth"
url = "{self.url}"
size = {len(self.content)}
sha256 = "{self.sha256}"
"""

    def offer(self, sprint: Sprint) -> None:
        """Put the file into a mirror, a private bucket of the project, and the model into the
        catalogue."""
        with sprint.stack.state_of_cloud.open() as data:
            bucket = {"inputs": {"name": BUCKET, "project": PROJECT}, "outputs": {}}
            data["resources"].setdefault(f"storage.Bucket {BUCKET}", bucket)
        sprint.put(BUCKET, f"{HOST}/{self.name}.pth", self.content)
        catalogue = sprint.checkout / CATALOGUE
        catalogue.write_text(catalogue.read_text() + self.entry)


def full_size(folder: Path) -> Own:
    """Return a ViT-B of random numbers, 375 MB."""
    file = folder / "vit_b.pth"
    run([ML, "-c", MAKE, file], timeout=600)
    return Own("vit-b-random", file.read_bytes())


def broken() -> Own:
    """Return a file that is whole, and no checkpoint."""
    return Own("no-checkpoint", b"not weights")
