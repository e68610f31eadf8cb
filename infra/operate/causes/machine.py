"""The machine that is there, and that labelers cannot log in to."""

import re

from infra.operate.explanation import Cause, Context, Explanation, Failure

# Before the other causes: the log that it quotes may hold the words of any.
_NOT_READY = re.compile(r"\binfra\.dynamic\.readiness_errors\.NotReadyError: ")


def not_ready(failure: Failure, context: Context) -> Explanation | None:
    """All was made, and the check at the end failed."""
    if not _NOT_READY.search(failure.text):
        return None
    return Explanation(
        "not-ready",
        "Everything was made, but labelers cannot log in to what was asked for. The error above"
        " tells what the machine says, and what to do. Then:",
        (context.up(),),
    )


CAUSES: tuple[Cause, ...] = (not_ready,)
