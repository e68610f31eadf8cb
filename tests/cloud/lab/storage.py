"""Cloud Storage's stand-in in the lab's network: python -m tests.cloud.lab.storage CLOUD CRT KEY

It is tests.cloud.storage with a certificate of the lab's authority, which its machines and the
images on them trust. CLOUD is the cloud double's folder: who may what is in its cloud.json.
"""

import ssl
import sys
from pathlib import Path

from tests.cloud.lab.network import STORAGE_ADDRESS
from tests.cloud.storage.server import Server
from tests.cloud.storage.service import Service


def main() -> None:
    folder, certificate, key = (Path(word) for word in sys.argv[1:])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    address = (STORAGE_ADDRESS, 443)
    with Server(address, Service(folder), tls, folder / "access.jsonl") as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
