"""What the cloud fills in: the outputs of a resource, and the form of those programs rely on."""

import base64
import copy
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.cloud.gcp.facts import API, COMPUTE, DEFAULTS, NUMBER, PROTECTED
from tests.cloud.gcp.package import ResourceType
from tests.cloud.gcp.state import last
from tests.cloud.rpc import UNKNOWN, Refused

Values = dict[str, Any]


def number(seed: str, digits: int = 19) -> str:
    """Return a made-up number, always the same for a seed."""
    return str(int(hashlib.sha256(seed.encode()).hexdigest(), 16))[:digits]


def known(wheel: ResourceType, inputs: Values, config: Values) -> Values:
    """Return the inputs with what the provider adds to them without asking the cloud."""
    given = {key: value for key, value in inputs.items() if not key.startswith("__")}
    values = copy.deepcopy(given)
    for key in ("project", "zone", "region"):
        if key in wheel.outputs and config.get(key):
            values.setdefault(key, config[key])
    if "effectiveLabels" in wheel.outputs:
        labels = {**(given.get("labels") or {}), "goog-pulumi-provisioned": "true"}
        values["effectiveLabels"] = values["pulumiLabels"] = labels
    protection = {
        "deletionPolicy": "DELETE",
        "deletionProtection": PROTECTED.get(wheel.kind, False),
    }
    for key, value in {**protection, **DEFAULTS.get(wheel.kind, {})}.items():
        if key in wheel.outputs:
            values.setdefault(key, value)
    return values


def created(
    wheel: ResourceType, inputs: Values, config: Values, seed: str, key: Callable[[], str]
) -> Values:
    """Return all outputs of a resource that exists. `key` gives the accounts' private key."""
    values = known(wheel, inputs, config)
    values |= special(wheel.kind, values, inputs, seed, key)
    for name, annotation in wheel.outputs.items():  # What is not Optional is always filled in.
        if name not in values and not annotation.startswith("Optional["):
            values[name] = plain(annotation, name, seed)
    return values


def previewed(wheel: ResourceType, inputs: Values, config: Values) -> Values:
    """Return the outputs as a preview knows them: what the cloud makes up is unknown."""
    values = known(wheel, inputs, config)
    made = special(wheel.kind, values, inputs, "preview", str)
    hidden = veil(made, inputs)
    if wheel.kind == "serviceaccount.Account" and UNKNOWN not in (
        values["accountId"],
        values.get("project"),
    ):
        hidden |= {name: made[name] for name in ("email", "member")}
    values |= hidden
    for name, annotation in wheel.outputs.items():
        if name not in values and not annotation.startswith("Optional["):
            values[name] = UNKNOWN
    return values


