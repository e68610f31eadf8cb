"""A failure of the engine, and what is said about it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """One error as the engine reports it.

    Attributes:
        text: Its words, white space collapsed (YAML inside Google's answers breaks lines anywhere).
        resource: The resource's name in the program; empty for an error of the whole.
    """

    text: str
    resource: str = ""

    @staticmethod
    def of(message: str, resource: str = "") -> "Failure":
        """Return a message as a failure."""
        return Failure(" ".join(message.split()), resource)


@dataclass(frozen=True)
class Context:
    """What commands that are proposed have to name.

    Attributes:
        project: The Google Cloud project of the config; empty where it is not known.
        old_zone: The zone that the machine is leaving; empty where it stays.
        config_file: The stack's config file where it is not Pulumi.<stack>.yaml.
    """

    stack: str
    project: str = ""
    old_zone: str = ""
    config_file: str = ""

    @property
    def flags(self) -> str:
        """The options that lead a pulumi command to this stack."""
        file = f" --config-file {self.config_file}" if self.config_file else ""
        return f"--stack {self.stack}{file}"

    @property
    def project_or_blank(self) -> str:
        """The project, or a word to be replaced."""
        return self.project or "PROJECT"

    def set(self, key: str, value: str) -> str:
        """Return the command that sets a key of the stack's config."""
        return f"pulumi config set {self.flags} atelier:{key} {value}"

    def up(self) -> str:
        """Return the command that goes on."""
        return f"pulumi up {self.flags}"

    def make(self, verb: str) -> str:
        """Return the command that takes one of our verbs to this stack."""
        stack = "" if self.stack == "dev" else f" STACK={self.stack}"
        file = f" CONFIG_FILE={self.config_file}" if self.config_file else ""
        return f"make {verb}{stack}{file}"


@dataclass(frozen=True)
class Explanation:
    """What happened, in a sentence, and what to do, a line each (a command stands alone)."""

    cause: str
    what: str
    todo: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is printed: the sentence, and under it what to do."""
        return "\n".join([self.what, *(f"    {line}" for line in self.todo)])


Cause = Callable[[Failure, Context], Explanation | None]
