"""Write a cloud.json by hand, in the form that `pulumi up` leaves on the stand-in cloud."""

import base64
import json
import secrets
from pathlib import Path
from typing import Any

from tests.cloud.storage.signatures import new_private_key

PROJECT = "demo-project"


class CloudFile:
    """Accounts, keys, buckets and roles; every change is written at once, whole.

    One that is there already is gone on with: nobody else may write it meanwhile.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._content: dict[str, Any] = {"resources": {}}
        if file.exists():
            self._content = json.loads(file.read_text())
        self._resources: dict[str, dict[str, Any]] = self._content["resources"]
        self._save()

    def add_account(self, name: str) -> str:
        """Make a service account; return its e-mail."""
        email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        self._put(f"serviceaccount.Account {name}", {"email": email, "disabled": False})
        return email

    def add_key(self, email: str) -> str:
        """Make a key; return the content of its file."""
        key_id = secrets.token_hex(20)
        content = json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": key_id,
                "private_key": new_private_key(),
                "client_email": email,
                "client_id": "1",
                "token_uri": "https://oauth2.googleapis.com/token",
                "universe_domain": "googleapis.com",
            }
        )
        encoded = base64.b64encode(content.encode()).decode()
        self._put(f"serviceaccount.Key {email}/{key_id}", {"privateKey": encoded})
        return content

    def revoke_keys(self, email: str) -> None:
        """Delete all keys of an account."""
        for name in [name for name in self._resources if name.startswith("serviceaccount.Key ")]:
            if f" {email}/" in name:
                del self._resources[name]
        self._save()

    def add_bucket(self, name: str, **properties: Any) -> None:
        """Make a bucket, or change it."""
        self._put(f"storage.Bucket {name}", {"name": name, **properties})

    def grant(self, bucket: str, email: str, *roles: str) -> None:
        """Let `email` have these roles on `bucket`, and no others."""
        start = f"storage.BucketIAMMember {bucket} {email} "
        for name in [name for name in self._resources if name.startswith(start)]:
            del self._resources[name]
        for role in roles:
            grant = {"bucket": bucket, "role": f"roles/storage.{role}"}
            self._put(start + role, {**grant, "member": f"serviceAccount:{email}"})
        self._save()

    def let_sign(self, email: str) -> None:
        """Make an account token creator on itself."""
        account = f"projects/{PROJECT}/serviceAccounts/{email}"
        grant = {"serviceAccountId": account, "role": "roles/iam.serviceAccountTokenCreator"}
        name = f"serviceaccount.IAMMember {email}"
        self._put(name, {**grant, "member": f"serviceAccount:{email}"})

    def _put(self, name: str, properties: dict[str, Any]) -> None:
        self._resources[name] = {"inputs": properties, "outputs": {}}
        self._save()

    def _save(self) -> None:
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(self._content))
        draft.replace(self.file)
