"""The Google APIs that a stack needs: enabled by the program, looked at by the doctor."""

from infra.settings.fields import Settings

ALWAYS = (
    "artifactregistry",
    "cloudresourcemanager",
    "compute",
    "iam",
    "iamcredentials",
    "iap",  # SSH goes through it, also where the web does not.
    "secretmanager",
    "serviceusage",
    "storage",
)
# Who runs the jobs over an archive.
BATCH = {"cloudrun": "run", "dataflow": "dataflow"}


def apis(settings: Settings) -> list[str]:
    """Return the short names of the APIs that these settings need, in order."""
    jobs = [] if settings.batch == "off" else [BATCH[settings.batch]]
    return sorted([*studio_apis(settings), *jobs])


def studio_apis(settings: Settings) -> list[str]:
    """Return those that the studio itself waits for, in order."""
    names = [*ALWAYS]
    if settings.images == "cloudbuild":
        names.append("cloudbuild")
    if settings.billing_account:
        names.append("billingbudgets")
    if settings.alert_email:
        names.append("monitoring")
    return sorted(names)
