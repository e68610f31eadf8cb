"""What a service says about itself at its /health address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import requests

State = Literal["up", "loading", "failed", "silent"]


@dataclass(frozen=True)
class Health:
    """`silent`: no answer, or none that makes sense. `failed`: it answers that it cannot work."""

    state: State
    message: str = ""


def ask(url: str, timeout_seconds: float = 3.0) -> Health:
    """Asks once. Every failure of the network is an answer here, not an error."""
    session = requests.Session()
    session.trust_env = False  # A proxy from the environment must not see loopback.
    try:
        with session, session.get(url, timeout=timeout_seconds) as answer:
            body = answer.json()
            status = body["status"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        return Health("silent", type(error).__name__)
    if answer.status_code == 200 and status == "UP":
        return Health("up")
    if status == "FAILED":
        return Health("failed", str(body.get("message", "it says no reason")))
    if status == "LOADING":
        return Health("loading", str(body.get("progress", "")))
    return Health("silent", f"HTTP {answer.status_code} {status}")
