"""A machine of the cloud double as its metadata server shows it.

`cloud.json` is what the Pulumi double keeps: {"resources": {"compute.Instance ID": {inputs,
outputs}}}. Paths and values:
https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys.
"""

import json
import zlib
from pathlib import Path
from typing import Any

KIND = "compute.Instance "


def instances(cloud: Path) -> dict[str, dict[str, Any]]:
    """Return the machines that exist in a cloud.json, by name, with inputs laid over outputs."""
    resources = json.loads(cloud.read_text())["resources"] if cloud.exists() else {}
    found: dict[str, dict[str, Any]] = {}
    for key, resource in resources.items():
        if key.startswith(KIND):
            known = {**resource.get("outputs", {}), **resource.get("inputs", {})}
            found[known.get("name") or key.rpartition("/")[2]] = known
    return found


def tree(instance: dict[str, Any], project: str, address: str, token: str) -> dict[str, Any]:
    """Return what the metadata server serves below computeMetadata/v1/, as nested dicts.

    `address` is the one that the machine itself has; its outside address is an access config's.
    """
    name, zone = instance["name"], instance["zone"].rpartition("/")[2]
    number = zlib.crc32(project.encode())
    account = instance.get("serviceAccount") or {}
    email = account.get("email", "")
    entry = {
        "aliases": ["default"],
        "email": email,
        "scopes": account.get("scopes") or ["https://www.googleapis.com/auth/cloud-platform"],
        "token": {"access_token": token, "expires_in": 3599, "token_type": "Bearer"},
    }
    outside = [
        {"external-ip": config.get("natIp", ""), "type": "ONE_TO_ONE_NAT"}
        for interface in instance.get("networkInterfaces", [])
        for config in interface.get("accessConfigs", [])
    ]
    return {
        "instance": {
            "attributes": dict(instance.get("metadata") or {}),
            "description": "",
            "disks": [{"device-name": "boot", "index": 0, "mode": "READ_WRITE"}],
            "hostname": f"{name}.{zone}.c.{project}.internal",
            "id": zlib.crc32(f"{project}/{name}".encode()) + (1 << 40),
            "machine-type": f"projects/{number}/machineTypes/{instance.get('machineType', '')}",
            "maintenance-event": "NONE",
            "name": name,
            "network-interfaces": [{"access-configs": outside, "ip": address, "mtu": 1460}],
            "preempted": "FALSE",
            "service-accounts": {"default": entry, email: entry} if email else {},
            "tags": instance.get("tags") or [],
            "zone": f"projects/{number}/zones/{zone}",
        },
        "project": {"attributes": {}, "numeric-project-id": number, "project-id": project},
        "universe": {"universe-domain": "googleapis.com"},
    }
