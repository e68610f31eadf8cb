"""A machine's metadata server as far as google-auth asks it: an account and its tokens."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.cloud.storage.cloud_file import PROJECT

ROOT = "/computeMetadata/v1/"
ACCOUNT = "instance/service-accounts/"


@contextmanager
def attached_account(email: str, issue: Callable[[str], str]) -> Iterator[dict[str, str]]:
    """Serve on loopback; yield the environment of a process on such a machine."""

    def answer(path: str) -> str | None:
        if path == "project/project-id":
            return PROJECT
        if path == "universe/universe-domain":
            return "googleapis.com"
        name, _, rest = path.removeprefix(ACCOUNT).partition("/")
        if not path.startswith(ACCOUNT) or name not in ("default", email):
            return None
        if rest == "token":
            token = {"access_token": issue(email), "expires_in": 3599, "token_type": "Bearer"}
            return json.dumps(token)
        return json.dumps({"email": email, "scopes": [], "aliases": ["default"]})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            text = answer(path.removeprefix(ROOT)) if path != "/" else "computeMetadata/"
            content = (text or "Not Found").encode()
            self.send_response(404 if text is None else 200)
            self.send_header("Metadata-Flavor", "Google")
            kind = "application/json" if content.startswith(b"{") else "application/text"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        address = f"127.0.0.1:{server.server_port}"
        try:
            yield {"GCE_METADATA_HOST": address, "GCE_METADATA_IP": address}
        finally:
            server.shutdown()
            thread.join()
