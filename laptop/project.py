"""The number that Label Studio gave the demo's project."""

from __future__ import annotations

from pathlib import Path

import requests
import yaml
from pydantic import SecretStr

from laptop.settings import LaptopError


def project_id(url: str, token: SecretStr, project_file: Path) -> int:
    """The id of the project with the file's title. Raises LaptopError if there is none."""
    title = yaml.safe_load(project_file.read_text())["title"]
    session = requests.Session()
    session.trust_env = False  # A proxy from the environment must not see loopback.
    session.headers["Authorization"] = f"Token {token.get_secret_value()}"
    with session:
        answer = session.get(f"{url}/api/projects/", params={"page_size": "1000"}, timeout=30)
    answer.raise_for_status()
    for project in answer.json()["results"]:
        if project["title"] == title:
            return project["id"]
    raise LaptopError(f"{project_file} was applied, but Label Studio has no project {title!r}.")
