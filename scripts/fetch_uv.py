"""Fetches the pinned uv from a package index, with the standard library alone.

No pip: Debian's Python has none, and no way to make one. What is unpacked is the program of a wheel
whose SHA-256 scripts/uv.txt lists, so neither an index nor a proxy can slip in another.
"""

from __future__ import annotations

import base64
import hashlib
import io
import netrc
import os
import platform
import re
import ssl
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path

PYPI = "https://pypi.org/simple"
SECONDS = 60


class FetchError(Exception):
    """No wheel for this machine could be had; the message says what was tried."""


def fetch_uv(lock: Path, target: Path, settings: dict[str, str]) -> None:
    """Write the uv that `lock` pins to the path `target`, executable.

    `settings`: uv's variables that say how to reach the index, where the environment does not.

    Raises:
        FetchError: when the index is not reached, or has no such wheel for this machine.
    """
    text = lock.read_text()
    version = re.findall(r"^uv==(\S+)", text, re.MULTILINE)[0]
    hashes = re.findall(r"sha256:([0-9a-f]{64})", text)
    told = {**settings, **os.environ}
    # uv allows NAME=URL.
    index = re.sub(
        r"^[\w-]+=", "", told.get("UV_DEFAULT_INDEX") or told.get("UV_INDEX_URL") or PYPI
    )
    browser = Browser(told)
    page = f"{index.rstrip('/')}/uv/"
    links = Links(page)
    links.feed(browser.get(page).decode())
    link = links.wheel(version, hashes)
    if link is None:
        raise FetchError(
            f"{printable(page)} has no wheel of it for {sys.platform} on {platform.machine()} "
            f"whose hash is in {lock.name}. Put uv {version} on PATH "
            "(https://docs.astral.sh/uv/getting-started/installation/), then run the same command "
            "again."
        )
    wheel = browser.get(link)
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        raise FetchError(f"{printable(link)} is not the file whose hash is in {lock.name}.")
    with zipfile.ZipFile(io.BytesIO(wheel)) as files:
        program = files.read(f"uv-{version}.data/scripts/uv")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place and renamed: a kill leaves a whole one or none.
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as new:
        new.write(program)
    os.chmod(new.name, 0o755)
    os.replace(new.name, target)


class Links(HTMLParser):
    """The files of a page of a simple index (PEP 503)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.found.append(urllib.parse.urljoin(self.page, address))

    def wheel(self, version: str, hashes: list[str]) -> str | None:
        """Return the address of this machine's wheel, of those with one of the hashes; or None."""
        suitable = {}
        for link in self.found:
            address, _, fragment = link.partition("#")
            name = urllib.parse.unquote(address.rpartition("/")[2])
            tags = name[: -len(".whl")].split("-")
            algorithm, _, digest = fragment.partition("=")
            known = algorithm != "sha256" or digest in hashes
            if (
                known
                and name.endswith(".whl")
                and tags[:2] == ["uv", version]
                and runs_here(tags[-1])
            ):
                suitable[name] = address
        # Several differ in the oldest C library that they run on: the first runs on most.
        return suitable[min(suitable)] if suitable else None


def runs_here(tag: str) -> bool:
    """Return whether a wheel with this platform tag, or tags joined by dots, is this machine's."""
    machine = platform.machine().lower()
    if sys.platform == "darwin":
        return tag.startswith("macosx_") and tag.endswith(machine)
    family = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return sys.platform.startswith("linux") and tag.startswith(family) and tag.endswith(machine)


class Browser:
    """Gets pages by the proxies, certificates and passwords that settings and machine name."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told = told

    def get(self, url: str) -> bytes:
        """Return the body. Raises FetchError when it cannot be had."""
        request = urllib.request.Request(without_login(url), headers={"Accept": "text/html, */*"})
        login = login_for(url)
        if login:
            encoded = base64.b64encode(":".join(login).encode()).decode()
            request.add_unredirected_header("Authorization", f"Basic {encoded}")
        proxies = urllib.request.getproxies()
        for scheme in ("http", "https"):
            if f"{scheme.upper()}_PROXY" in self.told:
                proxies.setdefault(scheme, self.told[f"{scheme.upper()}_PROXY"])
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies),
            urllib.request.HTTPSHandler(context=self.context(url)),
        )
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return answer.read()
        except (OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # It is the answer as well.
            raise FetchError(
                f"{printable(url)}: {error}. Check the network, or name your mirror in "
                "UV_DEFAULT_INDEX or in pip's index-url."
            ) from error

    def context(self, url: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.told.get("SSL_CERT_FILE"))
        if not context.cert_store_stats()["x509_ca"] and Path("/etc/ssl/cert.pem").is_file():
            # python.org's Python on macOS comes without any.
            context.load_verify_locations("/etc/ssl/cert.pem")
        parts = urllib.parse.urlsplit(url)
        trusted = self.told.get("UV_INSECURE_HOST", "").split()
        if parts.hostname in trusted or f"{parts.hostname}:{parts.port}" in trusted:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def login_for(url: str) -> tuple[str, str] | None:
    """Return user and password for an address: its own, or else those of ~/.netrc."""
    parts = urllib.parse.urlsplit(url)
    if parts.username:
        return urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2] or "") if found else None


def without_login(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def printable(url: str) -> str:
    """Return an address as it may stand in a message: without a password or a token in it."""
    return without_login(url).partition("?")[0]
