"""A labeler's Chromium, outside the machine, on the cloud's network.

It knows the studio's address and Cloud Storage's names, and trusts the two authorities that a
labeler's trusts: the certificate's issuer and Google's. Whatever else it asks for is not found.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.cloud.lab.lab import Lab
from tests.cloud.lab.network import STORAGE_ADDRESS
from tests.cloud.lab.place import run
from tests.e2e.browser import ARGUMENTS, chromium, knows_only

STORAGE = "storage.googleapis.com"


@contextmanager
def open_page(lab: Lab, folder: Path, url: str) -> Iterator[Page]:
    """Open a browser whose home is in `folder`, for the studio at `url`."""
    host = urlsplit(url).hostname or ""
    trust(folder, issuer=lab.issuer.root(), google=lab.authority.certificate)
    names = knows_only(host, STORAGE_ADDRESS, names={STORAGE: STORAGE_ADDRESS})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program(lab, folder), args=[*ARGUMENTS, names]
        )
        yield browser.new_page(viewport={"width": 1600, "height": 1320})
        browser.close()


def trust(home: Path, **authorities: Path) -> None:
    """Let a Chromium with this home believe certificates of these authorities."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True, exist_ok=True)
    store = ("-d", f"sql:{database}")
    run(["certutil", "-N", *store, "--empty-password"])
    for name, certificate in authorities.items():
        run(["certutil", "-A", *store, "-n", name, "-t", "C,,", "-i", certificate])


def program(lab: Lab, home: Path) -> Path:
    """Return a command that is Chromium on the cloud's network. Processes stay the host's."""
    network = f"nsenter --net=/proc/{lab.network.first}/ns/net"
    file = home / "chromium"
    command = f"{network} env HOME={shlex.quote(str(home))} {chromium()}"
    file.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    file.chmod(0o755)
    return file
