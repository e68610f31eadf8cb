"""What a `pulumi up` granted counts: the account, key, roles and CORS rule of a real stack."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.cloud import storage
from google.oauth2 import credentials

from studio.buckets.cloud_storage import READ, WRITE
from tests.cloud.gcp.state import of_kind
from tests.cloud.storage import names
from tests.cloud.storage.stand_in import StandIn, run_stand_in
from tests.cloud.workspace import Stack

pytestmark = pytest.mark.integration

SOURCE, TARGET = "demo-project-dev-source", "demo-project-dev-target"


@dataclass
class Deployed:
    """A stack that is up, and the stand-in with its cloud."""

    stack: Stack
    stand_in: StandIn

    def all_of(self, kind: str) -> list[dict[str, Any]]:
        return [
            record["outputs"] for record in of_kind({"resources": self.stack.cloud}, kind).values()
        ]

    @property
    def account(self) -> str:
        (account,) = self.all_of("serviceaccount.Account")
        return account["email"]

    @property
    def metadata(self) -> dict[str, str]:
        (machine,) = self.all_of("compute.Instance")
        return machine["metadata"]


@pytest.fixture(scope="module", params=["key", "keyless"])
def deployed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    if not names.can_be_given():
        pytest.skip("Cloud Storage's names and port on loopback take Linux and root")
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder) as stack:
        password = {"adminPassword": "correct horse battery staple"}
        stack.config(gcp__project="demo-project", secrets=password, auth=request.param)
        stack.up()
        with run_stand_in(folder / "cloud") as stand_in:
            yield Deployed(stack, stand_in)


@pytest.fixture
def client(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[storage.Client]:
    """Google's client with what the machine has: the key in its metadata, or its account."""
    for name, value in deployed.stand_in.environment.items():
        monkeypatch.setenv(name, value)
    with names.resolved_at(deployed.stand_in.address):
        encoded = deployed.metadata.get("GOOGLE_APPLICATION_CREDENTIALS_BASE64")
        if encoded:
            key = base64.b64decode(encoded).decode()
            yield deployed.stand_in.client(deployed.stand_in.key_file(deployed.account, key))
        else:
            token = deployed.stand_in.server.service.tokens.issue(deployed.account)
            yield storage.Client("demo-project", credentials.Credentials(token))


def test_the_machine_may_do_what_labeling_takes_and_no_more(
    client: storage.Client,
) -> None:
    every = [*READ.permissions, *WRITE.permissions, "storage.buckets.update"]
    source = client.bucket(SOURCE).test_iam_permissions(every)
    assert sorted(source) == sorted(READ.permissions)
    target = set(client.bucket(TARGET).test_iam_permissions(every))
    assert set(WRITE.permissions) <= target
    assert "storage.buckets.update" not in target
    client.bucket(TARGET).blob("annotations/1.json").upload_from_string("{}")
    with pytest.raises(exceptions.Forbidden):
        client.bucket(SOURCE).blob("x").upload_from_string("x")


def test_the_target_keeps_versions(client: storage.Client) -> None:
    assert client.get_bucket(TARGET).versioning_enabled


def test_the_studios_page_may_read_a_signed_image_and_others_may_not(
    client: storage.Client, deployed: Deployed
) -> None:
    deployed.stand_in.put(SOURCE, "x.png", b"picture")
    by_key = "GOOGLE_APPLICATION_CREDENTIALS_BASE64" in deployed.metadata
    token = deployed.stand_in.server.service.tokens.issue(deployed.account)
    blob = client.bucket(SOURCE).blob("x.png")
    address = blob.generate_signed_url(
        version="v4",
        expiration=timedelta(minutes=1),
        service_account_email=None if by_key else deployed.account,
        access_token=None if by_key else token,
    )
    origin = deployed.stack.outputs()["url"]
    answer = requests.get(address, headers={"Origin": origin})
    assert answer.content == b"picture"
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    other = requests.get(address, headers={"Origin": "https://elsewhere.example.org"})
    assert "Access-Control-Allow-Origin" not in other.headers
