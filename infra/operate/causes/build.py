"""Images that cannot be built at Google, or pushed from here.

Cloud Build runs as the stack's own account (`infra.components.builder`), whose roles the update
itself gives. `infra/cloudbuild.sh` waits some minutes for them.
"""

from infra.operate.causes.wording import UP, by_words
from infra.operate.explanation import Cause

_AGAIN = (
    "Google may still spread them: wait a minute, then go on where it stopped:",
    UP,
    "If it fails again, somebody took them away. Have them looked for, and given again:",
    "pulumi refresh {flags}",
    UP,
)

CAUSES: tuple[Cause, ...] = (
    by_words(
        "builder-reads",
        r"gcloud\.builds\.submit.{0,300}?(?P<account>\S+@\S+gserviceaccount\.com) does not have"
        r" storage\.",
        "Cloud Build runs as {account}, the stack's own account, which may not read the sources"
        " yet: it got its roles a moment ago. (Your own account lacks nothing.)",
        *_AGAIN,
    ),
    by_words(
        "builder-pushes",
        r"cloudbuild\.sh.{0,300}artifactregistry\.repositories\.uploadArtifacts",
        "The stack's own account, as which Cloud Build runs, may not push images to the registry"
        " yet: it got its roles a moment ago.",
        *_AGAIN,
    ),
    by_words(
        "push-login",
        r"failed to (?:fetch oauth|authorize).{0,200}pkg\.dev|pkg\.dev.{0,200}failed to (?:fetch"
        r" oauth|authorize)|exporting to image.{0,200}failed to fetch oauth"
        r"|failed to push \S*pkg\.dev.{0,400}401 Unauthorized"
        r"|Unauthenticated request\. Unauthenticated requests do not have"
        r" permission \"artifactregistry",
        "The login with which images are pushed has expired, or was not there: it lasts an hour.",
        "The next run takes a new one, and layers that were pushed are not pushed again:",
        "{make}",
        "If that fails within minutes, log in again:",
        "gcloud auth application-default login",
    ),
)
