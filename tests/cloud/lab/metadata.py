"""The metadata server on 169.254.169.254: python -m tests.cloud.lab.metadata SETTINGS.json

Who asks is known by the address that it asks from, as on Google's network. What is served is read
anew from the cloud double at every request, so a `pulumi up` that changes metadata in place is seen
by a machine that waits for a change. Guest attributes that the machine writes are kept beside
cloud.json, in guest-attributes/MACHINE.json, as {namespace: {key: value}}.

SETTINGS is read at every request too: {cloud: path, project, token, machines: {address: name},
delay: seconds before each answer}. Only the sub-paths and parameters that guests use are there.
https://cloud.google.com/compute/docs/metadata/querying-metadata
https://cloud.google.com/compute/docs/metadata/manage-guest-attributes
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cloud.lab.instance import instances, tree
from tests.cloud.lab.metadata_text import NoSuchPathError, as_json, as_text, at, etag, listing
from tests.cloud.lab.network import METADATA_ADDRESS

ROOT = "/computeMetadata/v1/"
GUEST = "instance/guest-attributes/"
POLL = 0.2  # seconds between looks at cloud.json while a machine waits for a change
LONGEST_WAIT = 3600.0  # seconds; a wait without timeout_sec ends at the next change
guest_lock = threading.Lock()


class MetadataServer(BaseHTTPRequestHandler):
    """One connection. `settings_file` is the server's."""

    server_version, sys_version = "Metadata Server for VM", ""
    protocol_version = "HTTP/1.1"
    settings_file: Path

    def log_message(self, format: str, *args: Any) -> None:
        agent = self.headers.get("User-Agent", "-") if hasattr(self, "headers") else "-"
        moment = time.strftime("%H:%M:%S")
        sys.stdout.write(f"{moment} {self.client_address[0]} {agent!r} {format % args}\n")
        sys.stdout.flush()

    @property
    def settings(self) -> dict[str, Any]:
        return json.loads(self.settings_file.read_text())

    def handle_request(self, answer: Any) -> None:
        """Refuse what Google's refuses, answer the rest by `answer(path, parameters)`."""
        time.sleep(self.settings.get("delay") or 0)
        url = urlsplit(self.path)
        if url.path in ("", "/"):
            return self.send(200, "computeMetadata/\n")
        if self.headers.get("Metadata-Flavor") != "Google" or self.headers.get("X-Forwarded-For"):
            return self.send(403, "Missing Metadata-Flavor:Google header.", "text/html")
        if not url.path.startswith(ROOT):
            return self.send(404, "Not Found", "text/html")
        parameters = {key: values[-1] for key, values in parse_qs(url.query).items()}
        try:
            return answer(url.path.removeprefix(ROOT), parameters)
        except NoSuchPathError:
            return self.send(404, "Not Found", "text/html")

    def do_GET(self) -> None:
        self.handle_request(self.get)

    def do_PUT(self) -> None:
        self.handle_request(self.put)

    def do_DELETE(self) -> None:
        self.handle_request(self.delete)

    def get(self, path: str, parameters: dict[str, str]) -> None:
        if parameters.get("wait_for_change", "").lower() == "true":
            value = self.wait_for_change(path, parameters)
        else:
            value = self.value(path)
        tag = etag(value)
        if not isinstance(value, dict | list):
            as_is = parameters.get("alt") == "json"
            kind = "application/json" if as_is else "application/text"
            return self.send(200, json.dumps(value) if as_is else str(value), kind, tag)
        if path.rstrip("/").endswith("/token"):
            return self.send(200, json.dumps(value), "application/json", tag)
        if parameters.get("recursive", "").lower() == "true":
            if parameters.get("alt") == "text":
                return self.send(200, as_text(value), tag=tag)
            below = path.rstrip("/").rpartition("/")[2]
            return self.send(200, json.dumps(as_json(value, below)), "application/json", tag)
        if path and not path.endswith("/"):
            return self.redirect(f"{ROOT}{path}/")
        return self.send(200, listing(value), tag=tag)

    def put(self, path: str, parameters: dict[str, str]) -> None:
        value = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.change_guest_attribute(path, value)

    def delete(self, path: str, parameters: dict[str, str]) -> None:
        self.change_guest_attribute(path, None)

    def machine(self) -> str:
        name = self.settings["machines"].get(self.client_address[0])
        if name is None:
            raise NoSuchPathError(f"no machine has the address {self.client_address[0]}")
        return name

    def value(self, path: str) -> Any:
        """Return what is at a path now."""
        settings, name = self.settings, self.machine()
        instance = instances(Path(settings["cloud"])).get(name)
        if instance is None:
            raise NoSuchPathError(f"{name} does not exist in the cloud")
        address = self.client_address[0]
        whole = tree(instance, settings["project"], address, settings["token"])
        whole["instance"]["guest-attributes"] = self.guest_attributes()
        return at(whole, path)

    def wait_for_change(self, path: str, parameters: dict[str, str]) -> Any:
        """Return the value when it differs from `last_etag` (else from now), or at the time-out."""
        known = parameters.get("last_etag") or etag(self.value(path))
        seconds = float(parameters.get("timeout_sec") or LONGEST_WAIT)
        deadline = time.monotonic() + seconds
        value = self.value(path)
        while etag(value) == known and time.monotonic() < deadline:
            time.sleep(min(POLL, max(0.0, deadline - time.monotonic())))
            value = self.value(path)
        return value

    def guest_file(self) -> Path:
        folder = Path(self.settings["cloud"]).parent / "guest-attributes"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.machine()}.json"

    def guest_attributes(self) -> dict[str, dict[str, str]]:
        file = self.guest_file()
        return json.loads(file.read_text()) if file.exists() else {}

    def change_guest_attribute(self, path: str, value: str | None) -> None:
        """Write or (None) delete one: a namespace, a key, at most 256 KiB, if the machine may."""
        if not path.startswith(GUEST) or path.removeprefix(GUEST).count("/") != 1:
            return self.send(404, "Not Found", "text/html")
        if str(self.value("instance/attributes").get("enable-guest-attributes")).upper() != "TRUE":
            return self.send(403, "Guest attributes endpoint access is disabled.", "text/html")
        if value is not None and len(value.encode()) > 256 << 10:
            return self.send(413, "Guest attribute value is too long.", "text/html")
        namespace, key = path.removeprefix(GUEST).split("/")
        with guest_lock:
            attributes = self.guest_attributes()
            if value is None:
                attributes.get(namespace, {}).pop(key, None)
            else:
                attributes.setdefault(namespace, {})[key] = value
            new = self.guest_file().with_suffix(".new")
            new.write_text(json.dumps(attributes, indent=1, sort_keys=True))
            new.rename(self.guest_file())
        return self.send(200, "")

    def redirect(self, target: str) -> None:
        query = urlsplit(self.path).query
        self.send(301, "", location=target + (f"?{query}" if query else ""))

    def send(
        self, status: int, body: str, kind: str = "application/text", tag: str = "", location=""
    ) -> None:
        content = body.encode()
        self.send_response(status)
        headers = {
            "Metadata-Flavor": "Google",
            "Content-Type": kind,
            "X-Frame-Options": "SAMEORIGIN",
        }
        if location:
            headers["Location"] = location
        headers |= {"ETag": tag or etag(body), "Content-Length": str(len(content))}
        if status >= 400:  # A body that was not read would be taken for the next request.
            headers["Connection"] = "close"
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    MetadataServer.settings_file = Path(sys.argv[1])
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer((METADATA_ADDRESS, 80), MetadataServer).serve_forever()


if __name__ == "__main__":
    main()
