"""What an organization forbids, and names that somebody else has."""

import re

from infra.operate.explanation import Cause, Context, Explanation, Failure

_KEYS = re.compile(
    r"disableServiceAccountKeyCreation|Key creation is not allowed on this service account"
)
_CONSTRAINT = re.compile(r"(constraints/[\w.]+)[^.]{0,80}violated|violates? constraint '?([\w./]+)")
_TAKEN = re.compile(r"requested bucket name is not available", re.IGNORECASE)
_OWNED = re.compile(r"you already own (?:it|this bucket)", re.IGNORECASE)


def key_forbidden(failure: Failure, context: Context) -> Explanation | None:
    """The organization allows no service account keys, Google's default since May 2024."""
    if not _KEYS.search(failure.text):
        return None
    return Explanation(
        "key-forbidden",
        "An organization policy forbids service account keys"
        " (iam.disableServiceAccountKeyCreation).",
        (
            "The studio works without one, with the machine's own identity:",
            context.set("auth", "keyless"),
            context.up(),
        ),
    )


def constraint(failure: Failure, context: Context) -> Explanation | None:
    """Another policy of the organization."""
    match = _CONSTRAINT.search(failure.text)
    if not match:
        return None
    name = match[1] or match[2]
    return Explanation(
        "organization-policy",
        f"An organization policy forbids this: {name}.",
        (
            "Ask the organization's administrator for an exception for project"
            f" {context.project_or_blank}, or use a project without that policy.",
        ),
    )


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
        (
            "Choose another name:",
            *(context.set(key, "NAME") for key in keys),
            context.up(),
        ),
    )


CAUSES: tuple[Cause, ...] = (key_forbidden, bucket_taken, constraint)
