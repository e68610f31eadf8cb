"""The report of a project in Label Studio, from its annotations to the page."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import requests

from masks.agreement import differences, label_masks
from masks.errors import MasksError
from masks.labeling_config import LabelingConfig, labeling_config
from studio.errors import StudioError
from studio.label_studio.client import Studio
from studio.label_studio.records import CONSENSUS, REFUSED, Project
from studio.label_studio.work import Judged, to_act
from studio.report.figures import Pair, figures_of
from studio.report.judged import JudgedTask, Judgement, Results
from studio.report.page import page
from studio.report.picture import overlay
from studio.status_progress import UNKNOWN_LABELER

Tell = Callable[[int, int], None]


def report(studio: Studio, project: Project, now: datetime, tell: Tell) -> str:
    """Return the page about a project.

    Args:
        now: with the zone whose midnights part the days.
        tell: called with the number of tasks read, and of all.

    Raises:
        StudioError: Label Studio does not answer.
    """
    users = studio.users()
    tasks = [task.id for task in studio.tasks(project.id) if task.annotations or task.skipped]
    config = labeling_config(project.label_config, need_masks=False)

    def read() -> Iterator[JudgedTask]:
        for number, found in enumerate(studio.work.judged(project.id, tasks)):
            tell(number, len(tasks))
            yield judged_task(found, users)
        tell(len(tasks), len(tasks))

    figures = figures_of(read(), now.tzinfo, names_of(config), config.prompts)
    worst = [pair.task for pair in figures.worst]
    found = {task.id: task for task in studio.work.judged(project.id, list(dict.fromkeys(worst)))}
    pictures = {
        pair: _picture(studio, config, pair, found[pair.task])
        for pair in figures.worst
        if pair.task in found
    }
    return page(project.title, now, figures, pictures)


def judged_task(found: Judged, users: Mapping[int, str]) -> JudgedTask:
    """Put each annotation together with the pre-label that it began from."""
    judgements = []
    for item in found.annotations:
        act = to_act(found.id, item)
        judgements.append(
            Judgement(
                id=int(item["id"]),
                by=users.get(act.user, UNKNOWN_LABELER),
                at=act.at,
                is_skip=act.is_skip,
                seconds=act.seconds,
                results=item.get("result") or (),
                prediction=_prediction(item, found.predictions),
            )
        )
    return JudgedTask(found.id, found.name, tuple(judgements))


def names_of(config: LabelingConfig) -> Callable[[str], str]:
    """Return what turns a label as results store it into what labelers see."""
    names = {label.stored: label.value for one in config.lists.values() for label in one.labels}
    return lambda stored: names.get(stored, stored)


def _prediction(
    annotation: Mapping[str, Any], predictions: tuple[dict[str, Any], ...]
) -> Results | None:
    """The one that Label Studio says it began from, or else the newest that was there.

    What was begun from a consensus of people says nothing about a model.
    """
    for one in predictions:
        if one["id"] == annotation.get("parent_prediction"):
            return None if _version(one).startswith(CONSENSUS) else one.get("result") or ()
    usable = [
        one
        for one in predictions
        if REFUSED not in _version(one) and not _version(one).startswith(CONSENSUS)
    ]
    # Both are written alike, in UTC.
    made = str(annotation["created_at"])
    before = [one for one in usable if str(one.get("created_at") or "") <= made]
    if not before:
        return None
    return max(before, key=lambda one: str(one.get("created_at"))).get("result") or ()


def _version(prediction: Mapping[str, Any]) -> str:
    return str(prediction.get("model_version") or "")


def _picture(studio: Studio, config: LabelingConfig, pair: Pair, task: Judged) -> bytes | str:
    results = {int(item["id"]): item.get("result") or () for item in task.annotations}
    if not {*pair.ids} <= {*results}:
        return "one of them was deleted meanwhile"
    one, other = (label_masks(results[number], config.prompts).masks for number in pair.ids)
    image, index, _ = next(iter({**one, **other}))
    drawn = differences(one, other, (image, index))
    if drawn is None:
        return "the two are of different sizes"
    try:
        shown = labeling_config(config.text, task.data, need_masks=False).images[image]
        address = shown.address({"data": task.data}, index)
        content = studio.storages.read_image(task.id, address)
    except (StudioError, MasksError, KeyError, requests.RequestException):
        content = None  # The masks tell most of it.
    return overlay(content, *drawn)
