"""`python -m tests.cloud.storage FOLDER --address IP`: serve in the foreground, for machines that
are not processes of a test.

FOLDER is that of the stand-in cloud (tests.cloud.gcp): its cloud.json says who may what, its
buckets get the objects. FOLDER/tls/authority.pem is what clients must trust.
"""

import argparse
import contextlib
from pathlib import Path

from tests.cloud.storage.certificates import make_certificates
from tests.cloud.storage.server import Server
from tests.cloud.storage.service import HOSTS, Service

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path, help="with cloud.json; gets objects and access log")
parser.add_argument("--address", default="127.0.0.1")
parser.add_argument("--port", type=int, default=443)
options = parser.parse_args()
service = Service(options.folder)
certificates = make_certificates(options.folder / "tls", HOSTS, options.address)
log = options.folder / "access.jsonl"
address = (options.address, options.port)
with Server(address, service, certificates.context(), log) as server:
    print(f"serving https on {options.address}:{server.server_port}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
