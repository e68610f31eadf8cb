"""What passes by itself: Google tells a new account, role or API to its parts within minutes."""

from infra.operate.causes.wording import UP, WAIT, by_words
from infra.operate.explanation import Cause

CAUSES: tuple[Cause, ...] = (
    by_words(
        "new-account",
        r"Service account (?P<account>\S+@\S+) does not exist",
        "Google does not know the account {account} everywhere yet: it was made a moment ago.",
        WAIT,
        UP,
    ),
    by_words(
        "new-role",
        r"Compute Engine System service account \S+ needs to have \[\S*instances\.start",
        "The schedule's right to start and stop the machine was given a moment ago, and Google does"
        " not know it everywhere yet.",
        WAIT,
        UP,
    ),
    by_words(
        "too-many-questions",
        r"rateLimitExceeded|Queries per minute|Error 429",
        "Google was asked too often within a minute, by you or by others in the project.",
        WAIT,
        UP,
    ),
)
