"""A cause by its words alone: a pattern, and what is said where it is found."""

import re
from collections.abc import Mapping

from infra.operate.explanation import Cause, Context, Explanation, Failure

UP = "{up}"
# What passes by itself.
WAIT = "Wait a minute or two, then run the same again; what is there already stays:"
# A zone's name, as a pattern.
ZONE = r"[a-z]+-[a-z]+\d+-[a-z]"


def by_words(name: str, pattern: str, what: str, *todo: str) -> Cause:
    """Return a cause.

    Args:
        name: What its explanation is called.
        pattern: A regular expression; case counts.
        what: The sentence. `{group}` stands for a named group of the pattern, `{project}` and
            `{stack}` for theirs, `{flags}` for pulumi's options.
        todo: The lines, likewise; `{up}` is pulumi's command that goes on, `{make}` ours.
    """
    known = re.compile(pattern)

    def cause(failure: Failure, context: Context) -> Explanation | None:
        match = known.search(failure.text)
        if match is None:
            return None
        words: Mapping[str, str] = {
            "project": context.project_or_blank,
            "stack": context.stack,
            "flags": context.flags,
            "up": context.up(),
            "make": context.make("up"),
            **{key: value or "" for key, value in match.groupdict().items()},
        }
        return Explanation(
            name, what.format_map(words), tuple(line.format_map(words) for line in todo)
        )

    cause.__name__ = name.replace("-", "_")
    return cause
