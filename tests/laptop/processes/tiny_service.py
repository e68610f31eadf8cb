"""A service for the supervisor's tests: answers /health, with a helper process in its group.

python tiny_service.py PORT [hang-after-start | fail | crash]
"""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "fail": (503, b'{"status": "FAILED", "message": "no such checkpoint: nothing.pth"}'),
    "": (200, b'{"status": "UP"}'),
}


def main() -> None:
    port, mode = int(sys.argv[1]), (sys.argv[2] if len(sys.argv) > 2 else "")
    if mode == "crash":
        print("line before the end")
        sys.exit("cannot read the label map")
    # Its own child: what is left of gunicorn's workers when the master is killed.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if mode == "hang-after-start" and len(asked) > 2:
                threading.Event().wait()
            status, body = ANSWERS.get(mode, ANSWERS[""])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


main()
