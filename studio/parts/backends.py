"""The ML backends: registered in the file's order, reachable, and without webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.errors import BackendError, RefusedError
from studio.label_studio.records import RegisteredBackend
from studio.output import counted
from studio.part import Context, Step
from studio.project.project_file import Backend, ProjectFile
from studio.readiness import wait_until_up

OF_DATA = False


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        registered: in the order of registration.
        webhooks: ids of those that Label Studio made for backends.
        predictions_from: title of the backend that the project takes predictions from.
    """

    registered: tuple[RegisteredBackend, ...] = ()
    webhooks: tuple[int, ...] = ()
    predictions_from: str = ""


@dataclass(frozen=True)
class AwaitBackends(Step):
    """Wait for all that will change before any is removed: one that never comes up leaves the
    others as they are."""

    backends: tuple[Backend, ...]

    def describe(self) -> str:
        return ""

    def carry_out(self, context: Context) -> None:
        for backend in self.backends:
            with context.output.waiting(f"waiting for backend {backend.title}") as tell:
                wait_until_up(backend, context.wait_seconds, tell)


@dataclass(frozen=True)
class RemoveWebhooks(Step):
    """Remove webhooks of backends, by id."""

    ids: tuple[int, ...]

    def describe(self) -> str:
        return f"remove {counted(len(self.ids), 'webhook')} of backends"

    def carry_out(self, context: Context) -> None:
        context.studio.remove_webhooks(self.ids)


@dataclass(frozen=True)
class RemoveBackend(Step):
    """Remove a registered backend, by id; its predictions stay."""

    id: int
    title: str
    reason: str

    def describe(self) -> str:
        return f"remove backend {self.title!r}: {self.reason}"

    def carry_out(self, context: Context) -> None:
        context.studio.remove_backend(self.id)


@dataclass(frozen=True)
class ConnectBackend(Step):
    """Register a backend (``id`` is 0), or change the one with this id.

    Attributes:
        first: whether it makes the project's predictions.
    """

    backend: Backend
    id: int
    reason: str
    first: bool

    @property
    def may_change_model(self) -> bool:
        return self.first

    def describe(self) -> str:
        verb = "change" if self.id else "register"
        return f"{verb} backend {self.backend.title!r}: {self.reason}"

    def carry_out(self, context: Context) -> None:
        try:
            if self.id:
                context.studio.update_backend(self.id, context.project_id, self.backend)
            else:
                context.studio.register_backend(context.project_id, self.backend)
        except RefusedError as error:
            raise _explained(error, self.backend) from None


@dataclass(frozen=True)
class TakePredictionsFrom(Step):
    """Choose the backend whose predictions labelers start from."""

    title: str

    def describe(self) -> str:
        return f"take predictions from {self.title!r}"

    def carry_out(self, context: Context) -> None:
        context.studio.update_project(context.project_id, {"model_version": self.title})


def look(context: Context) -> Seen:
    found, present = context.present.project, context.present
    if found is None:
        return Seen()
    urls = [backend.url for backend in present.backends]
    webhooks = context.studio.webhooks_of(found.id, urls)
    return Seen(present.backends, tuple(webhooks), found.model_version)


def compare(project: ProjectFile, seen: Seen) -> list[Step]:
    kept, removed = _kept(project.backends, seen.registered)
    connected = _connected(project.backends, kept)
    steps: list[Step] = []
    if connected:
        steps.append(AwaitBackends(tuple(step.backend for step in connected)))
    if seen.webhooks:
        steps.append(RemoveWebhooks(seen.webhooks))
    steps += [*removed, *connected]
    first = project.backends[0].title if project.backends else ""
    # Removing a backend can empty the project's choice.
    if first and (seen.predictions_from != first or removed):
        steps.append(TakePredictionsFrom(first))
    return steps


def _kept(
    wanted: Sequence[Backend], registered: Sequence[RegisteredBackend]
) -> tuple[dict[str, RegisteredBackend], list[RemoveBackend]]:
    """Return what can stay, by title, and what cannot.

    Label Studio asks the backend with the lowest id, so the order of registration counts.
    """
    titles = [backend.title for backend in wanted]
    kept: dict[str, RegisteredBackend] = {}
    removed = []
    for found in registered:
        if found.title not in titles:
            removed.append(RemoveBackend(found.id, found.title, "not in the project file"))
        elif found.title in kept:
            removed.append(RemoveBackend(found.id, found.title, "registered twice"))
        else:
            kept[found.title] = found
    if list(kept) != titles[: len(kept)]:
        reason = "registered in another order"
        removed += [RemoveBackend(found.id, found.title, reason) for found in kept.values()]
        kept = {}
    return kept, removed


def _connected(
    wanted: Sequence[Backend], kept: dict[str, RegisteredBackend]
) -> list[ConnectBackend]:
    steps = []
    for position, backend in enumerate(wanted):
        found = kept.get(backend.title)
        reason = _difference(backend, found) if found else "not registered yet"
        if reason:
            number = found.id if found else 0
            steps.append(ConnectBackend(backend, number, reason, first=position == 0))
    return steps


def _difference(backend: Backend, found: RegisteredBackend) -> str:
    if found.url != backend.url:
        return f"its address was {found.url}"
    if (found.user if found.with_auth else "") != backend.user:
        return "its user is different"
    if found.interactive != backend.interactive:
        return f"interactive was {str(found.interactive).lower()}"
    if not found.is_connected:
        # Its password cannot be read back; a wrong one shows here.
        return f"Label Studio is not connected to it ({found.error or 'no answer'})"
    return ""


def _explained(error: RefusedError, backend: Backend) -> Exception:
    """Recognise Label Studio's own words for a 401, and for an address that it may not call."""
    if "authentication parameters" in str(error) or "401 Client Error" in str(error):
        return BackendError(
            f"backend {backend.title!r} at {backend.url} does not accept user {backend.user!r} "
            "with this password; correct both in the project file"
        )
    if "reserved network address" in str(error):
        return BackendError(
            f"Label Studio may not call backend {backend.title!r} at {backend.url}: start Label "
            "Studio with the backend's address in ML_BACKEND_ADDRESSES"
        )
    return error
