"""Names that Google takes: project, stack, buckets, labels, snapshots, billing account."""

import ipaddress
import re
from collections.abc import Iterator

from infra.settings.fields import Settings
from infra.settings.findings import Finding, shown
from infra.settings.rules.rule import reads

# Resources are called atelier-<stack>-<what>: 20 characters leave 10 for <what> in the shortest
# of Google's limits, the 30 of a service account's id.
MAX_NAME = 20
# Source: cloud.google.com/compute/docs/labeling-resources. Google counts the program's own two.
MAX_LABELS = 62

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_STACK = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]")
_BUCKET_CHARACTERS = re.compile(r"[a-z0-9_.-]*")
_RESOURCE = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_BILLING_ACCOUNT = re.compile(r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_LOOK_ALIKES = str.maketrans("013", "ole")


@reads("project")
def project(settings: Settings) -> Iterator[Finding]:
    """The project's id, not its number or its display name."""
    if not settings.project:
        yield Finding(
            "gcp:project",
            "no Google Cloud project is chosen",
            "Run `pulumi config set gcp:project PROJECT_ID`; `gcloud projects list` shows the ids",
        )
    elif not _PROJECT.fullmatch(settings.project):
        yield Finding(
            "gcp:project",
            f"{shown(settings.project)} is not a project id",
            "Write the id, not the name or number: 6 to 30 lowercase letters, digits and hyphens,"
            " a letter first, as `gcloud projects list` shows it",
        )


@reads("stack")
def stack(settings: Settings) -> Iterator[Finding]:
    """The stack's name is in every resource's name."""
    longest = MAX_NAME - len(settings.name) + len(settings.stack)
    if not _STACK.fullmatch(settings.stack) or len(settings.name) > MAX_NAME:
        yield Finding(
            "stack",
            f"{shown(settings.stack)} cannot be a part of Google's resource names",
            f"Make a stack of at most {longest} lowercase letters, digits and hyphens:"
            " `pulumi stack init dev`",
        )


@reads("source_bucket")
def source_bucket(settings: Settings) -> Iterator[Finding]:
    """A given name, by Google's rules."""
    if settings.source_bucket:
        yield from _bucket("sourceBucket", settings.source_bucket)


@reads("target_bucket")
def target_bucket(settings: Settings) -> Iterator[Finding]:
    """A given name, by Google's rules."""
    if settings.target_bucket:
        yield from _bucket("targetBucket", settings.target_bucket)


@reads("project", "stack", "source_bucket", "target_bucket")
def made_buckets(settings: Settings) -> Iterator[Finding]:
    """The names made of project and stack, and that there are two."""
    if not (any(project.check(settings)) or any(stack.check(settings))):
        if not settings.source_bucket:
            yield from _bucket("sourceBucket", settings.source_bucket_name)
        if not settings.target_bucket:
            yield from _bucket("targetBucket", settings.target_bucket_name)
    if settings.source_bucket_name == settings.target_bucket_name:
        yield Finding(
            "targetBucket",
            f"{shown(settings.target_bucket_name)} is the source bucket too",
            "Name another bucket: results would be offered as images to label",
        )


def _bucket(key: str, name: str) -> Iterator[Finding]:
    fault = bucket_fault(name)
    if fault:
        yield Finding(key, f"{shown(name)} {fault[0]}", fault[1])


def bucket_fault(name: str) -> tuple[str, str] | None:
    """Return what Google refuses in a bucket's name and what to do, or None.

    Source: cloud.google.com/storage/docs/buckets#naming.
    """
    plain = name.translate(_LOOK_ALIKES)
    if not 3 <= len(name) <= 63:
        return (
            f"has {len(name)} characters; Google takes 3 to 63",
            "Choose a shorter name" if len(name) > 63 else "Choose a longer name",
        )
    if not _BUCKET_CHARACTERS.fullmatch(name):
        return (
            "has characters that Google refuses in a bucket's name",
            "Use lowercase letters, digits, - and _ only",
        )
    if _is_address(name):
        return ("looks like an IP address, which Google refuses", "Choose a name with letters")
    if "." in name:
        return (
            "has a dot: Google takes it for a domain and wants proof that you own it",
            f"Write a hyphen instead: {name.replace('.', '-')}",
        )
    if not _BUCKET.fullmatch(name):
        return ("must begin and end with a letter or digit", f"Write {name.strip('-_')}")
    if name.startswith("goog"):
        return ('begins with "goog", which Google keeps for itself', "Choose another beginning")
    if "google" in plain:
        return ('contains "google" or looks like it, which Google refuses', "Leave that word out")
    return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@reads("restore_from")
def restore_from(settings: Settings) -> Iterator[Finding]:
    """A snapshot's name, as far as its form goes; whether it exists is known on the way up."""
    if not _RESOURCE.fullmatch(settings.restore_from):
        yield Finding(
            "restoreFrom",
            f"{shown(settings.restore_from)} cannot be a snapshot's name",
            "Write newest, none, or a name from `gcloud compute snapshots list`",
        )


@reads("billing_account")
def billing_account(settings: Settings) -> Iterator[Finding]:
    """The account's id."""
    if settings.billing_account and not _BILLING_ACCOUNT.fullmatch(settings.billing_account):
        yield Finding(
            "billingAccount",
            f"{shown(settings.billing_account)} is not a billing account's id",
            "Write it as `gcloud billing accounts list` shows it: 012345-6789AB-CDEF01",
        )


@reads("labels")
def labels(settings: Settings) -> Iterator[Finding]:
    """Google's rules for labels, which are stricter than most people's."""
    if len(settings.labels) > MAX_LABELS:
        yield Finding(
            "labels",
            f"there are {len(settings.labels)}; Google takes {MAX_LABELS} beside the stack's own",
            "Leave some out",
        )
    for key, value in settings.labels.items():
        if key in settings.own_labels or key.startswith("goog"):
            yield Finding(
                "labels", f"{shown(key)} is kept for Google and this program", "Choose another name"
            )
        elif not _LABEL_KEY.fullmatch(key):
            yield Finding(
                "labels",
                f"{shown(key)} cannot be a label's name",
                "Begin with a lowercase letter; then lowercase letters, digits, - and _, 63 in all",
            )
        if not _LABEL_VALUE.fullmatch(value):
            yield Finding(
                "labels",
                f"{shown(value)} cannot be the value of {shown(key)}",
                "Use at most 63 lowercase letters, digits, - and _",
            )
