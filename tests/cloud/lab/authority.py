"""A certificate authority of the lab's own, which its machines trust as they trust Google's."""

from collections.abc import Sequence
from pathlib import Path

from tests.cloud.lab.place import Place, run
from tests.cloud.lab.tools import own_certificates

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


class Authority:
    """Kept in the cache, so that root file systems made with its certificate stay good."""

    def __init__(self, place: Place) -> None:
        self.folder = place.cache / "authority"

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def bundle(self) -> Path:
        """Return a file with this authority and all that the host trusts (for SSL_CERT_FILE)."""
        return self.folder / "bundle.crt"

    def ensure(self) -> None:
        """Make the authority where there is none."""
        if not self.certificate.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            made = self.folder / "ca.new"
            subject = ("-days", "3650", "-subj", "/CN=Stand-in authority of the lab")
            run(["openssl", "req", "-x509", *KEY, "-keyout", self.key, "-out", made, *subject])
            made.rename(self.certificate)
        bundles = [SYSTEM_BUNDLE, *own_certificates(), self.certificate]
        texts = [bundle.read_text().strip() for bundle in bundles if bundle.exists()]
        self.bundle.write_text("\n".join(texts) + "\n")

    @property
    def key(self) -> Path:
        return self.folder / "ca.key"

    def issue(self, folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
        """Make a certificate for some host names; return the files of certificate and key."""
        certificate, key = folder / "server.crt", folder / "server.key"
        request, extensions = folder / "server.csr", folder / "server.ext"
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        wanted = ("-keyout", key, "-out", request, "-subj", f"/CN={names[0]}")
        run(["openssl", "req", *KEY, *wanted])
        signer = ("-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial")
        result = ("-days", "825", "-extfile", extensions, "-out", certificate)
        run(["openssl", "x509", "-req", "-in", request, *signer, *result])
        return certificate, key
