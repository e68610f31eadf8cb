"""What the stack adds to a bucket of somebody else's, against the double of Cloud Storage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.dynamic.buckets import BucketError, Buckets
from infra.dynamic.guest import BucketGuestProvider
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud

NAME = "company-photos"
THEIRS = {"origins": ["https://shop.example.com"], "methods": ["PUT"], "maxAgeSeconds": 60}
OURS = {"origin": ["https://198.51.100.7"], "method": ["GET"], "maxAgeSeconds": 3600}
OURS_THERE = {"origins": ["https://198.51.100.7"], "methods": ["GET"], "maxAgeSeconds": 3600}
HAS = {"name": NAME, "location": "EU", "labels": {"owner": "web-team"}}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComputeApi]:
    api = ComputeApi(Cloud(tmp_path))
    monkeypatch.setenv("GOOGLE_STORAGE_CUSTOM_ENDPOINT", f"{api.url}/storage/v1/")
    put(api, cors=[THEIRS])
    yield api
    api.close()


def put(api: ComputeApi, **has: Any) -> None:
    """Put the bucket into the cloud."""
    record = {"inputs": HAS | has, "outputs": HAS | has, "seed": NAME}
    with api.cloud.open() as data:
        data["resources"][f"storage.Bucket {NAME}"] = record


def has(api: ComputeApi) -> dict[str, Any]:
    return api.cloud.read()["resources"][f"storage.Bucket {NAME}"]["outputs"]


def props(**more: Any) -> dict[str, Any]:
    # As the engine hands numbers over.
    rule = OURS | {"maxAgeSeconds": 3600.0}
    wanted = {"project": "demo-project", "bucket": NAME, "cors": [rule], "versioning": False}
    return {**wanted, "added": None, **more}


def test_one_rule_is_added_beside_the_others_and_taken_away_again(api: ComputeApi) -> None:
    provider, before = BucketGuestProvider(), has(api)
    made = provider.create(props())
    assert has(api) == before | {"cors": [THEIRS, OURS_THERE]}
    assert made.outs is not None
    provider.delete(NAME, made.outs)
    assert has(api) == before


def test_what_others_wrote_meanwhile_stays(api: ComputeApi) -> None:
    provider = BucketGuestProvider()
    made = provider.create(props())
    another = THEIRS | {"maxAgeSeconds": 61}
    with api.cloud.open() as data:
        data["resources"][f"storage.Bucket {NAME}"]["outputs"]["cors"].append(another)
    other = OURS | {"origin": ["https://label.example.org"]}
    assert made.outs is not None
    changed = provider.update(NAME, made.outs, props(cors=[other])).outs
    assert [rule["origins"] for rule in has(api)["cors"]] == [
        THEIRS["origins"],
        THEIRS["origins"],
        ["https://label.example.org"],
    ]
    assert changed is not None
    provider.delete(NAME, changed)
    assert has(api)["cors"] == [THEIRS, another]


def test_a_rule_that_was_there_before_is_not_ours_to_take(api: ComputeApi) -> None:
    put(api, cors=[OURS_THERE, THEIRS])
    provider = BucketGuestProvider()
    made = provider.create(props())
    assert made.outs is not None
    provider.delete(NAME, made.outs)
    assert has(api)["cors"] == [OURS_THERE, THEIRS]


@pytest.mark.parametrize("before", [False, True])
def test_versions_are_kept_when_asked_and_end_with_the_stack_if_they_began_with_it(
    api: ComputeApi, before: bool
) -> None:
    put(api, versioning={"enabled": before})
    provider = BucketGuestProvider()
    made = provider.create(props(versioning=True))
    assert has(api)["versioning"] == {"enabled": True}
    assert made.outs is not None
    provider.delete(NAME, made.outs)
    assert has(api)["versioning"] == {"enabled": before}


def test_a_change_between_the_look_and_ours_is_not_lost(
    api: ComputeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket's metageneration then differs, the API refuses, and both are made again."""
    looks: list[str] = []
    answer = api.answer

    def meddling(verb: str, path: str, query: Any, body: Any) -> Any:
        found = answer(verb, path, query, body)
        if verb == "GET" and not looks:
            looks.append(path)
            with api.cloud.open() as data:
                record = data["resources"][f"storage.Bucket {NAME}"]
                record["metageneration"] = 2
                record["outputs"]["cors"].append(THEIRS | {"maxAgeSeconds": 61})
        return found

    monkeypatch.setattr(api, "answer", meddling)
    BucketGuestProvider().create(props())
    assert [rule["maxAgeSeconds"] for rule in has(api)["cors"]] == [60, 61, 3600]


def test_a_bucket_that_is_gone_is_named(api: ComputeApi) -> None:
    with pytest.raises(BucketError, match=r"CORS rules of gs://gone: .*does not exist"):
        BucketGuestProvider().create(props(bucket="gone"))


def test_credentials_are_not_sent_over_plain_http() -> None:
    with pytest.raises(BucketError, match="not sent over plain http"):
        Buckets("demo-project", endpoint="http://198.51.100.1/storage/v1/").count(NAME, 5)
