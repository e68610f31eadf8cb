"""Protected connections: the certificate is checked for the name in the address."""

import datetime
import ssl
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backends.serving.images import ImageUnreachable
from backends.serving.images.connections import tls_context
from tests.backends.serving.images.samples import PICTURE, PNG, access
from tests.backends.serving.images.servers import Reply

UPLOAD = "/data/upload/1/x.png"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for studio.example alone, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("studio.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def protected(serve, certificate: Path):
    """A server with that certificate, which remembers the names clients asked for."""

    def start(reply: Reply):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        names: list[str | None] = []
        context.sni_callback = lambda connection, name, context: names.append(name)
        server = serve(reply, context)
        return server, names

    return start


def trusting(certificate: Path) -> ssl.SSLContext:
    context = tls_context()
    context.load_verify_locations(certificate)
    return context


def images_at(name: str, port: int, tls: ssl.SSLContext, **changes):
    return access(
        label_studio_url=f"https://{name}:{port}",
        resolver=lambda host, port: ["127.0.0.1"],
        tls=tls,
        **changes,
    )


def test_name_indication_and_check_are_for_the_name_and_not_the_address(
    protected, certificate: Path
) -> None:
    server, names = protected(Reply(PNG))
    images = images_at("studio.example", server.port, trusting(certificate))
    for _ in range(2):
        assert np.array_equal(images.load(UPLOAD).pixels, PICTURE)
    assert names == ["studio.example"]
    assert server.asked[0].headers["host"] == f"studio.example:{server.port}"


def test_a_certificate_for_another_name_is_refused(protected, certificate: Path) -> None:
    server, _ = protected(Reply(PNG))
    for name in ("other.example", "127.0.0.1"):
        with pytest.raises(ImageUnreachable, match=r"no TLS connection to .*mismatch"):
            images_at(name, server.port, trusting(certificate)).load(UPLOAD)
    assert server.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(protected) -> None:
    server, _ = protected(Reply(PNG))
    with pytest.raises(ImageUnreachable, match=r"no TLS connection to .*self-signed"):
        images_at("studio.example", server.port, tls_context()).load(UPLOAD)
    assert server.asked == []


def test_a_slow_protected_server_cannot_hold_a_thread(protected, certificate: Path) -> None:
    server, _ = protected(Reply(PNG, drip=0.05))
    images = images_at("studio.example", server.port, trusting(certificate), seconds=0.5)
    with pytest.raises(ImageUnreachable, match=r"within 0\.5 s"):
        images.load(UPLOAD)
