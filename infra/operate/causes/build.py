"""Images that cannot be built at Google, or pushed from here."""

from infra.operate.causes.wording import UP, by_words
from infra.operate.explanation import Cause

_GRANT = "gcloud projects add-iam-policy-binding {project} --member serviceAccount:"

CAUSES: tuple[Cause, ...] = (
    by_words(
        "builder-reads",
        r"gcloud\.builds\.submit.{0,300}?(?P<account>\S+@\S+gserviceaccount\.com) does not have"
        r" storage\.",
        "Cloud Build runs as {account}, and that account may not read the sources: in a new project"
        " it has no roles. (Your own account lacks nothing.)",
        "An owner of the project gives it those of a builder:",
        f"{_GRANT}{{account}} --role roles/cloudbuild.builds.builder",
        UP,
    ),
    by_words(
        "builder-pushes",
        r"cloudbuild\.sh.{0,300}artifactregistry\.repositories\.uploadArtifacts",
        "The account that Cloud Build runs as may not push images to the stack's registry.",
        "To see which account it is:",
        "gcloud builds get-default-service-account --project {project}",
        "An owner of the project gives it the role of a builder:",
        f"{_GRANT}ACCOUNT --role roles/cloudbuild.builds.builder",
        UP,
    ),
    by_words(
        "push-login",
        r"failed to (?:fetch oauth|authorize).{0,200}pkg\.dev|pkg\.dev.{0,200}failed to (?:fetch"
        r" oauth|authorize)|Unauthenticated request\. Unauthenticated requests do not have"
        r" permission \"artifactregistry",
        "The login with which images are pushed has expired, or was not there: it lasts an hour.",
        "Log in again; layers that were pushed are not pushed again:",
        "gcloud auth application-default login",
        UP,
    ),
)
