"""The figures of a report, counted task by task: no mask is kept."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from itertools import combinations
from statistics import fmean, median

from masks.agreement import LabelMasks, agreement, label_masks
from studio.report.judged import JudgedTask, Judgement

MOST_PAIRS = 10
# Above this, nobody sees a difference.
UNCHANGED = 0.99


@dataclass(frozen=True)
class Pair:
    """Two annotations of one image, and how far they agree: mean IoU of the labels of either."""

    task: int
    name: str
    one: str
    other: str
    ids: tuple[int, int]
    iou: float


@dataclass
class LabelerFigures:
    """One labeler's work."""

    annotations: int = 0
    skips: int = 0
    days: set[date] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    regions: Counter[str] = field(default_factory=Counter)

    @property
    def per_day(self) -> float | None:
        """Annotations a day, of the days on which there are any."""
        return self.annotations / len(self.days) if self.days else None

    @property
    def median_seconds(self) -> float | None:
        return median(self.seconds) if self.seconds else None


@dataclass
class Survival:
    """What became of one label's pre-labels."""

    ious: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return fmean(self.ious)

    @property
    def unchanged(self) -> int:
        return sum(iou >= UNCHANGED for iou in self.ious)

    @property
    def on_one_side(self) -> int:
        """Images where only the pre-label or only the labeler has it."""
        return sum(iou == 0 for iou in self.ious)


@dataclass
class Figures:
    """All figures.

    Attributes:
        days: annotations by the day on which they were made.
        labels: regions by label; images: annotated tasks by label.
        survival: IoU of pre-label and annotation, one for each image that has the label.
        agreement_by_label, agreement_by_pair: IoU of two annotations of one image.
        worst: the pairs that agree least, the worst first.
        unreadable: regions of labels that hold no mask that can be compared.
    """

    tasks: int = 0
    days: Counter[date] = field(default_factory=Counter)
    labelers: dict[str, LabelerFigures] = field(default_factory=lambda: defaultdict(LabelerFigures))
    labels: Counter[str] = field(default_factory=Counter)
    images: Counter[str] = field(default_factory=Counter)
    survival: dict[str, Survival] = field(default_factory=lambda: defaultdict(Survival))
    agreement_by_label: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    agreement_by_pair: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    worst: list[Pair] = field(default_factory=list)
    unreadable: int = 0


def figures_of(
    tasks: Iterable[JudgedTask],
    zone: tzinfo | None,
    name_of: Callable[[str], str] = lambda stored: stored,
    prompts: Collection[str] = (),
) -> Figures:
    """Return the figures of tasks, which are read once, one after the other.

    Args:
        zone: whose midnights part the days.
        name_of: what people call a label that results call otherwise (an alias).
        prompts: the controls whose regions are prompts, and no annotations.
    """
    figures = Figures()
    pairs: list[Pair] = []
    for task in tasks:
        figures.tasks += 1
        read = [
            (one, label_masks(one.results, prompts)) for one in task.judgements if not one.is_skip
        ]
        for judgement in task.judgements:
            _count(figures, judgement, zone)
        for label in {label for _, masks in read for label in masks.regions}:
            figures.images[name_of(label)] += 1
        for judgement, masks in read:
            figures.unreadable += masks.unreadable
            own = {name_of(label): count for label, count in masks.regions.items()}
            figures.labels.update(own)
            figures.labelers[judgement.by].regions.update(own)
            if judgement.prediction is not None:
                before = label_masks(judgement.prediction, prompts)
                for place, iou in agreement(before.masks, masks.masks).items():
                    figures.survival[name_of(place[2])].ious.append(iou)
        pairs += _compare(figures, task, read, name_of)
        pairs = heapq.nsmallest(MOST_PAIRS, pairs, key=lambda pair: (pair.iou, pair.task))
    figures.worst = pairs
    return figures


def _count(figures: Figures, judgement: Judgement, zone: tzinfo | None) -> None:
    labeler = figures.labelers[judgement.by]
    if judgement.is_skip:
        labeler.skips += 1
        return
    day = judgement.at.astimezone(zone).date()
    figures.days[day] += 1
    labeler.annotations += 1
    labeler.days.add(day)
    if judgement.seconds is not None:
        labeler.seconds.append(judgement.seconds)


def _compare(
    figures: Figures,
    task: JudgedTask,
    read: Sequence[tuple[Judgement, LabelMasks]],
    name_of: Callable[[str], str],
) -> list[Pair]:
    """Compare every two annotations of different people."""
    pairs = []
    for (one, mine), (other, theirs) in combinations(read, 2):
        ious = agreement(mine.masks, theirs.masks)
        if one.by == other.by or not ious:
            continue
        for place, iou in ious.items():
            figures.agreement_by_label[name_of(place[2])].append(iou)
        mean = fmean(ious.values())
        people = (one.by, other.by) if one.by < other.by else (other.by, one.by)
        figures.agreement_by_pair[people].append(mean)
        pairs.append(Pair(task.id, task.name, one.by, other.by, (one.id, other.id), mean))
    return pairs


def means(values: Mapping[str, Sequence[float]]) -> list[tuple[str, int, float]]:
    """Return name, count and mean of each, the lowest mean first."""
    rows = [(name, len(numbers), fmean(numbers)) for name, numbers in values.items()]
    return sorted(rows, key=lambda row: (row[2], row[0]))
