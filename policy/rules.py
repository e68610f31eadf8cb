"""The rules, as pure functions of resources: neither an engine nor Pulumi's SDK is needed.

A rule tells what it knows to be wrong. What only the update will tell (`UNKNOWN`) is not held
against a stack, and is judged by the next preview.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

MACHINE = "gcp:compute/instance:Instance"
FIREWALL = "gcp:compute/firewall:Firewall"
BUCKET = "gcp:storage/bucket:Bucket"
ATTACHED_POLICY = "gcp:compute/resourcePolicyAttachment:ResourcePolicyAttachment"
KEY = "gcp:serviceaccount/key:Key"
# The machine's metadata attribute that names the images, as lines of NAME=REFERENCE.
IMAGES = "atelier-images"
SSH_PORT = 22
# No network is shorter that somebody could have for himself (10.0.0.0/8), and two halves of the
# internet are the internet.
SHORTEST_PREFIX = 8
EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
WITH_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
# "We recommend rotating your keys at least every 90 days":
# https://cloud.google.com/iam/docs/key-rotation
KEY_DAYS = 90
UNKNOWN = object()


@dataclass(frozen=True)
class Resource:
    """A resource as the engine tells of it.

    Attributes:
        kind: Its type, such as gcp:storage/bucket:Bucket.
        values: Its properties by Pulumi's names; what is not known yet is `UNKNOWN`.
    """

    kind: str
    urn: str
    values: Mapping[str, object]

    def text(self, key: str) -> str:
        """Return a property that is a text; empty where it is none, or not known."""
        found = self.values.get(key)
        return found if isinstance(found, str) else ""

    def texts(self, key: str) -> list[str]:
        """Return the texts in a property that is a list."""
        return [entry for entry in _list(self.values.get(key)) if isinstance(entry, str)]

    def map(self, key: str) -> Mapping[str, object]:
        """Return a property that is a map; empty where it is none, or not known."""
        return _map(self.values.get(key))


Broken = tuple[Resource, str]
"""What breaks a rule, and what is wrong and what to do in a sentence each."""


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        name: As it stands in the table.
        promise: What it holds, in one line.
        is_mandatory: Whether a preview that finds it broken fails.
        needs_all: Whether it looks at the whole stack with what Google has told of it, not at one
            resource as the program declares it.
        look: Finds what breaks it. Takes the resources and the time.
    """

    name: str
    promise: str
    is_mandatory: bool
    needs_all: bool
    look: Callable[[Sequence[Resource], datetime], Iterator[Broken]]


def public_ssh(resources: Sequence[Resource], now: datetime) -> Iterator[Broken]:
    """Find firewall rules that let everybody reach port 22."""
    for rule in resources:
        if (
            rule.kind != FIREWALL
            or rule.text("direction") == "EGRESS"
            or rule.values.get("disabled")
        ):
            continue
        open_to = [place for place in _sources(rule) if _is_everybody(place)]
        if open_to and any(_lets_ssh_in(_map(entry)) for entry in _list(rule.values.get("allows"))):
            yield (
                rule,
                f"It opens port 22 to {', '.join(open_to)}. Name the ranges that need it: Google's"
                " Identity-Aware Proxy, through which gcloud compute ssh --tunnel-through-iap"
                " comes, is 35.235.240.0/20.",
            )


def public_bucket(resources: Sequence[Resource], now: datetime) -> Iterator[Broken]:
    """Find buckets that may be published, and roles that publish one."""
    for resource in resources:
        if not resource.kind.startswith("gcp:storage/"):
            continue
        prevention = resource.values.get("publicAccessPrevention")
        if resource.kind == BUCKET and prevention not in ("enforced", UNKNOWN):
            yield (
                resource,
                "One role for allUsers would publish all that is in it. Declare it with"
                ' public_access_prevention="enforced".',
            )
        given = [
            *map(resource.text, ("member", "entity")),
            *(name for key in ("members", "roleEntities") for name in resource.texts(key)),
        ]
        named = sorted({who for who in EVERYBODY for name in given if name.endswith(who)})
        if named:
            yield (
                resource,
                f"It gives {' and '.join(named)} a role: everybody reads the images. Name accounts"
                " or groups.",
            )


