"""What an update that was killed began to make: the pending operations of the state.

The engine notes what it is about to make, and takes the note away when it is made
(pulumi/pkg/backend/snapshot.go). Where it is killed in between, the note stays, and nobody knows
whether the thing is there. The next update only warns: it makes a second one under another name, or
is refused because the name is taken, and `destroy` leaves the first. `pulumi refresh` asks a person
for each ID, or forgets them all (--clear-pending-creates); what it is told to import it only notes
under another word, which nothing reads (3.259, pkg/cmd/pulumi/operations/refresh.go). Here the ID
follows from what was to be made. So the thing is put into the state, and a refresh of it alone
reads it, or drops it where Google has none.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.operate.pulumi import Outcome, Target, operate
from infra.operate.table import kinds

State = dict[str, Any]
CREATING = "creating"

_VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
# The Google provider's own IDs: the import sections of its resources' pages.
_IDS: Mapping[str, str] = {
    "gcp:artifactregistry/repository:Repository": (
        "projects/{project}/locations/{location}/repositories/{repositoryId}"
    ),
    kinds.ADDRESS: "projects/{project}/regions/{region}/addresses/{name}",
    kinds.DISK: "projects/{project}/zones/{zone}/disks/{name}",
    "gcp:compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment": (
        "projects/{project}/zones/{zone}/disks/{disk}/{name}"
    ),
    kinds.FIREWALL: "projects/{project}/global/firewalls/{name}",
    kinds.MACHINE: "projects/{project}/zones/{zone}/instances/{name}",
    kinds.NETWORK: "projects/{project}/global/networks/{name}",
    kinds.SCHEDULE: "projects/{project}/regions/{region}/resourcePolicies/{name}",
    "gcp:compute/resourcePolicyAttachment:ResourcePolicyAttachment": (
        "projects/{project}/zones/{zone}/instances/{instance}/{name}"
    ),
    "gcp:compute/subnetwork:Subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "gcp:secretmanager/secret:Secret": "projects/{project}/secrets/{secretId}",
    "gcp:serviceaccount/account:Account": (
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"
    ),
    kinds.BUCKET: "{name}",
}


def _guest(inputs: State) -> tuple[str, State]:
    """A rule that is there already would count as the owner's, and stay: so it is said to be ours.

    Without `cors` the next update looks whether it is there. Versions that are kept already may
    have been the owner's wish.
    """
    added = {"cors": inputs["cors"], "versioning": False}
    outputs = {key: value for key, value in inputs.items() if key != "cors"}
    return inputs["bucket"], {**outputs, "added": added}


def _budget(inputs: State) -> tuple[str, State]:
    """Without its name: the provider looks for it, to change it and to delete it."""
    return inputs["display_name"], {**inputs, "budget": ""}


def _alerts(inputs: State) -> tuple[str, State]:
    """Without their names, likewise."""
    return inputs["display_name"], {**inputs, "names": {}}


# Our dynamic resources that make something: their ID, and a state from which they go on.
_OURS: Mapping[str, Callable[[State], tuple[str, State]]] = {
    "pulumi-python:dynamic/atelier:BucketGuest": _guest,
    "pulumi-python:dynamic/atelier:Budget": _budget,
    "pulumi-python:dynamic/atelier:Alerts": _alerts,
}
# Made twice it is the same: a member of a policy, an API that is on.
_SET = re.compile(r"I[Aa][Mm]Member$|^gcp:projects/service:Service$")


@dataclass(frozen=True)
class Unfinished:
    """What the state has of it.

    Attributes:
        state: The state without the notes, with what has an ID in its place; for `stack import`.
        begun: The types of all that was being made.
        looked_for: The URNs of what is in `state` now, and may not be there.
        keys: The accounts of which a key was being made: one that is there can no longer be used.
        nameless: What else Google gives its name, in words: one that is there is found by nobody.
    """

    state: State
    begun: tuple[str, ...]
    looked_for: tuple[str, ...]
    keys: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()


def find(exported: str) -> Unfinished | None:
    """Return what an update began to make, from `pulumi stack export`; None where that is nothing.

    What has no ID of its own is made again: an API that is on, a role that is given and an image
    that is pushed stay what they are.
    """
    state: State = json.loads(exported)
    deployment: State = state.get("deployment") or {}
    noted: list[State] = deployment.get("pending_operations") or []
    creating = [note["resource"] for note in noted if note["type"] == CREATING]
    if not creating:
        return None
    held: list[State] = deployment.get("resources") or []
    found: list[State] = []
    looked_for: list[str] = []
    for resource in creating:
        of_this_urn = [it for it in held if it["urn"] == resource["urn"]]
        identity, outputs = _identity(resource, of_this_urn)
        if not identity or any(it.get("id") == identity for it in of_this_urn):
            continue
        # Beside the one that it was to replace it can only wait to be deleted, and the next update
        # makes another.
        spare = {"delete": True} if any(not it.get("delete") for it in of_this_urn) else {}
        found.append({**resource, "id": identity, "outputs": outputs, **spare})
        if resource["type"] not in _OURS:
            looked_for.append(resource["urn"])
    remaining = [note for note in noted if note["type"] != CREATING]
    deployment = {**deployment, "resources": [*held, *found], "pending_operations": remaining}
    return Unfinished(
        {**state, "deployment": deployment},
        tuple(resource["type"] for resource in creating),
        tuple(dict.fromkeys(looked_for)),
        tuple(
            str(resource.get("inputs", {}).get("serviceAccountId", ""))
            for resource in creating
            if resource["type"] == kinds.KEY
        ),
        tuple(_worded(resource) for resource in creating if is_nameless(resource["type"])),
    )


def is_nameless(kind: str) -> bool:
    """Return whether Google gives a thing of this type its name, so that it may be there twice."""
    return (
        kind.startswith("gcp:")
        and kind not in _IDS
        and kind not in (_VERSION, kinds.KEY)
        and not _SET.search(kind)
    )


def _worded(resource: State) -> str:
    inputs: State = resource.get("inputs") or {}
    name = inputs.get("displayName", "")
    return f"{kinds.words(resource['type'])} {name}".strip()


def _identity(resource: State, before: Sequence[State]) -> tuple[str, State]:
    """Return the ID that it has if it is there, empty for what has none, and what is known of it.

    The provider reads most things by the properties that their IDs are made of, so it is given what
    was asked for. With nothing it would take the read for an import, and lose which names it made
    up (pulumi-terraform-bridge, Provider.Read).
    """
    inputs: State = resource.get("inputs") or {}
    # Which of the inputs were made up is the inputs' own.
    known = {key: value for key, value in inputs.items() if not key.startswith("__")}
    if resource["type"] == _VERSION:
        # Google counts them: cloud.google.com/secret-manager/docs/reference/rest/v1/
        # projects.secrets.versions, `name`.
        number = 1 + max((int(it.get("outputs", {}).get("version", 0)) for it in before), default=0)
        identity = f"{inputs.get('secret', '')}/versions/{number}"
        return identity, {**known, "name": identity, "version": str(number)}
    if ours := _OURS.get(resource["type"]):
        return ours(inputs)
    form = _IDS.get(resource["type"], "")
    try:
        return form.format_map({key: _last(key, value) for key, value in inputs.items()}), known
    except KeyError:
        return "", {}


def _last(key: str, value: object) -> str:
    """Return a name where a link was given."""
    return str(value).rpartition("/")[2] if key in ("disk", "instance") else str(value)


def told(unfinished: Unfinished) -> str:
    """Return what was being made, in a sentence."""
    words = dict.fromkeys(kinds.words(kind) for kind in sorted(unfinished.begun, key=kinds.rank))
    return f"The last update did not end while it made: {', '.join(words)}."


def take_up(target: Target, say: Callable[[str], None]) -> Outcome:
    """Put what is there into the state, and take away the notes.

    Returns how pulumi ended: it refuses mostly because the stack is locked, perhaps by an update
    that is still running.
    """
    # Read at the last moment: what another update wrote in the meantime must not be written over.
    exported = target.ask("stack", "export", "--stack", target.stack)
    unfinished = find(exported) if exported else None
    if unfinished is None:
        return Outcome(0, (), "")
    say(f"{told(unfinished)} Looking what is there, and taking it up:")
    with TemporaryDirectory(prefix="atelier-state-") as folder:
        file = Path(folder, "state.json")
        file.touch(mode=0o600)
        file.write_text(json.dumps(unfinished.state), "utf-8")
        put = target.tell("stack", "import", "--stack", target.stack, "--file", str(file))
    if put.returncode:
        say(put.stderr.strip())
        return Outcome(put.returncode, (), put.stderr)
    if not unfinished.looked_for:
        return Outcome(0, (), "")
    wanted = [word for urn in unfinished.looked_for for word in ("--target", urn)]
    return operate(target, "refresh", ("--yes", "--skip-preview", "--non-interactive", *wanted))


def by_hand(unfinished: Unfinished, project: str, *, destroying: bool) -> list[str]:
    """Return what only a person can look for. An account that is deleted takes its keys along.

    (https://cloud.google.com/iam/docs/service-accounts-delete-undelete.)
    """
    said: list[str] = []
    for account in () if destroying else unfinished.keys:
        email = account.rpartition("/")[2]
        said.append(
            f"A key of {email} may have been made whose secret half is lost; the update makes"
            " another. To see the account's keys and to delete the older of two:\n"
            f"    gcloud iam service-accounts keys list --managed-by user --iam-account {email}\n"
            f"    gcloud iam service-accounts keys delete KEY_ID --iam-account {email}"
        )
    if unfinished.nameless:
        said.append(
            f"There may be one too many of: {', '.join(unfinished.nameless)}. If so, delete the"
            " older one at:\n"
            f"    https://console.cloud.google.com/home/dashboard?project={project}"
        )
    return said
