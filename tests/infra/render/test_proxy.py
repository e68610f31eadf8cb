"""The rendered Caddyfiles, read and run by the Caddy that the machine runs."""

import contextlib
import gzip
import http.client
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.render.proxy import MAX_BODY_MB, UPSTREAM, caddyfile
from tests.infra.render.caddy import adapted, free_ports, installed, replaced, running
from tests.infra.render.scenarios import ADDRESS, SCENARIOS, load

PAGE = b"<p>label</p>" * 1000

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_caddy_takes_every_caddyfile_and_would_format_it_the_same(
    scenario: str, tmp_path: Path
) -> None:
    text = caddyfile(load(SCENARIOS[scenario]), address=ADDRESS)
    adapted(text, tmp_path)
    formatted = subprocess.run(
        [installed(), "fmt", str(tmp_path / "Caddyfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert formatted.stdout == text


def test_an_address_gets_the_six_day_certificate_without_a_server_name(
    tmp_path: Path,
) -> None:
    settings = load({"acmeEmail": "it@example.org"})
    config = adapted(caddyfile(settings, address=ADDRESS), tmp_path)
    policies = config["apps"]["tls"]["automation"]["policies"]
    assert policies[0] == {
        "subjects": [ADDRESS],
        "issuers": [
            {
                "module": "acme",
                "profile": "shortlived",
                "email": "it@example.org",
                "challenges": {"tls-alpn": {"disabled": True}},
            }
        ],
    }
    [server] = config["apps"]["http"]["servers"].values()
    assert server["listen"] == [":443"]
    assert {"default_sni": ADDRESS} in server["tls_connection_policies"]


def test_a_domain_is_certified_by_its_name_and_nothing_special(
    tmp_path: Path,
) -> None:
    settings = load({"tls": "domain", "domain": "label.example.org"})
    config = adapted(caddyfile(settings, address=ADDRESS), tmp_path)
    [server] = config["apps"]["http"]["servers"].values()
    assert (server["listen"], "tls_connection_policies" in server) == ([":443"], False)
    assert server["routes"][0]["match"] == [{"host": ["label.example.org"]}]
    assert "tls" not in config["apps"]


OFFICE = {"tls": "off", "allowedRanges": ["203.0.113.0/24"]}


@pytest.mark.parametrize("raw", [OFFICE, {"tls": "off", "access": "iap"}])
def test_without_tls_one_port_answers_whatever_the_host(
    tmp_path: Path, raw: dict[str, object]
) -> None:
    config = adapted(caddyfile(load(raw), address=ADDRESS), tmp_path)
    [server] = config["apps"]["http"]["servers"].values()
    assert server["listen"] == [":8080"]
    assert server["automatic_https"] == {"disable": True}
    matches = [match for route in server["routes"] for match in route.get("match", [])]
    assert not [match for match in matches if "host" in match]


def test_hsts_is_promised_for_a_domain_only() -> None:
    header = "Strict-Transport-Security"
    assert header in caddyfile(load({"tls": "domain", "domain": "a.example.org"}), address=ADDRESS)
    assert header not in caddyfile(load({}), address=ADDRESS)
    assert header not in caddyfile(load(OFFICE), address=ADDRESS)


class Frontend(BaseHTTPRequestHandler):
    """Answers with a page that says what arrived."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        seen = json.dumps([self.path, dict(self.headers.items())]).encode()
        body = PAGE if self.path == "/page" else seen
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/own-headers":
            self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        while size := int(self.rfile.readline() or b"0", 16):
            self.rfile.read(size + len("\r\n"))
        self.rfile.readline()
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """The proxy's log is the one that is read."""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[int]:
    """The port of a running proxy whose frontend is `Frontend`; other ports are replaced."""
    frontend = ThreadingHTTPServer(("127.0.0.1", 0), Frontend)
    threading.Thread(target=frontend.serve_forever, daemon=True).start()
    [port] = free_ports(1)
    text = replaced(
        caddyfile(load(OFFICE), address=ADDRESS),
        {
            "http://:8080": f"http://:{port}",
            UPSTREAM: f"127.0.0.1:{frontend.server_port}",
            "admin localhost:2019": "admin off\n\tdefault_bind 127.0.0.1",
        },
    )
    try:
        with running(text, port, tmp_path):
            yield port
    finally:
        frontend.shutdown()
        frontend.server_close()


def ask(port: int, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(
        "GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_the_proxy_passes_everything_on_and_says_who_asked(studio: int) -> None:
    answer, body = ask(studio, "/health?x=1", Host="label.example.org", X_Forwarded_For="6.6.6.6")
    path, headers = json.loads(body)
    assert (answer.status, path) == (200, "/health?x=1")
    assert headers["Host"] == "label.example.org"
    assert headers["X-Forwarded-Proto"] == "http"
    # What a client claims about itself is not passed on.
    assert headers["X-Forwarded-For"] == "127.0.0.1"


def test_answers_carry_security_headers_but_label_studios_own_come_first(studio: int) -> None:
    answer, _ = ask(studio, "/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Server"] is None
    assert ask(studio, "/own-headers")[0].headers["X-Frame-Options"] == "DENY"


def test_what_people_do_is_written_down_without_who_did_it_and_what_pages_poll_is_not(
    studio: int, tmp_path: Path
) -> None:
    for verb, path in (
        ("GET", "/api/dm/project?project=1&interaction=timer"),
        ("GET", "/health"),
        ("GET", "/api/tasks?page=1"),
        ("POST", "/wp-login.php"),
        ("POST", "/api/ml/1/interactive-annotating"),
        ("GET", "/api/tasks/7?project=1"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", studio, timeout=20)
        body = "0\r\n\r\n" if verb == "POST" else None
        connection.request(verb, path, body, {"X-Forwarded-For": "6.6.6.6", "Cookie": "a=b"})
        connection.getresponse().read()
        connection.close()
    [log] = tmp_path.rglob("activity.log")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["status"] for line in lines] == [200, 200], lines
    fields = "level ts logger msg bytes_read duration size status"
    assert lines[0].keys() == set(fields.split())
    assert isinstance(lines[0]["ts"], float)


def test_pages_travel_compressed(studio: int) -> None:
    answer, body = ask(studio, "/page", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(body) < len(PAGE) / 10
    assert gzip.decompress(body) == PAGE


@pytest.mark.parametrize(("megabytes", "status"), [(1, 200), (MAX_BODY_MB + 1, 413)])
def test_an_upload_may_be_as_large_as_label_studio_takes_it(
    studio: int, megabytes: int, status: int
) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(megabytes):
            yield bytes(1_000_000)

    connection = http.client.HTTPConnection("127.0.0.1", studio, timeout=20)
    try:
        # Chunked: how much comes is not said beforehand.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/import", body=pieces(), encode_chunked=True)
        assert connection.getresponse().status == status
    finally:
        connection.close()
