"""What Label Studio has, as far as the studio needs it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from label_studio_sdk.types import MlBackend

from studio.project.project_file import SOURCE_KEY

# Between a model's version and the reason why it cannot use an image.
REFUSED = " cannot: "
# What the version of a prediction begins with that was made of several annotations.
CONSENSUS = "consensus of "
# Where a task's `meta` says what the studio imported.
MARK_KEY = "atelier"


@dataclass(frozen=True)
class Project:
    """A project as Label Studio has it.

    Attributes:
        overlap: how many annotations a task shall have.
        overlap_percent: the share of the tasks for which that counts; the others shall have one.
    """

    id: int
    title: str
    description: str
    label_config: str
    show_collab_predictions: bool
    evaluate_predictions_automatically: bool
    model_version: str
    overlap: int = 1
    overlap_percent: int = 100


@dataclass(frozen=True)
class RegisteredBackend:
    """A backend as Label Studio has it; asking for it makes Label Studio try it out.

    Attributes:
        state: CO when connected, DI when disconnected, ER, TR, PR.
        model_version: what its /setup answered last.
    """

    id: int
    title: str
    url: str
    user: str
    with_auth: bool
    interactive: bool
    state: str
    model_version: str
    error: str

    @property
    def is_connected(self) -> bool:
        """Whether Label Studio reaches it, and it accepts the password."""
        return self.state == "CO"


@dataclass(frozen=True)
class Task:
    """A task as Label Studio has it, without annotations and predictions.

    Attributes:
        annotators: ids of users who annotated or skipped it, each once.
        annotations: without the skipped ones.
        skipped: how many times somebody skipped it.
        model_versions: of its predictions, joined with commas.
        updated: when its data or annotations were changed last.
        overlap: how many annotations it shall have.
        completed: when the newest annotation was made; None while there are fewer.
        meta: what Label Studio keeps beside the data, and shows nowhere.
    """

    id: int
    data: dict[str, Any]
    annotators: tuple[int, ...]
    annotations: int
    skipped: int
    model_versions: str
    updated: datetime | None = None
    overlap: int = 1
    completed: datetime | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> dict[str, Any]:
        """What the studio noted about its image when it imported it; empty if it did not."""
        return self.meta.get(MARK_KEY) or {}

    @property
    def content(self) -> str:
        """What its image's content is recognised by; "" if that is not known."""
        return str(self.mark.get("content", ""))

    @property
    def first_source(self) -> str:
        """Its first place in the source, where its image was moved since; else ""."""
        return str(self.mark.get("first", ""))

    @property
    def source(self) -> str | None:
        """What the studio imported it from; None when somebody else did."""
        return self.data.get(SOURCE_KEY)

    @property
    def name(self) -> str:
        """What people know its image by."""
        return self.source or f"task {self.id}"

    def has_prediction_of(self, version: str) -> bool:
        """Whether one of its predictions is of ``version``, which may hold commas itself."""
        return f",{version}," in f",{self._versions},"

    def refusal_of(self, version: str) -> str | None:
        """Why the model of ``version`` cannot use its image, None when it did not say so.

        Our backends write it into the prediction's version (backends/serving/outcomes.py), without
        commas: `VERSION cannot: REASON`.
        """
        _, found, rest = f",{self._versions}".partition(f",{version}{REFUSED}")
        return rest.partition(",")[0] if found else None

    @property
    def _versions(self) -> str:
        # PostgreSQL's come with a space behind each comma (data_manager/serializers.py).
        return self.model_versions.replace(", ", ",")


def number_of(item: Any) -> int:
    """Return the id; the SDK declares it optional, what the API returns always has one."""
    return int(item.id)


def to_project(item: Any) -> Project:
    """Take from the SDK's project what the studio needs."""
    return Project(
        id=number_of(item),
        title=item.title or "",
        description=item.description or "",
        label_config=item.label_config or "",
        show_collab_predictions=bool(item.show_collab_predictions),
        evaluate_predictions_automatically=bool(item.evaluate_predictions_automatically),
        model_version=item.model_version or "",
        overlap=int(item.maximum_annotations or 1),
        overlap_percent=100 if (share := item.overlap_cohort_percentage) is None else int(share),
    )


def to_backend(item: MlBackend) -> RegisteredBackend:
    """Take from the SDK's backend what the studio needs."""
    return RegisteredBackend(
        id=number_of(item),
        title=item.title or "",
        url=item.url.rstrip("/"),
        user=item.basic_auth_user or "",
        with_auth=item.auth_method == "BASIC_AUTH",
        interactive=bool(item.is_interactive),
        state=str(item.state),
        model_version=item.model_version or "",
        error=item.error_message or "",
    )


def to_task(item: Any) -> Task:
    """Take from the SDK's task what the studio needs."""
    return Task(
        id=number_of(item),
        data=dict(item.data or {}),
        annotators=tuple(item.annotators or ()),
        annotations=int(item.total_annotations or 0),
        skipped=int(item.cancelled_annotations or 0),
        model_versions=item.predictions_model_versions or "",
        updated=instant(item.updated_at),
        overlap=int(item.overlap or 1),
        completed=instant(item.completed_at),
        meta=dict(item.meta or {}) if isinstance(item.meta, dict) else {},
    )


def to_mark(item: Any) -> dict[str, Any]:
    """Take from the SDK's task what the studio noted in it."""
    return (item.meta if isinstance(item.meta, dict) else {}).get(MARK_KEY) or {}


def instant(value: datetime | str | None) -> datetime | None:
    """Return a time with its zone; the SDK leaves those of a task list as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
