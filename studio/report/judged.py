"""An image as people and the model saw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Results = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Judgement:
    """One annotation, or one skip.

    Attributes:
        by: e-mail of whoever made it.
        seconds: how long the task was open, as Label Studio counted; None when it did not.
        prediction: the results of the pre-label that it began from; None without one.
    """

    id: int
    by: str
    at: datetime
    is_skip: bool
    seconds: float | None
    results: Results
    prediction: Results | None


@dataclass(frozen=True)
class JudgedTask:
    """A task with all that was said about it. `name` is what people know its image by."""

    id: int
    name: str
    judgements: tuple[Judgement, ...]
