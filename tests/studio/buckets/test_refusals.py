"""What is said when a bucket, a role or a key is wrong: before anything is changed."""

import json
from pathlib import Path

import pytest

from studio.buckets.cloud_storage import RETRY
from tests.cloud.storage import names
from tests.cloud.storage.server import Fault
from tests.label_studio import serve_label_studio
from tests.studio.buckets.conftest import BucketPlace

pytestmark = pytest.mark.integration


def nothing_was_made(workplace: BucketPlace) -> bool:
    found = workplace.label_studio.get("/api/projects/", params={"page_size": 1000}).json()
    return workplace.title not in [project["title"] for project in found["results"]]


@pytest.mark.parametrize("part", ["source", "target"])
def test_a_bucket_that_is_not_there_is_named(workplace: BucketPlace, part: str) -> None:
    workplace.content[part] = {"bucket": "gs://no-such-bucket"}
    assert "there is no bucket no-such-bucket; correct the name" in workplace.refusal()
    assert nothing_was_made(workplace)


def test_missing_roles_are_named_with_what_they_are_for(workplace: BucketPlace) -> None:
    cloud, email = workplace.stand_in.cloud, workplace.account.email
    cloud.grant(workplace.source, email, "objectViewer")
    output = workplace.refusal()
    assert f"{email} lacks permissions that labeling needs on bucket {workplace.source}" in output
    assert "(storage.buckets.get); give it the roles Storage Object Viewer and" in output
    cloud.grant(workplace.source, email, "objectViewer", "legacyBucketReader")
    cloud.grant(workplace.target, email, "objectViewer", "legacyBucketReader")
    output = workplace.refusal()
    assert "(storage.objects.create, storage.objects.delete)" in output
    assert "Storage Object User" in output
    assert nothing_was_made(workplace)


def test_a_wrong_key_is_told_by_its_account(workplace: BucketPlace, tmp_path: Path) -> None:
    stand_in = workplace.stand_in
    former = stand_in.cloud.add_account("former")
    key = stand_in.key_file(former, stand_in.cloud.add_key(former))
    stand_in.cloud.revoke_keys(former)
    output = workplace.refusal(GOOGLE_APPLICATION_CREDENTIALS=str(key))
    assert f"Google does not accept the key of {former}" in output
    assert "Invalid JWT Signature" in output
    assert "create a new key" in output
    assert nothing_was_made(workplace)


def test_a_key_file_that_is_not_there_is_named(workplace: BucketPlace, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.json")
    output = workplace.refusal(GOOGLE_APPLICATION_CREDENTIALS=missing)
    assert "no Google credentials" in output
    assert missing in output


def test_cloud_storage_that_does_not_answer_is_told(
    workplace: BucketPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in production, but for a second instead of half a minute.
    monkeypatch.setattr("studio.buckets.cloud_storage.RETRY", RETRY.with_timeout(1))
    output = workplace.refusal(HTTPS_PROXY="http://127.0.0.1:9")
    assert "Cloud Storage does not answer" in output


def test_a_storm_of_errors_passes(workplace: BucketPlace) -> None:
    faults = [
        Fault("GET", f"/b/{workplace.source}/o", times=2, status=503),
        Fault("GET", "testPermissions", times=1, status=429),
    ]
    workplace.stand_in.break_down(*faults)
    try:
        assert "import 3 images" in workplace.apply()
    finally:
        workplace.stand_in.break_down()


def test_a_key_that_was_revoked_under_label_studio_is_told(
    workplace: BucketPlace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stand_in, cloud = workplace.stand_in, workplace.stand_in.cloud
    email = cloud.add_account("dismissed")
    key = stand_in.key_file(email, cloud.add_key(email))
    cloud.grant(workplace.source, email, "objectViewer", "legacyBucketReader")
    cloud.grant(workplace.target, email, "objectUser", "legacyBucketReader")
    settings = {**stand_in.environment, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    started_by = names.with_names(stand_in.hosts)
    folder = tmp_path_factory.mktemp("other-label-studio")
    with serve_label_studio(folder, started_by, **settings) as workplace.label_studio:
        workplace.apply()
        cloud.revoke_keys(email)
        # Its token lives on for an hour, what it signs does not.
        output = workplace.refusal()
        assert f"Cloud Storage refuses the signed address of gs://{workplace.source}/" in output
        assert "Give Label Studio a valid key and restart it" in output
    with serve_label_studio(folder, started_by, **settings) as workplace.label_studio:
        workplace.content["source"]["media"] = "proxy"
        output = workplace.refusal()
        assert "Invalid JWT Signature" in output
        assert "Label Studio has no valid Google credentials" in output
        log = workplace.label_studio.log.read_text()
    assert json.loads(key.read_text())["private_key"].splitlines()[1] not in log
