"""A run as files, for workers elsewhere: what is to be done, and how."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path

from batch.errors import BatchError
from batch.places import place_of
from batch.results import Results
from batch.sources import Elsewhere, Folder, Item, Shard, Source

# The backends' variables that change answers, or what may be read. Which weights there are is a
# matter of the workers' machine, and a key for Label Studio stays where it is.
TRAVELLING = (
    "IMAGE_HOSTS",
    "IMAGE_MAX_MB",
    "IMAGE_MAX_MEGAPIXELS",
    "IMAGE_TIMEOUT_SECONDS",
    "PRECISION",
    "SAM_MODEL_TYPE",
    "SEGMENTATION_BATCH",
    "SEGMENTATION_MIN_AREA",
    "SEGMENTATION_REGIONS",
)


FOLDER = "plans/"


@dataclass(frozen=True)
class Plan:
    """How the images of a run are done.

    Attributes:
        what: "pre-labels" or "embeddings-of".
        version: of the model; workers with another one refuse.
        output: a folder, or gs://bucket/prefix.
        config: the labeling config; empty for embeddings.
        root: the folder of the images; empty where they have addresses.
        prefix: where Label Studio's users find that folder's files.
        environment: the backends' variables, by name.
    """

    what: str
    version: str
    output: str
    config: str = ""
    root: str = ""
    prefix: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def source(self) -> Source:
        """Return the way to its images."""
        return Folder(Path(self.root), self.prefix) if self.root else Elsewhere()

    def results(self) -> Results:
        """Return where its results go."""
        return Results.of(place_of(self.output), self.what, self.version)


def travelling() -> dict[str, str]:
    """Return this process's variables that workers elsewhere must have, too."""
    return {name: os.environ[name] for name in TRAVELLING if os.environ.get(name)}


def address_of(plan: Plan, shards: Sequence[Shard], parts: int) -> str:
    """Return where a plan in so many parts is, or will be: the same images make the same one."""
    every = json.dumps([asdict(plan), [list(map(astuple, shard)) for shard in shards], parts])
    digest = hashlib.sha256(every.encode()).hexdigest()[:16]
    return f"{place_of(plan.output)}/{FOLDER}{digest}"


def write_plan(plan: Plan, shards: Sequence[Shard], parts: int) -> str:
    """Write a plan beside the results, in so many parts; return where."""
    address = address_of(plan, shards, parts)
    for part in range(parts):
        listed = [list(map(astuple, shard)) for shard in shards[part::parts]]
        content = json.dumps({"plan": asdict(plan), "shards": listed}).encode()
        name = f"{FOLDER}{address.rpartition('/')[2]}/part-{part:05}.json"
        place_of(plan.output).write(name, content)
    return address


def read_parts(address: str, index: int, count: int) -> tuple[Plan, list[Shard]]:
    """Return a plan and the shards of each part whose number is `index` modulo `count`.

    Raises:
        BatchError: there is no plan.
    """
    before, _, name = address.rstrip("/").rpartition(FOLDER)
    place = place_of(before.rstrip("/") or ".")
    names = [*place.sizes(f"{FOLDER}{name}/part-")]
    if not names:
        raise BatchError(f"there is no plan at {address}")
    told = [json.loads(place.read(name)) for name in names[index::count]]
    shards = [tuple(Item(*image) for image in shard) for one in told for shard in one["shards"]]
    return Plan(**(told or [json.loads(place.read(names[0]))])[0]["plan"]), shards
