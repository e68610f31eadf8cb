"""Two opinions -> one mask: what most of a task's annotations say, as a prediction to start from.

Label Studio shows a prediction to whoever opens the task in the Data Manager, and says of an
annotation that was begun from it that it was. "Label All Tasks" goes on showing the model's alone.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from masks.errors import MasksError
from masks.labeling_config import labeling_config
from masks.regions import regions_of
from studio.dataset.categories import Categories, read_categories
from studio.dataset.making import pictures_of
from studio.dataset.things import Drawn, majority, read_things
from studio.errors import ExportError
from studio.label_studio.client import Studio
from studio.label_studio.records import CONSENSUS, Project
from studio.label_studio.work import Judged


@dataclass
class Agreed:
    """What came of it, by the tasks' names.

    Attributes:
        made: tasks that got a consensus, or another one than before.
        same: how many have it already.
        adjudicated: how many have an annotation that somebody made from it.
        faulty: why a task can have none.
    """

    made: list[str] = field(default_factory=list)
    same: int = 0
    adjudicated: int = 0
    faulty: list[tuple[str, str]] = field(default_factory=list)


def add_consensus(studio: Studio, project: Project, tell: Callable[[int, int], None]) -> Agreed:
    """Give each task with two annotations and more a prediction of what most of them say.

    One that is there is replaced once the annotations have changed. A task that was adjudicated is
    left alone.

    Args:
        tell: called with the number of tasks read, and of all.

    Raises:
        ExportError: the labeling config has no labels for regions.
        StudioError: Label Studio does not answer.
    """
    categories = read_categories(project.label_config)
    tasks = [task.id for task in studio.tasks(project.id) if task.annotations > 1]
    agreed = Agreed()
    tell(0, len(tasks))
    for done, task in enumerate(studio.work.judged(project.id, tasks), start=1):
        _agree(studio, categories, task, agreed)
        tell(done, len(tasks))
    return agreed


def _agree(studio: Studio, categories: Categories, task: Judged, agreed: Agreed) -> None:
    earlier = {
        int(one["id"]): str(one["model_version"])
        for one in task.predictions
        if str(one.get("model_version") or "").startswith(CONSENSUS)
    }
    if any(one.get("parent_prediction") in earlier for one in task.annotations):
        agreed.adjudicated += 1
        return
    opinions = [one for one in task.annotations if not one.get("was_cancelled")]
    if len(opinions) < 2:
        return  # One was deleted since the tasks were listed.
    version = version_of(opinions)
    if version in earlier.values():
        agreed.same += 1
        return
    try:
        results, score = consensus_of(categories, task.data, opinions)
    except (ExportError, MasksError) as error:
        agreed.faulty.append((task.name, str(error)))
        return
    studio.add_prediction(task.id, results, version, score)
    for number in earlier:
        studio.delete_prediction(number)
    agreed.made.append(task.name)


def version_of(opinions: Sequence[Mapping[str, Any]]) -> str:
    """Return what a consensus is recognised by: another one where an annotation has changed."""
    said = sorted((int(one["id"]), one.get("result") or []) for one in opinions)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]
    return f"{CONSENSUS}{len(opinions)} ({digest})"


def consensus_of(
    categories: Categories, data: Mapping[str, Any], opinions: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], float]:
    """Return the results of a prediction that says what most of several annotations say.

    Args:
        opinions: annotations as Label Studio has them, with id and result.

    Returns:
        The results, and how far the annotations agree: of all pixels that one of them has under a
        label, the share that most have under it, from 0 to 1; 1 where nobody marked any.

    Raises:
        ExportError: they are of different sizes, or hold what the labeling config does not know.
        MasksError: the labeling config shows no control for masks of an image.
    """
    config = labeling_config(categories.config.text, data)
    results: list[dict[str, Any]] = []
    shared = marked = 0
    for _, (image, index), _ in pictures_of(categories.config.text, data):
        each = [read_things(one.get("result") or (), categories, image, index) for one in opinions]
        agreed = majority(each)
        marked += _marked(each, agreed)
        names = {one.number: one.name for one in categories.all}
        for thing in agreed.things:
            shared += thing.area
            fitting = (
                (control, label)
                for control in config.controls_of(image)
                if (label := control.label_for(names[thing.category])) is not None
            )
            control, label = next(fitting, (None, None))
            if control is None:
                raise ExportError(
                    f"the labeling config has no brush, bitmask or polygon for {image} with the "
                    f"label {names[thing.category]}"
                )
            mask = thing.mask(agreed.height, agreed.width)
            results += regions_of(mask, control, label, 1.0, index)
    return results, round(shared / marked, 4) if marked else 1.0


def _marked(opinions: Sequence[Drawn], agreed: Drawn) -> int:
    """How many pixels somebody has under a label, summed over the labels."""
    numbers = {thing.category for one in opinions for thing in one.things}
    total = 0
    for number in numbers:
        anyone = np.zeros((agreed.height, agreed.width), np.bool_)
        for thing in (thing for one in opinions for thing in one.things):
            if thing.category == number:
                anyone[thing.place] |= thing.crop
        total += int(anyone.sum())
    return total