def images_without_digest(resources: Sequence[Resource], now: datetime) -> Iterator[Broken]:
    """Find machines that are told an image by its tag."""
    for machine in resources:
        if machine.kind != MACHINE:
            continue
        told = machine.map("metadata").get(IMAGES)
        for line in told.splitlines() if isinstance(told, str) else ():
            name, _, reference = line.partition("=")
            if reference and not WITH_DIGEST.fullmatch(reference.strip("'\"")):
                yield (
                    machine,
                    f"{name} is {reference}: what a tag means may change between two boots. Give"
                    " the reference with its @sha256: digest.",
                )


def nothing_stops_it(resources: Sequence[Resource], now: datetime) -> Iterator[Broken]:
    """Find machines that run, and are billed, until somebody thinks of them."""
    scheduled = [it.values.get("instance") for it in resources if it.kind == ATTACHED_POLICY]
    for machine in resources:
        if machine.kind != MACHINE:
            continue
        limit = machine.values.get("scheduling") is UNKNOWN or machine.map("scheduling").get(
            "maxRunDuration"
        )
        by_schedule = any(
            name is UNKNOWN or name == machine.values.get("name") for name in scheduled
        )
        if not limit and not by_schedule:
            yield (
                machine,
                "Nothing outside the machine stops it: neither a limit on a run nor a schedule. Set"
                " one: pulumi config set atelier:maxRunHours 72, or atelier:workHours 08:00-20:00.",
            )


def old_keys(resources: Sequence[Resource], now: datetime) -> Iterator[Broken]:
    """Find service account keys that are due to be replaced."""
    for key in resources:
        made = _time(key.text("validAfter")) if key.kind == KEY else None
        if made and now - made > timedelta(days=KEY_DAYS):
            version = str(key.map("keepers").get("version", ""))
            raised = str(int(version) + 1) if version.isdecimal() else "N"
            yield (
                key,
                f"The key is {(now - made).days} days old; Google advises {KEY_DAYS} at most."
                f" Replace it, which stops nobody: pulumi config set atelier:keyVersion {raised},"
                " then make up. Without a key: atelier:auth keyless.",
            )


RULES = (
    Rule("no-public-ssh", "Not everybody may reach port 22.", True, False, public_ssh),
    Rule("no-public-bucket", "No bucket can be read by everybody.", True, False, public_bucket),
    Rule(
        "images-by-digest", "Images are named by their digest.", True, False, images_without_digest
    ),
    Rule("stop-rule", "Something stops the machine.", False, True, nothing_stops_it),
    Rule("key-age", f"Keys are at most {KEY_DAYS} days old.", False, True, old_keys),
)


def _sources(rule: Resource) -> list[str]:
    """Return where a firewall rule lets in from; Google's default, with no source at all, is all.

    https://docs.cloud.google.com/firewall/docs/firewalls#sources
    """
    keys = ("sourceRanges", "sourceTags", "sourceServiceAccounts")
    if not any(rule.values.get(key) for key in keys):
        return ["0.0.0.0/0"]
    return rule.texts("sourceRanges")


def _is_everybody(place: str) -> bool:
    try:
        return ip_network(place, strict=False).prefixlen < SHORTEST_PREFIX
    except ValueError:
        return False


def _lets_ssh_in(allowed: Mapping[str, object]) -> bool:
    # Protocols go by name or by number: 6 is TCP.
    if str(allowed.get("protocol", "")).lower() not in ("tcp", "6", "all"):
        return False
    ports = allowed.get("ports")
    return not ports or any(_holds(str(entry), SSH_PORT) for entry in _list(ports))


def _holds(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    return first.isdecimal() and int(first) <= port <= int(last or first)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
