"""How this machine reaches the Python package index, as uv's environment variables.

Where uv is told nothing, pip's settings are translated: many machines have a mirror, a proxy or a
certificate authority of the house in pip.conf alone. pip itself is not asked, because Debian's
Python comes without it.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

# pip's option -> uv's variables for the same. Several indexes or hosts are separated by spaces.
VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "proxy": ("HTTPS_PROXY", "HTTP_PROXY"),
}
UV_INDEXES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_CONFIG_FILE",
)


def registry_settings() -> dict[str, str]:
    """Return uv's variables for what pip is told and uv is not: variable -> value."""
    found = {}
    for option, value in pip_settings().items():
        for variable in VARIABLES[option]:
            if variable not in os.environ and variable.lower() not in os.environ:
                found[variable] = value
    # Whoever names an index to uv means that one, and not pip's beside it.
    if any(name in os.environ for name in UV_INDEXES) or has_uv_file():
        found.pop("UV_DEFAULT_INDEX", None)
        found.pop("UV_INDEX", None)
    return found


def has_uv_file() -> bool:
    return (config_home() / "uv" / "uv.toml").is_file() or Path("/etc/uv/uv.toml").is_file()


def config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()


def pip_settings() -> dict[str, str]:
    """Return pip's options of VARIABLES: a later file wins, and the environment over all."""
    settings: dict[str, str] = {}
    for file in pip_files():
        parser = configparser.RawConfigParser()
        parser.read(file, encoding="utf-8")
        for section in ("global", "install"):
            if parser.has_section(section):
                for key, text in parser.items(section):
                    settings[key.replace("_", "-")] = text
    for option in VARIABLES:
        told = os.environ.get("PIP_" + option.upper().replace("-", "_"))
        if told:
            settings[option] = told
    return {key: " ".join(settings[key].split()) for key in VARIABLES if settings.get(key)}


def pip_files() -> list[Path]:
    """Return the files that pip reads, those that win last (pip's page "Configuration")."""
    told = os.environ.get("PIP_CONFIG_FILE")
    if told == os.devnull:
        return []
    folders = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    files = [Path(folder) / "pip" / "pip.conf" for folder in reversed(folders)]
    files.append(Path("/etc/pip.conf"))
    home = Path.home()
    if sys.platform == "darwin":
        files.insert(0, Path("/Library/Application Support/pip/pip.conf"))
    files += [home / ".pip" / "pip.conf", config_home() / "pip" / "pip.conf"]
    if sys.platform == "darwin":
        files.append(home / "Library/Application Support/pip/pip.conf")
    files.append(Path(sys.prefix) / "pip.conf")
    return files + ([Path(told)] if told else [])
