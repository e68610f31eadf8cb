"""`tls: address` against Let's Encrypt's own test server: a certificate for a bare IP address."""

import json
import os
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.render.proxy import UPSTREAM, caddyfile
from tests.cloud.golang import pebble
from tests.infra.render.caddy import free_ports, replaced, running, wait_for
from tests.infra.render.scenarios import load

pytestmark = pytest.mark.integration

ADDRESS = "127.0.0.1"
DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Issuer:
    """A running Pebble: its directory, and where it looks for the answer to its challenge."""

    directory: str
    root_url: str
    server_root: Path
    http_port: int
    https_port: int
    log: Path


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    acme, management, http, https = free_ports(4)
    program = pebble() / "pebble"
    certificates = program.with_name("certs")
    days = {"default": 90, "shortlived": 6}
    config = {
        "listenAddress": f"{ADDRESS}:{acme}",
        "managementListenAddress": f"{ADDRESS}:{management}",
        "certificate": str(certificates / "localhost" / "cert.pem"),
        "privateKey": str(certificates / "localhost" / "key.pem"),
        "httpPort": http,
        "tlsPort": https,
        "profiles": {
            name: {"description": name, "validityPeriod": count * DAY_SECONDS}
            for name, count in days.items()
        },
    }
    file, log = tmp_path / "pebble.json", tmp_path / "pebble.log"
    file.write_text(json.dumps({"pebble": config}))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(program), "-config", str(file)],
            env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(acme, process, log)
        yield Issuer(
            directory=f"https://localhost:{acme}/dir",
            root_url=f"https://localhost:{management}/roots/0",
            server_root=certificates / "pebble.minica.pem",
            http_port=http,
            https_port=https,
            log=log,
        )
    finally:
        process.kill()
        process.wait()


def connect(issuer: Issuer, log: Path) -> ssl.SSLSocket:
    """Connect as a browser does to an IP address: no server name is sent, the chain is checked."""
    own = ssl.create_default_context(cafile=str(issuer.server_root))
    with urllib.request.urlopen(issuer.root_url, context=own) as answer:
        context = ssl.create_default_context(cadata=answer.read().decode())
    deadline = time.monotonic() + 30
    while True:
        plain = socket.create_connection((ADDRESS, issuer.https_port), timeout=10)
        try:
            return context.wrap_socket(plain, server_hostname=ADDRESS)
        except ssl.SSLError:
            plain.close()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


def test_a_browser_that_opens_the_bare_address_gets_a_six_day_certificate_for_it(
    issuer: Issuer, tmp_path: Path
) -> None:
    here = f"http_port {issuer.http_port}\n\thttps_port {issuer.https_port}"
    here += f"\n\tacme_ca {issuer.directory}\n\tacme_ca_root {issuer.server_root}"
    text = replaced(
        caddyfile(load({"acmeEmail": "it@example.org"}), address=ADDRESS),
        {
            "admin localhost:2019": f"admin off\n\tdefault_bind {ADDRESS}\n\t{here}",
            UPSTREAM: "localhost:1",
        },
    )
    with (
        running(text, issuer.https_port, tmp_path) as log,
        connect(issuer, log) as connection,
    ):
        certificate = connection.getpeercert()
    assert certificate is not None
    assert certificate["subjectAltName"] == (("IP Address", ADDRESS),)
    start, end = (
        ssl.cert_time_to_seconds(str(certificate[name])) for name in ("notBefore", "notAfter")
    )
    assert end - start < 7 * DAY_SECONDS
    assert '"challenge_type":"http-01"' in log.read_text()


def test_plain_http_leads_to_the_same_address_with_tls(issuer: Issuer, tmp_path: Path) -> None:
    here = f"http_port {issuer.http_port}\n\thttps_port {issuer.https_port}"
    here += f"\n\tacme_ca {issuer.directory}"
    text = replaced(
        caddyfile(load({}), address=ADDRESS),
        {"admin localhost:2019": f"admin off\n\tdefault_bind {ADDRESS}\n\t{here}"},
    )
    with (
        running(text, issuer.http_port, tmp_path),
        socket.create_connection((ADDRESS, issuer.http_port), timeout=10) as connection,
    ):
        connection.sendall(f"GET /tasks?x=1 HTTP/1.1\r\nHost: {ADDRESS}\r\n\r\n".encode())
        answer = connection.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 308")
    assert f"\r\nLocation: https://{ADDRESS}/tasks?x=1\r\n" in answer
