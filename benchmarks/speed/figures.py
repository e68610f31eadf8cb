"""The figures that are held against targets: what each is, and what it must reach."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One figure of the benchmark.

    Attributes:
        name: what `--only` and latest.json call it.
        what: for people.
        unit: of the value.
        at_least: what it must reach; the most it may be where `smaller_is_better`.
        reach_for: what would be good.
        smaller_is_better: whether it has to be below.
    """

    name: str
    what: str
    unit: str
    at_least: float
    reach_for: float
    smaller_is_better: bool = False

    def is_reached(self, value: float | None, bound: float | None = None) -> bool:
        """Whether a value reaches a bound, by default `at_least`. None reaches nothing."""
        if value is None:
            return False
        bound = self.at_least if bound is None else bound
        return value <= bound if self.smaller_is_better else value >= bound


@dataclass(frozen=True)
class Row:
    """A figure as it was measured.

    Attributes:
        target: what it is.
        value: None where it could not be measured; `detail` then says why.
        detail: what the value was made of.
    """

    target: Target
    value: float | None
    detail: str = ""

    @property
    def passed(self) -> bool:
        return self.target.is_reached(self.value)

    def as_json(self) -> dict[str, object]:
        """The row of latest.json."""
        return {
            "name": self.target.name,
            "value": self.value,
            "unit": self.target.unit,
            "at_least": self.target.at_least,
            "reach_for": self.target.reach_for,
            "smaller_is_better": self.target.smaller_is_better,
            "passed": self.passed,
            "detail": self.detail,
        }


def _warm(name: str, where: str, at_least: float, reach_for: float) -> Target:
    return Target(name, f"{where}, peer ÷ ours", "times", at_least, reach_for)


# By group: what is measured together, because it takes the same servers and the same encodes.
GROUPS: dict[str, tuple[Target, ...]] = {
    "masks": (
        Target("rle_1024", "RLE of a 1024 x 1024 mask, the SDK's ÷ ours", "times", 20, 50),
        Target("rle_12", "RLE of a 12 Mpx mask, the SDK's ÷ ours", "times", 20, 50),
        Target("iou_mean", "masks: mean IoU to SamPredictor in fp32", "IoU", 0.995, 0.999),
        Target("iou_worst", "masks: worst IoU to SamPredictor in fp32", "IoU", 0.97, 0.99),
    ),
    "clicks": (
        _warm("backend_warm_12", "backend: warm click at 12 Mpx", 6, 8),
        _warm("backend_warm_2.8", "backend: warm click at 2.8 Mpx", 3.5, 5),
        Target(
            "backend_over_decoder", "backend: warm click at 12 Mpx ÷ bare decoder forward", "times",
            1.8, 1.3, True,
        ),
        _warm("back_to_image", "backend: back to an image seen before", 75, 500),
        _warm("back_after_restart", "backend: back to an image after a restart", 75, 500),
    ),
    "users": (
        Target(
            "nine_users_throughput", "nine users, own images, five clicks: clicks/s, ours ÷ peer",
            "times", 9, 20,
        ),
        Target("nine_users_wrong", "nine users: wrong masks, ours", "masks", 0, 0, True),
        Target("nine_users_errors", "nine users: errors, ours", "answers", 0, 0, True),
        Target("one_image_encodes", "nine users on one cold image: encodes", "encodes", 1, 1, True),
        Target("memory", "resident memory, nine warm images, ours ÷ peer", "times", 1, 0.5, True),
    ),
    "prelabels": (
        Target("prelabel_tutorial", "pre-labels at 12 Mpx: images/s, ours ÷ tutorial's", "times",
               10, 20),
        Target("prelabel_forward", "pre-labels at 12 Mpx: ours ÷ bare batched forward + decode",
               "times", 1.5, 1.15, True),
    ),
    "browser": (
        _warm("browser_warm_13.5", "browser: warm click until painted, 13.5 Mpx", 6, 12),
        _warm("browser_warm_3.4", "browser: warm click until painted, 3.4 Mpx", 3, 5),
        _warm("browser_warm_0.5", "browser: warm click until painted, 0.5 Mpx", 1.5, 2.5),
        Target("browser_30_masks", "browser: warm click, 30 masks ÷ none, ours", "times", 1.5, 1.1,
               True),
        Target("browser_first_after_opening",
               "browser: first click an encode's time after opening ÷ warm click, ours", "times",
               1.3, 1.05, True),
        _warm("browser_cold", "browser: first click, truly cold", 3, 5),
        _warm("browser_open", "browser: open a task until its masks are painted, 13.5 Mpx", 1, 2),
    ),
    "label-studio": (
        Target("request_75_masks_time", "interactive request at 75 masks: time, stock ÷ ours",
               "times", 5, 8),
        Target("request_75_masks_bytes", "interactive request at 75 masks: bytes, stock ÷ ours",
               "times", 100, 300),
    ),
    "data-sets": (
        Target("import_rate", "import of 10,000 addresses: images/s, ours ÷ one call each",
               "times", 5, 20),
        Target("import_memory", "import of 10,000 addresses: peak memory, ours ÷ the SDK's",
               "times", 1.5, 1, True),
        Target("export_rate", "export of 2,000 as COCO: images/s, ours ÷ the SDK's converter",
               "times", 1, 5),
        Target("export_memory", "export of 2,000 as COCO: peak memory, ours ÷ the SDK's converter",
               "times", 1, 0.75, True),
    ),
    "archive": (
        Target("archive_prelabels",
               "archive: pre-labels at 12 Mpx, images/s, pipeline ÷ bare model", "times", 0.8, 0.9),
        Target("archive_embeddings",
               "archive: embeddings at 12 Mpx, images/s, pipeline ÷ bare model", "times", 0.8, 0.9),
    ),
}  # fmt: skip


def chosen(words: Iterable[str]) -> dict[str, tuple[Target, ...]]:
    """Return the groups and figures that words name, all of them for no word.

    Raises:
        ValueError: a word names neither a group nor a figure.
    """
    wanted = list(words)
    names = {target.name for targets in GROUPS.values() for target in targets}
    unknown = [word for word in wanted if word not in names and word not in GROUPS]
    if unknown:
        known = ", ".join([*GROUPS, *sorted(names)])
        raise ValueError(f"no figure is called {', '.join(unknown)}; there are: {known}")
    if not wanted:
        return GROUPS
    found = {
        group: tuple(t for t in targets if group in wanted or t.name in wanted)
        for group, targets in GROUPS.items()
    }
    return {group: targets for group, targets in found.items() if targets}
