"""Weights in a private bucket, fetched as an image build does it: with the builder's own token."""

import hashlib
from pathlib import Path

import pytest

from tests.cloud.gcp.lookups import TOKEN
from tests.cloud.storage.conftest import Place
from weights.access import Access
from weights.cache import Cache
from weights.errors import WeightsError
from weights.fetch import fetch, wanted

pytestmark = pytest.mark.integration

CONTENT = bytes(range(256)) * 40_000
URL = "gs://target/models/mine.pth"


def test_a_private_bucket_is_read_with_a_token_and_with_none_it_is_refused(
    place: Place, tmp_path: Path
) -> None:
    place.client.bucket("target").blob("models/mine.pth").upload_from_string(CONTENT)
    files = wanted(URL, hashlib.sha256(CONTENT).hexdigest())

    def cache(name: str, token: str | None) -> Cache:
        return Cache(tmp_path / name, Access("", lambda: token), lambda line: None)

    with pytest.raises(WeightsError, match=r"gs://target/models/mine\.pth.*40[13]"):
        fetch(tmp_path / "nothing", files, cache("without", None))
    fetch(tmp_path / "weights", files, cache("with", TOKEN))
    assert (tmp_path / "weights" / "mine.pth").read_bytes() == CONTENT
