"""The stand-in for the tests of this folder: two buckets, an account with a key and its roles."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud import storage

from tests.cloud.storage import names
from tests.cloud.storage.stand_in import StandIn, run_stand_in

ORIGIN = "https://labels.example.org"


@dataclass
class Place:
    """A stand-in with the buckets `source` and `target`, and an account that may use them."""

    stand_in: StandIn
    account: str
    key: Path

    @property
    def client(self) -> storage.Client:
        return self.stand_in.client(self.key)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if not names.can_be_given():
        pytest.skip("Cloud Storage's names and port on loopback take Linux and root")
    with run_stand_in(tmp_path) as stand_in, names.resolved_at(stand_in.address):
        for name, value in stand_in.environment.items():
            monkeypatch.setenv(name, value)
        cloud = stand_in.cloud
        account = cloud.add_account("labeler")
        rule = {"origins": [ORIGIN], "methods": ["GET"], "responseHeaders": ["Content-Type"]}
        cloud.add_bucket("source", cors=[{**rule, "maxAgeSeconds": 3600}])
        cloud.add_bucket("target", versioning={"enabled": True})
        cloud.grant("source", account, "objectViewer", "legacyBucketReader")
        cloud.grant("target", account, "objectUser", "legacyBucketReader")
        yield Place(stand_in, account, stand_in.key_file("labeler", cloud.add_key(account)))
