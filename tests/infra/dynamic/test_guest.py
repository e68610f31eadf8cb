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
OWN_LABELS = {"atelier-stack": "dev", "managed-by": "atelier"}
# As infra/components/storage.py asks for it.
OWN_LIFECYCLE = [
    {"action": {"type": "Delete"}, "condition": {"numNewerVersions": 3, "withState": "ARCHIVED"}},
    {
        "action": {"type": "Delete"},
        "condition": {"daysSinceNoncurrentTime": 90, "withState": "ARCHIVED"},
    },
    {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 2}},
]
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
    return {**wanted, "own_labels": OWN_LABELS, "added": None, **more}


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
    with pytest.raises(BucketError, match=r"Could not look at gs://gone: .*does not exist"):
        BucketGuestProvider().create(props(bucket="gone"))


def test_a_bucket_that_its_owner_deleted_does_not_hold_up_the_stacks_end(api: ComputeApi) -> None:
    provider = BucketGuestProvider()
    made = provider.create(props()).outs
    assert made is not None
    with api.cloud.open() as data:
        del data["resources"][f"storage.Bucket {NAME}"]
    provider.delete(NAME, made)


def test_a_bucket_that_the_stack_made_since_keeps_its_rule(api: ComputeApi) -> None:
    """The old guest goes after the stack's own bucket of that name is there, with the same rule."""
    provider = BucketGuestProvider()
    made = provider.create(props(versioning=True)).outs
    assert made is not None
    put(api, labels=OWN_LABELS, cors=[OURS_THERE], versioning={"enabled": True})
    before = has(api)
    provider.delete(NAME, made)
    assert has(api) == before


@pytest.mark.parametrize("labels", [{}, {"managed-by": "atelier"}, {"atelier-stack": "dev"}])
def test_a_stacks_own_bucket_that_lost_its_labels_is_no_guests(
    api: ComputeApi, labels: dict[str, str]
) -> None:
    """The engine would delete it at the end of the update, as nothing declares it any more."""
    put(api, labels=labels, lifecycleRules=OWN_LIFECYCLE)
    provider, before = BucketGuestProvider(), has(api)
    (failure,) = provider.check({}, props()).failures
    assert failure.reason.endswith(
        "If this stack made it, put them back: gcloud storage buckets update gs://company-photos"
        " --update-labels=atelier-stack=dev,managed-by=atelier. If it is somebody else's, say so:"
        " gcloud storage buckets update gs://company-photos --update-labels=atelier-stack=none."
    )
    with pytest.raises(BucketError, match="put them back"):
        provider.create(props())
    assert has(api) == before


@pytest.mark.parametrize(
    ("labels", "rules"),
    [
        ({"owner": "web-team"}, OWN_LIFECYCLE[:2]),
        ({"managed-by": "atelier", "atelier-stack": "prod"}, OWN_LIFECYCLE),
        ({"atelier-stack": "none"}, OWN_LIFECYCLE),
    ],
)
def test_a_bucket_of_anothers_may_have_such_rules(
    api: ComputeApi, labels: dict[str, str], rules: list[dict[str, Any]]
) -> None:
    put(api, labels=labels, lifecycleRules=rules)
    assert BucketGuestProvider().check({}, props()).failures == []


def test_the_preview_leaves_a_bucket_that_cannot_be_looked_at_to_the_update(
    api: ComputeApi,
) -> None:
    assert BucketGuestProvider().check({}, props(bucket="gone")).failures == []


def test_credentials_are_not_sent_over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_STORAGE_CUSTOM_ENDPOINT", "http://198.51.100.1/storage/v1/")
    with pytest.raises(BucketError, match="not sent over plain http"):
        Buckets("demo-project").count(NAME, 5)
