"""A stack's instance in the cloud double, with the attributes that the program renders for it."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.render.env import env, image_env
from infra.render.metadata import static
from infra.render.proxy import caddyfile
from infra.render.url import url
from infra.settings.fields import Settings
from infra.settings.load import load as load_settings
from tests.cloud.gcp.facts import NUMBER
from tests.cloud.lab.instance import KIND

PROJECT = "demo-project"
ACCOUNT = f"atelier-dev@{PROJECT}.iam.gserviceaccount.com"
SECRET = f"projects/{NUMBER}/secrets/atelier-dev-admin-password"
CONFIG: Mapping[str, object] = {"preset": "cpu", "adminPassword": "correct horse battery 7"}
# No key of anybody's: what the startup script looks for in a decoded key, and nothing more.
KEY = {"type": "service_account", "client_email": ACCOUNT, "private_key": "made up for a test"}


def load(**config: object) -> Settings:
    """Return the settings of a stack on the CPU preset."""
    return load_settings({**CONFIG, **config}, project=PROJECT, stack="dev")


def attributes(settings: Settings, images: Mapping[str, str], address: str) -> dict[str, str]:
    """Return the machine's metadata attributes, as infra.components.metadata joins them."""
    key = base64.b64encode(json.dumps(KEY).encode()).decode()
    return {
        **static(settings),
        "atelier-caddyfile": caddyfile(settings, address=address),
        "atelier-env": env(
            settings,
            url=url(settings, address),
            service_account=ACCOUNT,
            password=f"{SECRET}/versions/1",
        ),
        "atelier-images": image_env(images),
        "GOOGLE_APPLICATION_CREDENTIALS_BASE64": key,
    }


def attribute(name: str) -> str:
    """Return an attribute's name: in lower case, underscores stand for its hyphens."""
    return name.replace("_", "-") if name.islower() else name


class CloudFile:
    """cloud.json with one machine in it, changed in place as `pulumi up` changes metadata."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.file = folder / "cloud.json"
        self.settings = settings
        self.guest = folder / "guest-attributes" / f"{settings.name}.json"

    def create(self, metadata: Mapping[str, str]) -> None:
        """Put the machine into the cloud, with nothing reported yet."""
        self.guest.unlink(missing_ok=True)
        zone, name = self.settings.zone, self.settings.name
        inputs = {
            "name": name,
            "zone": zone,
            "project": PROJECT,
            "machineType": self.settings.machine.machine_type,
            "metadata": dict(metadata),
            "serviceAccount": {"email": ACCOUNT},
        }
        key = f"{KIND}projects/{PROJECT}/zones/{zone}/instances/{name}"
        password = self.settings.admin_password.get_secret_value()
        version = {"name": f"{SECRET}/versions/1", "secretData": password}
        reader = {
            "secretId": "atelier-dev-admin-password",
            "role": "roles/secretmanager.secretAccessor",
            "member": f"serviceAccount:{ACCOUNT}",
        }
        account = {"email": ACCOUNT}
        resources = {
            key: inputs,
            f"secretmanager.SecretVersion {SECRET}/versions/1": version,
            "secretmanager.SecretIamMember 1": reader,
            "serviceaccount.Account 1": account,
        }
        self.write(
            {"resources": {it: {"inputs": resources[it], "outputs": {}} for it in resources}}
        )

    def change(self, **attributes: str) -> None:
        """Change some metadata attributes, whose names are told as `attribute` takes them."""
        known = json.loads(self.file.read_text())
        resource = next(known["resources"][key] for key in known["resources"] if KIND in key)
        changed = {attribute(name): value for name, value in attributes.items()}
        resource["inputs"]["metadata"].update(changed)
        self.write(known)

    def write(self, content: dict[str, Any]) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(content))
        new.rename(self.file)

    def reported(self) -> dict[str, str]:
        """Return what the machine wrote to its guest attributes: phase, message and running."""
        if not self.guest.exists():
            return {}
        return json.loads(self.guest.read_text()).get("atelier", {})
