"""Who is who and who may what: read from a cloud.json, again whenever it changes."""

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization

from tests.cloud.storage.refusal import Refused

OBJECT, BUCKET = "storage.objects.", "storage.buckets."
VIEW = frozenset({OBJECT + "get", OBJECT + "list"})
EDIT = frozenset({OBJECT + "create", OBJECT + "delete", OBJECT + "update"})

# cloud.google.com/storage/docs/access-control/iam-roles, as far as anything here asks.
ROLES = {
    "roles/storage.objectViewer": VIEW,
    "roles/storage.objectCreator": frozenset({OBJECT + "create"}),
    "roles/storage.objectUser": VIEW | EDIT,
    "roles/storage.objectAdmin": VIEW | EDIT,
    "roles/storage.legacyObjectReader": frozenset({OBJECT + "get"}),
    "roles/storage.legacyBucketReader": frozenset({BUCKET + "get", OBJECT + "list"}),
    "roles/storage.bucketViewer": frozenset({BUCKET + "get", BUCKET + "list"}),
    "roles/storage.admin": VIEW | EDIT | {BUCKET + "get", BUCKET + "list"},
}
# Who runs Pulumi, with a token of their own: the project's owner.
OPERATOR = "operator@example.com"
SECRET_READER = "roles/secretmanager.secretAccessor"
SIGNER = "roles/iam.serviceAccountTokenCreator"


class World:
    """The resources of a cloud.json: `{"resources": {"TYPE ID": {"inputs": .., "outputs": ..}}}`.

    A key that is no longer in the file is revoked. Property names are those of the Pulumi provider.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stamp = (0, 0)
        self._resources: dict[str, dict[str, Any]] = {}

    def public_keys(self, email: str) -> dict[str, str]:
        """Return key id -> public key (PEM) of an account's own keys.

        Raises:
            Refused: there is no such account, or it is disabled.
        """
        accounts = {found.get("email"): found for found in self._all("serviceaccount.Account")}
        if email not in accounts or accounts[email].get("disabled"):
            raise Refused(400, "invalid_grant", "Invalid grant: account not found")
        keys = {}
        for key in self._all("serviceaccount.Key"):
            content = json.loads(base64.b64decode(key["privateKey"]))
            if content["client_email"] == email:
                keys[content["private_key_id"]] = public_half(content["private_key"])
        return keys

    def is_account(self, email: str) -> bool:
        """Whether the account is there and enabled."""
        return email == OPERATOR or any(
            found.get("email") == email and not found.get("disabled")
            for found in self._all("serviceaccount.Account")
        )

    def may_sign(self, caller: str | None, email: str) -> bool:
        """Whether `caller` may sign in the name of `email` (IAM Credentials' signBlob)."""
        return any(
            grant["role"] == SIGNER
            and grant["serviceAccountId"].endswith(f"/{email}")
            and grant["member"] == f"serviceAccount:{caller}"
            for grant in self._all("serviceaccount.IAMMember")
        )

    def machine_account(self) -> str | None:
        """Return the e-mail of the account that the cloud's machine runs as."""
        for found in self._all("compute.Instance"):
            return str((found.get("serviceAccount") or {}).get("email"))
        return None

    def secret(self, caller: str | None, name: str) -> str:
        """Return the content of a secret's version.

        Raises:
            Refused: `caller` may not read it; who may not, does not learn whether it is there.
        """
        secret = name.split("/")[3]
        readers = {
            grant["member"]
            for grant in self._all("secretmanager.SecretIamMember")
            if grant["role"] == SECRET_READER and grant["secretId"].split("/")[-1] == secret
        }
        for found in self._all("secretmanager.SecretVersion"):
            if found["name"] == name and f"serviceAccount:{caller}" in readers:
                return str(found["secretData"])
        text = "Permission 'secretmanager.versions.access' denied for resource"
        raise Refused(403, "PERMISSION_DENIED", f"{text} '{name}' (or it may not exist).")

    def bucket(self, name: str) -> dict[str, Any]:
        """Return a bucket's properties.

        Raises:
            Refused: there is none of this name.
        """
        for found in self._all("storage.Bucket"):
            if found["name"] == name:
                return found
        raise Refused(404, "notFound", "The specified bucket does not exist.")

    def permissions(self, caller: str | None, bucket: str) -> frozenset[str]:
        """Return what `caller` (None: anybody) may do in `bucket`."""
        if caller == OPERATOR:
            return ROLES["roles/storage.admin"]
        members = {"allUsers", f"serviceAccount:{caller}"} if caller else {"allUsers"}
        grants = [
            grant for grant in self._all("storage.BucketIAMMember") if grant["bucket"] == bucket
        ]
        grants += self._all("projects.IAMMember")
        roles = [
            ROLES.get(grant["role"], frozenset()) for grant in grants if grant["member"] in members
        ]
        return frozenset().union(*roles)

    def demand(self, caller: str | None, permission: str, bucket: str) -> None:
        """Return if `caller` has `permission`.

        Raises:
            Refused: it has not, or there is no such bucket (which only callers with a name learn).
        """
        if caller:
            self.bucket(bucket)
        if permission in self.permissions(caller, bucket):
            return
        thing = "object" if permission.startswith(OBJECT) else "bucket"
        text = (
            f"{caller or 'Anonymous caller'} does not have {permission} access to the Google Cloud "
            f"Storage {thing}. Permission '{permission}' denied on resource (or it may not exist)."
        )
        raise Refused(403 if caller else 401, "forbidden" if caller else "required", text)

    def _all(self, kind: str) -> list[dict[str, Any]]:
        return list(self._read(kind))

    def _read(self, kind: str) -> Iterator[dict[str, Any]]:
        with self._lock:
            try:
                stat = self._file.stat()
                stamp = (stat.st_mtime_ns, stat.st_ino)
                if stamp != self._stamp:
                    content = json.loads(self._file.read_text())
                    self._resources, self._stamp = content["resources"], stamp
            except FileNotFoundError:
                self._resources = {}
            resources = self._resources
        for name, resource in resources.items():
            if name.split()[0] == kind:
                yield {**resource.get("inputs", {}), **resource.get("outputs", {})}


def public_half(private_key: str) -> str:
    """Return the public key (PEM) that belongs to a private one."""
    key = serialization.load_pem_private_key(private_key.encode(), None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
