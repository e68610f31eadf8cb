"""What the checks look at: a stack's settings, what its state holds, and who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.operate.doctor.finding import Finding, doubtful
from infra.operate.doctor.google import Answer, Google
from infra.operate.table.kinds import MACHINE
from infra.settings.fields import Settings


@dataclass(frozen=True)
class Subject:
    """One stack, before an update.

    Attributes:
        standing: The types of the state's resources: empty before the first update.
        machine: What the state keeps of the machine; empty before there is one.
        address: The machine's static address, empty before there is one.
        unfinished: The types of what an update began to make that did not end.
        builds: Whether the tool that builds the images is looked at.
    """

    settings: Settings
    google: Google
    environ: Mapping[str, str]
    standing: frozenset[str] = field(default_factory=frozenset[str])
    machine: Mapping[str, object] = field(default_factory=dict[str, object])
    address: str = ""
    unfinished: tuple[str, ...] = ()
    builds: bool = True

    @property
    def project(self) -> str:
        """The Google Cloud project's id."""
        return self.settings.project

    @property
    def is_up(self) -> bool:
        """Whether the machine is there already, so that its share of every quota is taken."""
        return MACHINE in self.standing


def not_looked_at(what: str, answer: Answer) -> Finding:
    """Return that a check could not be made: no wall, since `up` may well succeed."""
    if answer.api_is_off:
        return doubtful(f"{what}: not looked at, as the API is off")
    if answer.lacks_quota_project:
        return doubtful(f"{what}: not looked at, as your login has no quota project")
    if answer.status == 403:
        return doubtful(f"{what}: not looked at, as your account may not ask", answer.message)
    return doubtful(f"{what}: not looked at", answer.message)