def veil(value: Any, given: Any) -> Any:
    """Return `value` with all that the program did not give itself made unknown."""
    if isinstance(value, dict):
        inside = given if isinstance(given, dict) else {}
        return {key: veil(item, inside.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        items = given if isinstance(given, list) else []
        return [veil(item, items[i] if i < len(items) else None) for i, item in enumerate(value)]
    return value if given is not None and value == given else UNKNOWN


def identity(wheel: ResourceType, values: Values) -> str:
    """Return a resource's id.

    Raises:
        Refused: when the project or the zone is neither in the resource nor in the config.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("project", "zone") and not values.get(name):
            raise Refused(f"{name}: required field is not set")
        if name not in values:
            raise Refused(f"the cloud double cannot make the id {wheel.identity} without {name}")
        places = ("instance", "instanceName", "disk", "zone", "region", "network")
        return last(values[name]) if name in places else str(values[name])

    return re.sub(r"\{(\w+)\}", value, wheel.identity)


def special(kind: str, values: Values, given: Values, seed: str, key: Callable[[], str]) -> Values:
    """Return the outputs whose form programs rely on."""
    project, byte = values.get("project"), int(number(seed, 6)) % 250 + 2
    if kind == "compute.Instance":
        return machine(values, given, seed, byte)
    if kind == "secretmanager.Secret":
        return {"name": f"projects/{NUMBER}/secrets/{given.get('secretId')}"}
    if kind == "secretmanager.SecretVersion":
        # The provider's id has the project's id, the API's name its number.
        version, secret = seed.rpartition("-")[2], last(given.get("secret"))
        name = f"projects/{NUMBER}/secrets/{secret}/versions/{version}"
        return {"name": name, "version": version}
    if kind == "compute.Address":
        inside = given.get("addressType") == "INTERNAL"
        return {"address": f"10.128.1.{byte}" if inside else f"198.51.100.{byte}"}
    if kind == "serviceaccount.Account":
        email = f"{values.get('accountId')}@{project}.iam.gserviceaccount.com"
        name = f"projects/{project}/serviceAccounts/{email}"
        member = f"serviceAccount:{email}"
        return {"email": email, "member": member, "uniqueId": number(seed, 21), "name": name}
    if kind == "serviceaccount.Key":
        return service_account_key(given["serviceAccountId"], seed, key())
    if kind == "storage.Bucket":
        name = values["name"]
        links = {"url": f"gs://{name}", "selfLink": f"{API}storage/v1/b/{name}"}
        return {**links, "projectNumber": int(NUMBER)}
    if kind == "artifactregistry.Repository":
        place, name = values.get("location") or values.get("region"), values["repositoryId"]
        address = f"{place}-docker.pkg.dev/{project}/{name}"
        return {"location": place, "registryUri": address, "name": name}
    if kind == "billing.Budget":
        return {"name": number(seed)}
    if kind == "compute.Snapshot":
        return {"snapshotId": int(number(seed, 9)), "storageBytes": 0}
    return {}


def machine(values: Values, given: Values, seed: str, byte: int) -> Values:
    """Return a machine's addresses, disks and state."""
    cards = copy.deepcopy(given.get("networkInterfaces") or [])
    for i, card in enumerate(cards):
        card.setdefault("name", f"nic{i}")
        card.setdefault("networkIp", f"10.128.0.{byte}")
        for access in card.get("accessConfigs") or []:
            access.setdefault("networkTier", "PREMIUM")
            access.setdefault("natIp", f"203.0.113.{byte}")
    place = f"projects/{values.get('project')}/zones/{values.get('zone')}"
    disks = [{"mode": "READ_WRITE", **disk} for disk in given.get("attachedDisks") or []]
    return {
        "attachedDisks": disks,
        "bootDisk": {
            "autoDelete": True,
            "deviceName": "persistent-disk-0",
            "mode": "READ_WRITE",
            "source": f"{COMPUTE}{place}/disks/{values.get('name')}",
            **(given.get("bootDisk") or {}),
        },
        "cpuPlatform": "Intel Cascade Lake",
        "currentStatus": given.get("desiredStatus") or "RUNNING",
        "instanceId": number(seed),
        "networkInterfaces": cards,
    }


def service_account_key(account: str, seed: str, private_key: str) -> Values:
    """Return a key as IAM gives it out: base64 of the JSON that Google's clients read."""
    key, email = hashlib.sha1(seed.encode()).hexdigest(), last(account)
    content = {
        "type": "service_account",
        "project_id": email.split("@")[-1].split(".")[0],
        "private_key_id": key,
        "private_key": private_key,
        "client_email": email,
        "client_id": number(seed, 21),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    }
    text = base64.b64encode(json.dumps(content, indent=2).encode()).decode()
    # A key that Google makes has no end: its validBeforeTime is the last second of the calendar
    # (https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys).
    return {
        "key": key,
        "name": f"{account}/keys/{key}",
        "privateKey": text,
        "validAfter": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "validBefore": "9999-12-31T23:59:59Z",
    }


def plain(annotation: str, name: str, seed: str) -> Any:
    """Return a value of the right type for an output that no rule knows."""
    if annotation.startswith("Sequence["):
        return []
    if "Mapping[" in annotation or "outputs." in annotation:
        return {}
    if "builtins.int" in annotation or "builtins.float" in annotation:
        return int(number(seed + name, 6))
    if "builtins.bool" in annotation:
        return False
    if "time" in name.lower():
        return "2026-01-01T00:00:00.000Z"
    return hashlib.sha1((seed + name).encode()).hexdigest()[:12]
