"""Objects as the unmodified client of Google reads and writes them."""

import concurrent.futures
import os
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.storage.retry import DEFAULT_RETRY

from tests.cloud.storage.conftest import Place
from tests.cloud.storage.objects import Objects
from tests.cloud.storage.server import Fault

pytestmark = pytest.mark.integration

MIB = 1024 * 1024


def test_what_was_written_is_read_again(place: Place) -> None:
    blob = place.client.bucket("target").blob("a folder/ünï 100%?#.json")
    blob.upload_from_string('{"a": 1}', content_type="application/json")
    found = place.client.bucket("target").get_blob(blob.name)
    assert found is not None
    assert (found.download_as_bytes(), found.content_type) == (b'{"a": 1}', "application/json")
    assert found.generation == blob.generation


def test_a_large_object_goes_up_and_down_in_pieces(place: Place, tmp_path: Path) -> None:
    content = os.urandom(9 * MIB)
    blob = place.client.bucket("target").blob("large.bin", chunk_size=MIB)
    (tmp_path / "large.bin").write_bytes(content)
    blob.upload_from_filename(str(tmp_path / "large.bin"))
    assert len(place.stand_in.asked("PUT", "upload_id=")) == 9
    place.stand_in.break_down(Fault("GET", "alt=media", times=1, cut_after=3 * MIB))
    assert place.client.bucket("target").blob("large.bin").download_as_bytes() == content


def test_a_versioned_bucket_keeps_what_is_overwritten_and_deleted(place: Place) -> None:
    bucket = place.client.bucket("target")
    for text in ("one", "two"):
        bucket.blob("x").upload_from_string(text)
    place.client.bucket("target").blob("x").delete()
    assert list(bucket.list_blobs()) == []
    generations = [blob.generation for blob in bucket.list_blobs(versions=True)]
    assert [
        bucket.blob("x", generation=generation).download_as_bytes() for generation in generations
    ] == [b"one", b"two"]


def test_a_bucket_without_versions_forgets(place: Place) -> None:
    place.stand_in.cloud.grant("source", place.account, "objectUser")
    bucket = place.client.bucket("source")
    for text in ("one", "two"):
        bucket.blob("x").upload_from_string(text)
    assert len(list(bucket.list_blobs(versions=True))) == 1


def test_of_many_who_make_an_object_one_wins(place: Place) -> None:
    def make(number: int) -> bool:
        blob = place.client.bucket("target").blob("lock")
        try:
            blob.upload_from_string(str(number), if_generation_match=0)
        except exceptions.PreconditionFailed:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(make, range(8))) == 1


def test_lists_come_by_pages_prefixes_folders_and_globs(place: Place) -> None:
    for number in range(5):
        place.stand_in.put("source", f"a/{number}.jpg", b"x")
    place.stand_in.put("source", "a/deep/6.png", b"x")
    place.stand_in.put("source", "b.jpg", b"x")
    client = place.client

    def listed(**options: object) -> list[str]:
        found = client.list_blobs("source", **options)  # pyright: ignore[reportArgumentType]
        return [blob.name for blob in found]

    everything = [*(f"a/{number}.jpg" for number in range(5)), "a/deep/6.png", "b.jpg"]
    assert listed(page_size=3) == everything
    assert len(place.stand_in.asked("GET", "pageToken")) == 2
    assert listed(prefix="a/", delimiter="/") == everything[:5]
    assert listed(match_glob="a/*.jpg") == everything[:5]
    assert listed(match_glob="a/**.png") == ["a/deep/6.png"]


def test_a_wrong_checksum_is_refused(place: Place) -> None:
    blob = place.client.bucket("target").blob("x")
    blob.crc32c = "AAAAAA=="
    with pytest.raises(exceptions.BadRequest, match="CRC32C"):
        blob.upload_from_string("x", checksum="md5")
    assert place.stand_in.live("target") == []


def test_a_storm_passes_and_an_outage_is_told(place: Place) -> None:
    bucket = place.client.bucket("target")
    place.stand_in.break_down(Fault("POST", "/upload/", times=2, status=503))
    bucket.blob("x").upload_from_string("x")
    place.stand_in.break_down(Fault("POST", "/upload/", status=503))
    with pytest.raises(exceptions.RetryError):
        bucket.blob("y").upload_from_string("y", retry=DEFAULT_RETRY.with_timeout(0.5))
    assert [version.name for version in place.stand_in.live("target")] == ["x"]


def test_objects_outlive_the_process(tmp_path: Path) -> None:
    first = Objects(tmp_path)
    first.put("b", "a/x" * 200, b"one", versioned=True)
    first.put("b", "a/x" * 200, b"two", versioned=True)
    again = Objects(tmp_path)
    assert again.versions("b") == first.versions("b")
    assert again.find("b", "a/x" * 200)[1] == b"two"
