"""The machine that is there: that stays, or that labelers cannot log in to."""

import re

from infra.operate.causes.wording import UP, by_words
from infra.operate.explanation import Cause, Context, Explanation, Failure

# DeleteStep and the step generator of the engine (pulumi/pkg/resource/deploy), and the provider's
# own refusal, which looks at the state.
_PROTECTED = re.compile(
    r"gcp:compute/instance:Instance::.{0,300}?"
    r"(?:because it is protected|currently marked for protection)"
    r"|[Dd]eletion [Pp]rotection is enabled|deletion_protection to false"
)


def protected(failure: Failure, context: Context) -> Explanation | None:
    """The setting that keeps the machine.

    The engine's own advice would leave Google's half. And an update that takes the protection off
    and replaces the machine deletes it as the state has it, protected still: so it is taken off at
    Google, and the state learns it.
    """
    if not _PROTECTED.search(failure.text):
        return None
    return Explanation(
        "protected",
        "atelier:deletionProtection keeps the machine from being deleted or replaced. To do it all"
        " the same (and not by `pulumi state unprotect`, after which Google still refuses):",
        (
            context.set("deletionProtection", "false"),
            f"gcloud compute instances update atelier-{context.stack}"
            f" --zone {context.old_zone or 'ZONE'} --project {context.project_or_blank}"
            " --no-deletion-protection",
            *(
                ()
                if context.old_zone
                else (f"(ZONE: pulumi config get {context.flags} atelier:zone)",)
            ),
            f"pulumi refresh {context.flags}",
            context.up(),
            "To destroy the stack, then run that again.",
        ),
    )


CAUSES: tuple[Cause, ...] = (
    # Before the other causes: the log that it quotes may hold the words of any.
    by_words(
        "not-ready",
        r"\binfra\.dynamic\.readiness_errors\.NotReadyError: ",
        "Everything was made, but labelers cannot log in to what was asked for. The error above"
        " tells what the machine says, and what to do. Then:",
        UP,
    ),
    protected,
)
