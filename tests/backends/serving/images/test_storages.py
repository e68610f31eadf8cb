"""Files of storages that only Label Studio has the key of come through its resolver."""

import base64
from urllib.parse import parse_qs

import google.auth.credentials
import google.auth.exceptions
import numpy as np
import pytest

from backends.serving.errors import Cannot, CannotNow
from backends.serving.images import ImageAccess, ImageNotFound, ImageRefused
from tests.backends.serving.images.samples import PICTURE, PNG, access
from tests.backends.serving.images.servers import Asked, Reply, Server

ADDRESSES = ["s3://bucket/a b/é.png", "azure-blob://container/a.png"]


def through(server: Server) -> ImageAccess:
    return access(label_studio_url=server.url, label_studio_api_key="legacy")


def resolver(asked: Asked) -> Reply:
    """As Label Studio answers for a storage whose files it hands on itself."""
    assert asked.path == "/tasks/7/resolve/"
    (encoded,) = parse_qs(asked.url.query)["fileuri"]
    known = base64.urlsafe_b64decode(encoded).decode() in ADDRESSES
    allowed = asked.headers.get("authorization") == "Token legacy"
    return Reply(PNG) if known and allowed else Reply(status=404 if allowed else 401)


@pytest.mark.parametrize("address", ADDRESSES)
def test_label_studio_is_asked_with_its_key_by_the_tasks_own_address(serve, address: str) -> None:
    images = through(serve(resolver))
    found = images.address(address, 7)
    assert np.array_equal(images.load(found).pixels, PICTURE)
    # Every task's click on one file finds the same embedding.
    assert images.identity(found) == images.identity(images.address(address, 8)) == address


def test_a_storage_that_label_studio_does_not_know_is_said(serve) -> None:
    images = through(serve(resolver))
    with pytest.raises(ImageNotFound, match="no storage for it in this project") as caught:
        images.load(images.address("s3://another/a.png", 7))
    assert isinstance(caught.value, Cannot)


@pytest.mark.parametrize("status", [424, 500, 503])
def test_a_storage_that_does_not_answer_label_studio_may_answer_later(serve, status: int) -> None:
    images = through(serve(Reply(status=status)))
    with pytest.raises(CannotNow):
        images.load(images.address("s3://bucket/a.png", 7))


@pytest.mark.parametrize(
    ("host", "follows"),
    [
        ("bucket.s3.eu-west-1.amazonaws.com", True),
        ("s3.amazonaws.com", True),
        ("bucket.s3.cn-north-1.amazonaws.com.cn", True),
        ("account.blob.core.windows.net", True),
        ("storage.googleapis.com", True),
        ("ec2-203-0-113-9.compute.amazonaws.com", False),
        ("s3.amazonaws.com.evil.example", False),
        ("minio.example", False),
    ],
)
def test_addresses_that_label_studio_signed_lead_to_the_clouds_storages_alone(
    serve, host: str, follows: bool
) -> None:
    server = serve(Reply(status=303, headers={"Location": f"https://{host}/a.png?sig=secret"}))
    images = access(
        label_studio_url=server.url,
        label_studio_api_key="legacy",
        resolver=lambda name, port: ["203.0.113.1"],
    )
    with pytest.raises(ImageRefused) as caught:
        images.load(images.address("s3://bucket/a.png", 7))
    # The guard refuses this address of the documentation's network: it was on its way there.
    assert ("refused network address" in str(caught.value)) == follows
    assert ("not among the hosts" in str(caught.value)) == (not follows)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("has_credentials", [True, False])
def test_cloud_storage_is_read_through_label_studio_where_this_process_has_no_key(
    serve, monkeypatch: pytest.MonkeyPatch, has_credentials: bool
) -> None:
    def default(*args, **kwargs):
        if not has_credentials:
            raise google.auth.exceptions.DefaultCredentialsError("none")
        return google.auth.credentials.AnonymousCredentials(), None

    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setattr("google.auth.default", default)
    images = through(serve(resolver))
    found = images.address("gs://bucket-1/a.png", 7)
    assert (found == "gs://bucket-1/a.png") == has_credentials
    assert images.identity(found) == "gs://bucket-1/a.png"


def test_without_a_key_for_label_studio_the_reason_names_what_to_set(serve) -> None:
    images = access(label_studio_url=serve(resolver).url)
    assert images.address("s3://bucket/a.png", 7) == "s3://bucket/a.png"
    with pytest.raises(ImageRefused, match="set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY"):
        images.load("s3://bucket/a.png")
