"""What all groups of figures are given, and what they hand back."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.speed.figures import Row, Target
from benchmarks.speed.pictures import Pictures
from benchmarks.speed.servers import Weights
from benchmarks.speed.timing import Contention


@dataclass(frozen=True)
class Table:
    """Measured values that no target is held against, for the report."""

    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass
class Run:
    """One run of the benchmark.

    Attributes:
        weights: of the interactive model, in both sides.
        pictures: the server of the pictures.
        folder: for logs, weights and data; gone afterwards.
        quick: few samples and small weights, for trying the benchmark itself out.
        rows: what was measured so far.
        tables: what belongs into the report beside the rows.
        contention: group -> share of the machine that other processes used meanwhile.
        wanted: the figures of the group at hand.
    """

    weights: Weights
    pictures: Pictures
    folder: Path
    quick: bool
    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    contention: dict[str, float] = field(default_factory=dict)
    wanted: dict[str, Target] = field(default_factory=dict)

    def want(self, *names: str) -> bool:
        """Whether any of these figures is asked for."""
        return any(name in self.wanted for name in names)

    def note(self, name: str, value: float | None, detail: str = "") -> None:
        """Take down a figure, unless nobody asked for it, and show it."""
        if name not in self.wanted:
            return
        row = Row(self.wanted[name], value, detail)
        self.rows.append(row)
        shown = "not measured" if value is None else f"{value:.4g} {row.target.unit}"
        print(f"  {name}: {shown}{'' if row.passed else ' (short)'} - {detail}", flush=True)

    def tabulate(self, title: str, head: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
        self.tables.append(Table(title, tuple(head), tuple(tuple(line) for line in lines)))

    def samples(self, full: int, quick: int = 2) -> int:
        """How often something is timed."""
        return quick if self.quick else full


def measure(
    run: Run, groups: dict[str, tuple[Target, ...]], by_group: dict[str, Callable[[Run], None]]
) -> None:
    """Measure groups one after the other. A figure that fails is one that falls short.

    An error ends its group only: what it has not measured is taken down with the error's sentence.
    """
    for group, targets in groups.items():
        print(f"{group} ...", flush=True)
        run.wanted = {target.name: target for target in targets}
        others = Contention()
        reason = "the group does not measure it"
        try:
            by_group[group](run)
        # Whatever a server, a browser or a model may raise: it is shown, and counts as a failure.
        except Exception as error:  # noqa: BLE001
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[-400:]}"
        run.contention[group] = others.share()
        for name in missing(targets, run.rows):
            run.note(name, None, reason)


def missing(targets: Iterable[Target], rows: Collection[Row]) -> list[str]:
    """The names of targets that no row has."""
    known = {row.target.name for row in rows}
    return [target.name for target in targets if target.name not in known]
