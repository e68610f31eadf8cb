"""A push that outlasts its login: the update goes on with a new one.

Google's access tokens last an hour. The provider that builds keeps the one that it began with, and
asks no credential helper of this computer for another (`applyAuthSandbox` in provider/internal/
cli.go of pulumi-docker-build), so that an image of some gigabytes does not get through a slow line.
What was built is in Docker's cache and what was pushed is in the registry: the next run takes a new
token, and goes on from there.
"""

import time
from collections.abc import Callable

from infra.operate.aftermath import failures
from infra.operate.causes import explain
from infra.operate.explanation import Context
from infra.operate.pulumi import Outcome

# A token may be some minutes old when it is handed out. What fails before has another reason.
OUTLASTED_SECONDS = 50 * 60
# A layer that does not get through within an hour never does.
TIMES = 5
# Somebody agreed an hour ago, and may not be there any more.
AGREED = ("--yes", "--skip-preview")


def go_on(
    update: Callable[[tuple[str, ...]], Outcome],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Return how an update ended that is run again each time its pushes' login has expired.

    Args:
        update: Runs it, with more options.
        say: Tells the user.
        clock: Seconds, from whenever.
    """
    began = clock()
    outcome = update(())
    for _ in range(TIMES):
        if not is_outlasted(outcome, clock() - began):
            break
        say(
            "\nThe login with which images are pushed has expired, after an hour. Going on with a"
            " new one; what was pushed is not pushed again:"
        )
        began = clock()
        outcome = update(AGREED)
    return outcome


def is_outlasted(outcome: Outcome, seconds: float) -> bool:
    """Return whether an update that took so long failed because a push's login had expired."""
    if not outcome.status or seconds < OUTLASTED_SECONDS:
        return False
    return any(it.cause == "push-login" for it in explain(failures(outcome), Context("")))
