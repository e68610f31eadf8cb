"""`.local/demo.json`: where a ready demo is and how to get in, for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laptop.credentials import Credentials, write_private


def demo_content(url: str, credentials: Credentials, project: int) -> dict[str, Any]:
    """url, user, password, token and project id."""
    secret = credentials.revealed()
    login = {name: secret[name] for name in ("user", "password", "token")}
    return {"url": url, **login, "project": project}


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
        f"\n\n{ending}"
    )
