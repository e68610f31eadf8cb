"""Objects in Cloud Storage, read by the real client from a server on this machine."""

import concurrent.futures
import time

import google.auth.exceptions
import numpy as np
import pytest

from backends.serving.images import (
    ImageDenied,
    ImageNotFound,
    ImageTooLarge,
    ImageUnreachable,
    ImageUnreadable,
)
from tests.backends.serving.images.samples import OTHER_PNG, PICTURE, PNG, access
from tests.backends.serving.images.servers import Reply, closed_port
from tests.backends.serving.images.storage_double import Bucket

NAMES = ["x.png", "a folder/ünï 100%.png", "what?x=1#2.png", "a+b&c=d.png"]


@pytest.fixture
def bucket(serve, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    bucket = Bucket("images-1")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", serve(bucket).url)
    return bucket


@pytest.mark.parametrize("name", NAMES)
def test_an_object_is_read_by_its_exact_name(bucket: Bucket, name: str) -> None:
    generation = bucket.put(name, PNG)
    image = access().load(f"gs://images-1/{name}")
    assert np.array_equal(image.pixels, PICTURE)
    assert image.identity == f"gs://images-1/{name}#{generation}"


def test_a_replaced_object_gets_a_new_identity(bucket: Bucket) -> None:
    images = access()
    first = bucket.put("x.png", PNG)
    assert images.load("gs://images-1/x.png").identity.endswith(f"#{first}")
    second = bucket.put("x.png", OTHER_PNG)
    assert images.load("gs://images-1/x.png").identity.endswith(f"#{second}")
    assert first != second


def test_an_object_replaced_while_it_is_read_is_read_anew(bucket: Bucket) -> None:
    bucket.put("x.png", PNG)
    replaced = iter([True])

    def between() -> None:
        if next(replaced, False):
            bucket.put("x.png", OTHER_PNG)

    bucket.between = between
    assert np.array_equal(access().load("gs://images-1/x.png").pixels, 255 - PICTURE)


@pytest.mark.parametrize("address", ["gs://images-1/missing.png", "gs://other-bucket/x.png"])
def test_what_is_not_there_is_not_found(bucket: Bucket, address: str) -> None:
    with pytest.raises(ImageNotFound, match=f"{address}: there is no such object"):
        access().load(address)


def test_missing_rights_are_named_with_the_role(bucket: Bucket) -> None:
    bucket.faults = [Reply(status=403)]
    with pytest.raises(ImageDenied, match="Storage Object Viewer on the bucket images-1"):
        access().load("gs://images-1/x.png")


def test_credentials_that_google_refuses_are_told_apart(bucket: Bucket) -> None:
    bucket.faults = [Reply(status=401)]  # which makes the client renew its token, here in vain
    with pytest.raises(ImageDenied, match="refuses the service account or its key"):
        access().load("gs://images-1/x.png")


def test_passing_faults_are_tried_again(bucket: Bucket) -> None:
    bucket.put("x.png", PNG)
    bucket.faults = [Reply(status=503), Reply(status=429)]
    assert np.array_equal(access().load("gs://images-1/x.png").pixels, PICTURE)


def test_lasting_faults_end_with_the_time(bucket: Bucket) -> None:
    bucket.faults = [Reply(status=503)] * 100
    start = time.monotonic()
    with pytest.raises(ImageUnreachable, match=r"x\.png"):
        access(seconds=0.6).load("gs://images-1/x.png")
    assert time.monotonic() - start < 3.6


def test_a_storage_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(ImageUnreachable, match=r"gs://images-1/x\.png"):
        access(seconds=0.5).load("gs://images-1/x.png")


def test_a_slow_object_cannot_hold_a_thread(bucket: Bucket) -> None:
    bucket.put("x.png", PNG)

    def between() -> None:
        bucket.faults = [Reply(PNG, drip=0.05, headers={"X-Goog-Generation": "1"})] * 9

    bucket.between = between
    start = time.monotonic()
    with pytest.raises(ImageUnreachable, match=r"no complete answer within 0\.6 s"):
        access(seconds=0.6).load("gs://images-1/x.png")
    assert time.monotonic() - start < 3.6


def test_an_object_over_the_limit_is_refused_before_its_bytes_are_asked_for(bucket: Bucket) -> None:
    bucket.put("x.png", bytes(200_001))
    bucket.between = lambda: bucket.faults.append(Reply(status=500))
    with pytest.raises(ImageTooLarge, match=r"gs://images-1/x\.png: more than"):
        access().load("gs://images-1/x.png")
    assert len(bucket.faults) == 1


def test_bytes_that_do_not_match_the_checksum_are_not_used(bucket: Bucket) -> None:
    bucket.put("x.png", PNG)
    bucket.checksum = "AAAAAA=="
    with pytest.raises(ImageUnreachable, match="does not match Cloud Storage's checksum"):
        access().load("gs://images-1/x.png")


def test_an_object_that_is_no_image_is_unreadable(bucket: Bucket) -> None:
    bucket.put("x.png", b"%PDF-1.7")
    with pytest.raises(ImageUnreadable, match=r"gs://images-1/x\.png: is not an image"):
        access().load("gs://images-1/x.png")


def test_threads_share_one_client(bucket: Bucket) -> None:
    generations = [bucket.put(f"{n}.png", PNG if n % 2 else OTHER_PNG) for n in range(16)]
    images = access()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        loaded = list(pool.map(lambda n: images.load(f"gs://images-1/{n}.png"), range(16)))
    for number, image in enumerate(loaded):
        assert np.array_equal(image.pixels, PICTURE if number % 2 else 255 - PICTURE)
        assert image.identity == f"gs://images-1/{number}.png#{generations[number]}"


def test_missing_credentials_are_said_and_not_looked_for_on_every_click(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = []

    def nothing(*args, **kwargs):
        looked.append(args)
        raise google.auth.exceptions.DefaultCredentialsError("none")

    # The real search asks a metadata server, which a test must not.
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setattr("google.auth.default", nothing)
    images = access()
    for _ in range(3):
        with pytest.raises(ImageDenied, match="GOOGLE_APPLICATION_CREDENTIALS"):
            images.load("gs://images-1/x.png")
    assert len(looked) == 1
