"""A real Chromium that asks nobody but whom a test names."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Page

from tests.e2e.demo import ROOT

# As root Chromium has no sandbox; the rest keeps it from asking its maker's hosts.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Pictures of the run; `ATELIER_PICTURES=docs/pictures` renews those of the documentation.
PICTURES = Path(os.environ.get("ATELIER_PICTURES") or ROOT / ".local" / "pictures")


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert found, "no Chromium: run scripts/install_chromium.sh"
    return found


def knows_only(*addresses: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the argument with which every other host's look-up fails at once, without a packet.

    `names`: host name -> address.
    """
    rules = [f"MAP {name} {address}" for name, address in names.items()]
    rules += ["MAP * ~NOTFOUND", *(f"EXCLUDE {address}" for address in addresses)]
    return "--host-resolver-rules=" + ", ".join(rules)


def photograph(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / name, type="jpeg", quality=85)
