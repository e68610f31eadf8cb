"""A certificate authority of the lab's own, which its machines trust as they trust Google's."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from tests.cloud.kept import kept
from tests.cloud.lab.place import Place, run
from tests.cloud.lab.tools import own_certificates

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
CERTIFICATE, PRIVATE_KEY = "ca.crt", "ca.key"
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


class Authority:
    """Kept in the cache, so that root file systems made with its certificate stay good."""

    def __init__(self, place: Place) -> None:
        self.place, self.folder = place, place.cache / "authority"

    @property
    def certificate(self) -> Path:
        return self.folder / CERTIFICATE

    @property
    def bundle(self) -> Path:
        """Return a file with this authority and all that the host trusts (for SSL_CERT_FILE)."""
        return self.place.folder("authority") / "bundle.crt"

    def ensure(self) -> None:
        """Make the authority where there is none."""
        kept(self.folder, make, is_pair)
        bundles = [SYSTEM_BUNDLE, *own_certificates(), self.certificate]
        texts = [bundle.read_text().strip() for bundle in bundles if bundle.exists()]
        self.bundle.write_text("\n".join(texts) + "\n")

    @property
    def key(self) -> Path:
        return self.folder / PRIVATE_KEY

    def issue(self, folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
        """Make a certificate for some host names; return the files of certificate and key."""
        certificate, key = folder / "server.crt", folder / "server.key"
        request, extensions = folder / "server.csr", folder / "server.ext"
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        wanted = ("-keyout", key, "-out", request, "-subj", f"/CN={names[0]}")
        run(["openssl", "req", *KEY, *wanted])
        # Not openssl's own file of serial numbers, which would be in the cache.
        serial = ("-set_serial", f"0x{secrets.token_hex(16)}")
        signer = ("-CA", self.certificate, "-CAkey", self.key, *serial)
        result = ("-days", "825", "-extfile", extensions, "-out", certificate)
        run(["openssl", "x509", "-req", "-in", request, *signer, *result])
        return certificate, key


def make(folder: Path) -> None:
    """Make a key and its certificate."""
    files = ("-keyout", folder / PRIVATE_KEY, "-out", folder / CERTIFICATE)
    subject = ("-days", "3650", "-subj", "/CN=Stand-in authority of the lab")
    run(["openssl", "req", "-x509", *KEY, *files, *subject])


def is_pair(folder: Path) -> bool:
    """Return whether the certificate is the key's, and good for a day more."""
    certified = ["openssl", "x509", "-noout", "-pubkey", "-checkend", "86400"]
    certificate = run([*certified, "-in", folder / CERTIFICATE], check=False)
    key = run(["openssl", "pkey", "-pubout", "-in", folder / PRIVATE_KEY], check=False)
    public = key.stdout.strip()
    return bool(public) and certificate.returncode == 0 and public in certificate.stdout
