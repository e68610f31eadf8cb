"""The way from the operator's computer to a studio of the cloud double: an HTTPS proxy.

The addresses that the double gives (198.51.100.0/24, which nobody has) lead nowhere; who uses
HTTPS_PROXY is led here instead, and finds a web server with a certificate for the address that
answers /health while a machine with that address runs. `status` is what it answers, None cuts the
connection off. With `leads_to` the way leads to a machine of the lab, and nothing is stood in for.
"""

import selectors
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cloud.gcp.state import Cloud, of_kind

ADDRESSES = [f"198.51.100.{byte}" for byte in range(2, 252)]


class Web:
    """A proxy on a free loopback port, from creation until `close`; its certificate in `folder`."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.cloud = cloud
        self.status: int | None = 200
        self.leads_to: int | None = None  # A port of 127.0.0.1.
        self.requests: list[str] = []
        self.certificate = folder / "web.pem"
        make_certificate(self.certificate, ADDRESSES)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        web = self

        class Studio(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: `requests` remembers."""

            def do_CONNECT(self) -> None:
                host = self.path.rpartition(":")[0]
                if web.status is None or not web.runs(host):
                    return self.send_error(504)
                if web.leads_to is not None:
                    return self.lead(web.leads_to)
                self.send_response(200)
                self.end_headers()
                self.close_connection = True
                try:
                    tls = context.wrap_socket(self.connection, server_side=True)
                except OSError:  # The client does not take the certificate.
                    return
                plain = self.rfile, self.wfile
                with tls, tls.makefile("rb") as self.rfile, tls.makefile("wb") as self.wfile:
                    self.handle_one_request()
                self.rfile, self.wfile = plain

            def lead(self, port: int) -> None:
                self.close_connection = True
                try:
                    machine = socket.create_connection(("127.0.0.1", port), timeout=10)
                except OSError:
                    return self.send_error(502)
                self.send_response(200)
                self.end_headers()
                with machine:
                    relay(self.connection, machine)

            def do_GET(self) -> None:
                web.requests.append(self.path)
                self.send_response(web.status or 500)
                self.end_headers()
                self.wfile.write(b'{"status": "UP"}')

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Studio)
        self.server.daemon_threads = True
        self.env = {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.server.server_port}",
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": str(self.certificate),
        }
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def runs(self, address: str) -> bool:
        """Return whether a running machine has the address."""
        machines = of_kind(self.cloud.read(), "compute.Instance").values()
        return any(
            config.get("natIp") == address and has["currentStatus"] == "RUNNING"
            for has in (record["outputs"] for record in machines)
            for card in has.get("networkInterfaces") or []
            for config in card.get("accessConfigs") or []
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def relay(one: socket.socket, two: socket.socket) -> None:
    """Pass on what each side sends, until one of them ends."""
    other = {one: two, two: one}
    with selectors.DefaultSelector() as selector:
        for side in other:
            selector.register(side, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                side = key.fileobj
                assert isinstance(side, socket.socket)
                try:
                    data = side.recv(1 << 16)
                    if not data:
                        return
                    other[side].sendall(data)
                except OSError:  # Cut off, as a machine's power is.
                    return


def make_certificate(file: Path, addresses: list[str]) -> None:
    """Write a key and a certificate for the addresses, which vouches for itself."""
    names = ",".join(f"IP:{address}" for address in addresses)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "30", "-subj", "/CN=a studio", "-keyout", "-", "-out", "-"]
    command += ["-addext", f"subjectAltName={names}"]
    made = subprocess.run(command, check=True, capture_output=True)
    file.touch(0o600)
    file.write_bytes(made.stdout)
