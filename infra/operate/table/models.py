"""The two models before and after, from what the program hands its images component."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from infra.operate.table.events import OpType, State, Step
from infra.operate.table.preview import inputs
from weights.file import megabytes

COMPONENT = "atelier:gcp:Images"
PROPERTY = "models"


@dataclass(frozen=True)
class Model:
    """One of them, as the table shows it.

    Attributes:
        does: What it does for labelers.
        before: The name of the one that serves now; empty where it stays, or there was none.
        name: The name of the one that is to serve; of one given by its address with the host.
        size: How much is fetched while the image is built.
        obliges: What its licence asks beyond what everybody knows; a clause, or empty.
        warning: What does not fit the machine; a clause, or empty.
    """

    does: str
    before: str
    name: str
    size: str
    licence: str
    obliges: str
    warning: str

    @property
    def words(self) -> str:
        """Which model, and which one before."""
        return f"{self.before} => {self.name}" if self.before else self.name

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """What has to be known about it: severity and sentence."""
        found = [
            ("warning", self.warning),
            ("note", self.obliges and f"{self.name}: {self.obliges}"),
        ]
        return tuple((severity, f"{text}.") for severity, text in found if text)


def models(steps: Iterable[Step]) -> tuple[Model, ...]:
    """Return the models that are to serve; none where images are prebuilt, or all is destroyed."""
    for step in steps:
        if step.type == COMPONENT and step.op is not OpType.DELETE:
            before = {str(entry.get("does")): _name(entry) for entry in _entries(step.old)}
            return tuple(_model(entry, before) for entry in _entries(step.new))
    return ()


def _model(entry: Mapping[str, object], before: Mapping[str, str]) -> Model:
    does, name = str(entry.get("does")), _name(entry)
    known = before.get(does, "")
    licence = str(entry.get("licence") or "unknown")
    return Model(
        does=does,
        before="" if known == name else known,
        name=name,
        size=_size(entry),
        licence="licence unknown" if licence == "unknown" else licence,
        obliges=str(entry.get("obliges") or ""),
        warning=str(entry.get("warning") or ""),
    )


def _entries(state: State | None) -> list[Mapping[str, object]]:
    found = inputs(state).get(PROPERTY)
    entries = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Mapping[str, object]", one) for one in entries if isinstance(one, Mapping)]


def _name(entry: Mapping[str, object]) -> str:
    host = entry.get("host")
    return f"{entry.get('name')} from {host}" if host else str(entry.get("name"))


def _size(entry: Mapping[str, object]) -> str:
    size = entry.get("bytes")
    if not isinstance(size, int | float):
        return "size unknown"
    if not size:
        return "part of Atelier"
    return megabytes(int(size))
