"""What the hosts say about the catalogue's files, asked without fetching them."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.weights.host import Host
from weights.access import Access
from weights.catalogue import catalogue
from weights.errors import WeightsError
from weights.verify import verify

CONTENT = random.Random(3).randbytes(2_000_000)
HERE = Access()


def test_hugging_face_names_size_and_hash_before_it_leads_to_the_bytes(host: Host) -> None:
    """The headers that huggingface_hub reads (get_hf_file_metadata)."""
    stored = host.put("/store/5f1c", CONTENT)
    linked = {"X-Linked-Size": str(len(CONTENT)), "X-Linked-Etag": f'"{stored.sha256}"'}
    host.redirects["/m/resolve/1/model.safetensors"] = (f"{host.url}/store/5f1c", linked)
    file = replace(stored, url=f"{host.url}/m/resolve/1/model.safetensors")
    found = verify(file, HERE)
    assert (found.differs, found.words) == (False, "same size and SHA-256")
    assert {method for method, *_ in host.asked} == {"HEAD"}
    found = verify(replace(file, sha256="0" * 64, size=5_000_000), HERE)
    assert found.differs
    assert f"it has 2000000 bytes, not 5000000; its SHA-256 is {stored.sha256}" in found.words


def test_another_host_names_its_size_alone_and_that_is_said(host: Host) -> None:
    file = host.put("/m/sam.pth", CONTENT)
    found = verify(file, HERE)
    assert (found.differs, found.words) == (False, "same size; the host names no SHA-256")
    assert verify(replace(file, size=2_000_001), HERE).differs


def test_a_small_file_is_read_and_hashed(host: Host) -> None:
    file = host.put("/m/config.json", b"{}")
    assert verify(file, HERE).words == "same size and SHA-256"
    host.put("/m/config.json", b"[]")
    assert verify(file, HERE).differs


def test_a_host_that_allows_get_alone_is_asked_for_one_byte(host: Host) -> None:
    file, host.heads = host.put("/m/sam.pth", CONTENT), False
    assert verify(file, HERE).words == "same size; the host names no SHA-256"
    assert host.ranges_asked() == ["bytes=0-0"]
    assert verify(replace(file, size=2_000_001), HERE).differs


def test_a_file_that_is_gone_differs_and_a_host_that_is_away_is_unknown(host: Host) -> None:
    file = host.put("/m/sam.pth", CONTENT)
    found = verify(replace(file, url=f"{host.url}/none.pth"), HERE)
    assert found.differs
    assert "answers 404" in found.words
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9/a cannot be asked: .*refused"):
        verify(replace(file, url="http://127.0.0.1:9/a"), HERE)


def test_a_file_of_this_machine_has_a_size(tmp_path: Path, host: Host) -> None:
    file = host.put("/m/sam.pth", CONTENT)
    (tmp_path / "sam.pth").write_bytes(CONTENT)
    own = replace(file, url=(tmp_path / "sam.pth").as_uri())
    assert verify(own, HERE).words == "same size; the host names no SHA-256"


def test_a_file_that_comes_with_atelier_is_asked_of_nobody(host: Host) -> None:
    config, *_ = catalogue()["segmentation"]["beit-base-ade20k"].files
    found = verify(replace(config, url=f"{host.url}/config.json"), HERE)
    assert (found.differs, found.words) == (False, "comes with Atelier, and is not fetched")
    assert host.asked == []
