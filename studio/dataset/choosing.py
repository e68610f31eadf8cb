"""Which of several annotations of a picture goes into a data set."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.dataset.labelled import Annotation
from studio.errors import ExportError

RULES = ("newest", "all", "consensus")


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        name: newest, all, consensus, or by.
        email: whose, for `by`.
    """

    name: str
    email: str = ""

    def __str__(self) -> str:
        return f"by={self.email}" if self.email else self.name

    @property
    def explanation(self) -> str:
        """The rule in a sentence."""
        return {
            "newest": "Where a picture has several annotations, the one that was changed last.",
            "all": "Every annotation is an item of its own; its name ends in the annotation's id.",
            "consensus": "Where a picture has several annotations, a pixel has a category if more "
            "than half of them say so. Each category is one object.",
            "by": "One person's annotations alone; the one that was changed last.",
        }[self.name]

    def choose(self, annotations: Sequence[Annotation]) -> list[list[Annotation]]:
        """Return the groups of annotations of which each becomes an item."""
        if self.name == "all":
            return [[one] for one in annotations]
        if self.name == "consensus":
            return [list(annotations)] if annotations else []
        wanted = [one for one in annotations if not self.email or one.by == self.email]
        return [[max(wanted, key=lambda one: (one.updated, one.id))]] if wanted else []


def read_rule(text: str) -> Rule:
    """Return the rule that `--annotations` names.

    Raises:
        ExportError: there is none like it.
    """
    if text in RULES:
        return Rule(text)
    name, _, email = text.partition("=")
    if name != "by" or "@" not in email:
        raise ExportError(f"--annotations {text}: write {', '.join(RULES)}, or by=anna@example.org")
    return Rule("by", email.strip().lower())
