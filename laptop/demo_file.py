"""`.local/demo.json`: where a ready demo is and how to get in, for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laptop.credentials import Credentials, write_private
from laptop.models import advice, served_words
from laptop.settings import LaptopSettings


def demo_content(
    settings: LaptopSettings, credentials: Credentials, project: int
) -> dict[str, Any]:
    """url, user, password, token, project id, the names of the models, and the folder of images
    where it is the user's own."""
    secret = credentials.revealed()
    login = {name: secret[name] for name in ("user", "password", "token")}
    facts = {"url": settings.url, **login, "project": project, "models": settings.served}
    return facts | ({"images": str(settings.images)} if settings.images else {})


def write_demo_file(path: Path, content: dict[str, Any]) -> None:
    """Writes it readable by the owner only, whole or not at all."""
    write_private(path, json.dumps(content, indent=2) + "\n")


def read_demo_file(path: Path) -> dict[str, Any] | None:
    """Its content, or None while no demo is ready."""
    return json.loads(path.read_text()) if path.is_file() else None


def invitation(demo: dict[str, Any], ending: str) -> str:
    """What a person needs to begin, and how it ends."""
    return (
        f"\n  Open      {demo['url']}/projects/{demo['project']}/data"
        f"\n  User      {demo['user']}"
        f"\n  Password  {demo['password']}"
        f"\n  Models    {served_words(demo['models'])}"
        f"\n\n{ending}" + (f"\n{more}" if (more := advice(demo["models"])) else "")
    )
