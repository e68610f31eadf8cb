"""What an organization forbids, and names that somebody else has."""

import re

from infra.operate.causes.wording import UP, by_words
from infra.operate.explanation import Cause, Context, Explanation, Failure

_TAKEN = re.compile(r"requested bucket name is not available", re.IGNORECASE)
_OWNED = re.compile(r"you already own (?:it|this bucket)", re.IGNORECASE)


def bucket_taken(failure: Failure, context: Context) -> Explanation | None:
    """Bucket names are shared by all of Google Cloud."""
    is_owned = bool(_OWNED.search(failure.text))
    if not is_owned and not _TAKEN.search(failure.text):
        return None
    keys = [
        key
        for key in ("sourceBucket", "targetBucket")
        if key.removesuffix("Bucket") in failure.resource.lower()
    ] or ["sourceBucket", "targetBucket"]
    if is_owned:
        return Explanation(
            "bucket-owned",
            "You have a bucket of this name already, and it was not found when the update began.",
            (
                "If it is in this project, run the update again, which takes it up as it is:",
                context.up(),
                "If it is in another project of yours, choose another name:",
                *(context.set(key, "NAME") for key in keys),
            ),
        )
    return Explanation(
        "bucket-taken",
        "Somebody else has a bucket of this name: names are shared by all users of Google Cloud.",
        ("Choose another name:", *(context.set(key, "NAME") for key in keys), context.up()),
    )


CAUSES: tuple[Cause, ...] = (
    # Google's default for new organizations since May 2024.
    by_words(
        "key-forbidden",
        r"disableServiceAccountKeyCreation|Key creation is not allowed on this service account",
        "An organization policy forbids service account keys"
        " (iam.disableServiceAccountKeyCreation).",
        "The studio works without one, with the machine's own identity:",
        "pulumi config set {flags} atelier:auth keyless",
        UP,
    ),
    bucket_taken,
    by_words(
        "organization-policy",
        r"(?P<name>constraints/[\w.]+)[^.]{0,80}violated|violates? constraint '?(?P<other>[\w./]+)",
        "An organization policy forbids this: {name}{other}.",
        "Ask the organization's administrator for an exception for project {project}, or use a"
        " project without that policy.",
    ),
)
