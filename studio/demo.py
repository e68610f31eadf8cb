"""The demo that runs on this machine: how to reach it, without a variable to copy by hand."""

import json
from collections.abc import Mapping
from pathlib import Path

from studio.version import ROOT

# Where `make demo` keeps all state, unless ATELIER_STATE names another folder.
STATE = ROOT / ".local"


def with_demo(environment: Mapping[str, str], url: str | None = None) -> Mapping[str, str]:
    """Return ``environment`` with what the running demo says of itself, if nothing else is named.

    The demo writes `demo.json`, which only its owner can read, once it is ready, and removes it
    when it stops: addresses, passwords and the token. What the environment has already wins.

    Args:
        url: Label Studio's address where it was given as an option.
    """
    file = Path(environment.get("ATELIER_STATE") or STATE) / "demo.json"
    if url or environment.get("LABEL_STUDIO_URL"):
        return environment
    try:
        demo = json.loads(file.read_text())
    except (OSError, ValueError):
        return environment
    found = {"LABEL_STUDIO_URL": demo["url"], "LABEL_STUDIO_API_KEY": demo["token"]}
    for name, facts in demo.get("backends", {}).items():
        found |= {f"{name}_{fact}".upper(): str(value) for fact, value in facts.items()}
    return {**found, **{name: value for name, value in environment.items() if value}}
