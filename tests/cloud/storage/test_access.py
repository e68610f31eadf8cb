"""Keys, tokens, roles and signed addresses, as Google's client and a browser meet them."""

import base64
from datetime import timedelta

import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError
from google.cloud import storage
from google.oauth2 import credentials

from tests.cloud.gcp.lookups import TOKEN as OPERATOR_TOKEN
from tests.cloud.storage.conftest import ORIGIN, Place

pytestmark = pytest.mark.integration


def signed(place: Place, seconds: int = 60) -> str:
    blob = place.client.bucket("source").blob("a b/ü+1.png")
    return blob.generate_signed_url(version="v4", expiration=timedelta(seconds=seconds))


def by_token(place: Place, token: str) -> storage.Client:
    """A client without a key, as on a machine with an attached account."""
    return storage.Client(project="demo-project", credentials=credentials.Credentials(token))


def test_who_runs_pulumi_reads_every_bucket_with_their_own_token(place: Place) -> None:
    operator = by_token(place, OPERATOR_TOKEN)
    place.client.bucket("target").blob("weights").upload_from_string("x")
    assert operator.bucket("target").blob("weights").download_as_bytes() == b"x"
    with pytest.raises(exceptions.NotFound):
        operator.bucket("nobodys").blob("weights").download_as_bytes()


def test_a_revoked_key_gets_no_token(place: Place) -> None:
    place.stand_in.cloud.revoke_keys(place.account)
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        list(place.client.list_blobs("source"))


def test_a_key_of_somebody_else_gets_no_token(place: Place) -> None:
    content = place.key.read_text()
    place.stand_in.cloud.revoke_keys(place.account)
    place.stand_in.cloud.add_key(place.account)
    place.key.write_text(content)
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        list(place.client.list_blobs("source"))


def test_roles_are_per_bucket_and_the_missing_permission_is_named(place: Place) -> None:
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.create"):
        place.client.bucket("source").blob("x").upload_from_string("x")
    place.stand_in.cloud.grant("source", place.account, "objectViewer")
    with pytest.raises(exceptions.Forbidden, match=r"storage\.buckets\.get"):
        place.client.get_bucket("source")
    asked = ["storage.objects.get", "storage.objects.create"]
    assert place.client.bucket("source").test_iam_permissions(asked) == asked[:1]


def test_overwriting_takes_the_right_to_delete(place: Place) -> None:
    place.stand_in.cloud.grant("target", place.account, "objectCreator")
    blob = place.client.bucket("target").blob("x")
    blob.upload_from_string("one")
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.delete"):
        blob.upload_from_string("two")


def test_a_bucket_that_is_not_there_is_not_found(place: Place) -> None:
    with pytest.raises(exceptions.NotFound, match="The specified bucket does not exist"):
        place.client.get_bucket("elsewhere")


def test_a_token_of_the_attached_account_works_until_it_expires(place: Place) -> None:
    tokens = place.stand_in.server.service.tokens
    assert list(by_token(place, tokens.issue(place.account)).list_blobs("source")) == []
    tokens.seconds = -1
    client = by_token(place, tokens.issue(place.account))
    with pytest.raises((exceptions.Unauthorized, RefreshError)):
        list(client.list_blobs("source"))


def test_a_signed_address_is_served_with_cors_for_its_origin_alone(place: Place) -> None:
    place.stand_in.put("source", "a b/ü+1.png", b"picture")
    address = signed(place)
    assert address.startswith("https://storage.googleapis.com/source/a%20b/")
    answer = requests.get(address, headers={"Origin": ORIGIN})
    assert answer.content == b"picture"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    other = requests.get(address, headers={"Origin": "https://elsewhere.example.org"})
    assert "Access-Control-Allow-Origin" not in other.headers
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    allowed = requests.options(address, headers=preflight).headers
    assert allowed["Access-Control-Allow-Methods"] == "GET"
    preflight["Access-Control-Request-Headers"] = "x-unheard-of"
    assert "Access-Control-Allow-Origin" not in requests.options(address, headers=preflight).headers


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda address: address.replace("%C3%BC", "%C3%A4"), "SignatureDoesNotMatch"),
        (lambda address: address.replace("Expires=60", "Expires=61"), "SignatureDoesNotMatch"),
        (lambda address: address.partition("?")[0], "AccessDenied"),
    ],
)
def test_a_changed_address_is_refused(place: Place, change, code: str) -> None:
    place.stand_in.put("source", "a b/ü+1.png", b"picture")
    answer = requests.get(change(signed(place)))
    assert answer.status_code == 403
    assert f"<Code>{code}</Code>" in answer.text


def test_an_address_dies_with_its_time_and_with_its_key(place: Place) -> None:
    place.stand_in.put("source", "a b/ü+1.png", b"picture")
    with pytest.MonkeyPatch.context() as patch:
        address = signed(place)
        patch.setattr("tests.cloud.storage.signed_urls.time.time", lambda: 4e9)
        assert "<Code>ExpiredToken</Code>" in requests.get(address).text
    place.stand_in.cloud.revoke_keys(place.account)
    assert requests.get(address).status_code == 403


def test_an_account_without_a_key_signs_through_iam_if_it_may(place: Place) -> None:
    place.stand_in.put("source", "x.png", b"picture")
    token = place.stand_in.server.service.tokens.issue(place.account)
    blob = by_token(place, token).bucket("source").blob("x.png")

    def sign() -> str:
        return blob.generate_signed_url(
            version="v4",
            expiration=timedelta(minutes=1),
            service_account_email=place.account,
            access_token=token,
        )

    with pytest.raises(TransportError, match="signBlob"):
        sign()
    place.stand_in.cloud.let_sign(place.account)
    assert requests.get(sign()).content == b"picture"


def test_signatures_are_never_in_the_access_log(place: Place) -> None:
    address = signed(place)
    requests.get(address)
    log = (place.stand_in.folder / "access.jsonl").read_text()
    assert "X-Goog-Signature=..." in log
    assert address.rpartition("X-Goog-Signature=")[2] not in log
    assert base64.b64encode(place.key.read_bytes()).decode() not in log
