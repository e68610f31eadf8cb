"""Five stacks and all that is rendered for each; `python -m tests.infra.render.scenarios` writes
the golden files anew."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.render.cors import cors_rules
from infra.render.cost import estimate
from infra.render.env import env, image_env
from infra.render.proxy import caddyfile
from infra.render.url import next_steps, ssh_command, tunnel_command, url
from infra.settings.facts import IMAGE_NAMES
from infra.settings.fields import Settings
from infra.settings.load import load as load_settings

GOLDEN = Path(__file__).parent / "golden"
REWRITE = ".local/env/operator/bin/python -m tests.infra.render.scenarios"

ADDRESS = "203.0.113.10"
PASSWORD_SECRET = "projects/123456789012/secrets/atelier-dev-admin-password/versions/1"
SERVICE_ACCOUNT = "atelier@demo-project.iam.gserviceaccount.com"
REFERENCES = {
    name: f"us-docker.pkg.dev/atelier/images/{name.replace('_', '-')}@sha256:{number:064x}"
    for number, name in enumerate(IMAGE_NAMES, 1)
}

SCENARIOS: Mapping[str, Mapping[str, object]] = {
    "dev": {},
    "cpu-tls-off": {
        "preset": "cpu",
        "tls": "off",
        "allowedRanges": ["198.51.100.0/24"],
        "keepData": False,
        "workHours": "off",
        "maxRunHours": 12,
    },
    "domain": {
        "preset": "l4-large",
        "zone": "europe-west4-a",
        "tls": "domain",
        "domain": "label.example.org",
        "acmeEmail": "it@example.org",
        "corsOrigins": ["https://label.example.org", "https://review.example.org"],
        "workDays": "Mon,Wed,Sat",
        "workHours": "20:00-04:30",
        "timeZone": "Europe/Amsterdam",
        "sprintDays": 7,
        "interactiveModel": "sam-vit-h",
        "backends": {
            "IMAGE_HOSTS": ["Images.example.org", "203.0.113.7:9000"],
            "MAX_BODY_MB": 64,
            "SAM_CACHE_MB": 4096,
            "SEGMENTATION_MIN_AREA": "0.001",
        },
    },
    "iap-keyless": {
        "preset": "t4",
        "spot": True,
        "access": "iap",
        "tls": "off",
        "auth": "keyless",
        "mediaAccess": "proxy",
        "sourceBucket": "a-team-images",
        "maxRunHours": 30,
    },
    "prebuilt": {
        "preset": "cpu",
        "machineType": "n2-standard-8",
        "images": "prebuilt",
        "prebuilt": REFERENCES,
        "workHours": "off",
        "maxRunHours": 0,
    },
}


def load(raw: Mapping[str, object], **more: object) -> Settings:
    """Return settings of the stack `dev` in demo-project, with a password unless one is given."""
    values = {"adminPassword": """it's $HOME "and" #1 `x` \\""", **raw, **more}
    return load_settings(values, project="demo-project", stack="dev")


def render(settings: Settings) -> dict[str, str]:
    """Return file name -> text for one stack."""
    own_url = url(settings, ADDRESS)
    return {
        "env": env(
            settings, url=own_url, service_account=SERVICE_ACCOUNT, password=PASSWORD_SECRET
        ),
        "images": image_env(REFERENCES),
        "Caddyfile": caddyfile(settings, address=ADDRESS),
        "cors.json": _json(cors_rules(settings, origin=own_url)),
        "cost.json": _json(estimate(settings).as_dict()),
        "cost.txt": estimate(settings).sentence() + "\n",
        "next-steps.txt": next_steps(settings, ADDRESS) + "\n",
        "commands.txt": f"{ssh_command(settings)}\n{tunnel_command(settings)}\n",
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


if __name__ == "__main__":
    for scenario, raw in SCENARIOS.items():
        folder = GOLDEN / scenario
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in render(load(raw)).items():
            (folder / name).write_text(text, encoding="utf-8")
