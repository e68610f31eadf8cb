import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import torch

from backends.segment_anything_model.embeddings import EmbeddingStore
from backends.segment_anything_model.encode_queue import Priority
from backends.segment_anything_model.kept import KeptEmbeddings
from backends.segment_anything_model.model import Embedding
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prompts import Click
from backends.segment_anything_model.sam import SegmentAnything
from backends.serving.errors import Busy, CannotNow
from backends.serving.images import ImageAccess, ImageError, access
from backends.serving.images.decode import decode
from backends.serving.metrics import CACHE_HITS, ENCODES
from backends.serving.settings import ModelSettings
from tests.backends.files import TOKEN, Files
from tests.backends.segment_anything_model.conftest import photo

MIB = 1024 * 1024
DEMO = Path(__file__).parents[3] / "backends/segment_anything_model/demo/sam_small.safetensors"


def store_for(
    files: Files,
    model: SegmentAnything,
    max_bytes: int = 64 * MIB,
    folder: Path | None = None,
    keep_pixels: bool = False,
    wait_seconds: float = 30,
) -> EmbeddingStore:
    environment = {
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "IMAGE_HOSTS": files.url.removeprefix("http://"),
        "IMAGE_MAX_MB": "1",
        "IMAGE_MAX_MEGAPIXELS": "1",
        "IMAGE_TIMEOUT_SECONDS": "5",
    }
    access = ImageAccess(ModelSettings.from_environment(environment))
    kept = KeptEmbeddings(folder, 64 * MIB, model.describe()) if folder else None
    return EmbeddingStore(access, model, max_bytes, keep_pixels, kept, wait_seconds)


@pytest.fixture
def store(files: Files, model: SegmentAnything) -> EmbeddingStore:
    return store_for(files, model)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images whose files were decoded."""
    names: list[str] = []

    def noted(file: BinaryIO, image: str, *arguments: Any) -> np.ndarray:
        names.append(image)
        return decode(file, image, *arguments)

    monkeypatch.setattr(access, "decode", noted)
    return names


def encodes() -> float:
    return ENCODES._value.get()


def test_nine_labelers_on_one_cold_image_cost_one_fetch_and_one_encode(
    store: EmbeddingStore, files: Files
) -> None:
    url = files.put("one.png", photo(1))
    before = encodes()
    with ThreadPoolExecutor(9) as labelers:
        found = list(labelers.map(lambda _: store.get(url), range(9)))
    assert encodes() - before == 1
    assert len(files.fetched) == 1
    assert all(encoded is found[0] for encoded in found)


def test_a_newly_signed_address_is_the_same_image(store: EmbeddingStore, files: Files) -> None:
    url = files.url + files.put("one.png", photo(1))
    before = encodes()
    first = store.get(f"{url}?X-Goog-Date=1&X-Goog-Signature=aa")
    hits = CACHE_HITS._value.get()
    assert store.get(f"{url}?X-Goog-Date=2&X-Goog-Signature=bb") is first
    assert encodes() - before == 1
    assert CACHE_HITS._value.get() - hits == 1


def test_a_click_on_a_known_image_fetches_nothing(store: EmbeddingStore, files: Files) -> None:
    url = files.put("one.png", photo(1))
    store.get(url)
    store.get(url)
    assert len(files.fetched) == 1


def test_a_replaced_image_is_encoded_anew_when_its_task_is_opened(
    store: EmbeddingStore, files: Files
) -> None:
    url = files.put("one.png", photo(1))
    old = store.get(url)
    opened(store, url)
    assert store.get(url) is old
    files.put("one.png", photo(2))
    opened(store, url)
    assert store.get(url).identity != old.identity


def opened(store: EmbeddingStore, *urls: str) -> None:
    """Open a task, and wait until its images are ready."""
    store.prepare(urls, Priority.OPENED)
    deadline = time.monotonic() + 10
    while any(store._queue.has(store._images.identity(url)) for url in urls):
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.parametrize("keep_pixels", [False, True])
def test_the_bytes_in_memory_stay_bounded(
    files: Files, model: SegmentAnything, keep_pixels: bool
) -> None:
    one = store_for(files, model, keep_pixels=keep_pixels).get(files.put("x.png", photo(0)))
    half = sum(feature.nbytes for feature in one.embedding.features) // 2
    # Two hot ones, and so many bytes again for those at half size.
    most = int(5 * one.nbytes)
    held = int(2.5 * one.nbytes / half)
    store = store_for(files, model, max_bytes=most, keep_pixels=keep_pixels)
    urls = [files.put(f"{seed}.png", photo(seed)) for seed in range(held + 1)]
    for url in urls:
        store.get(url)
    assert len(store._hot) == 2
    assert store._hot.bytes_held + store._memory.bytes_held <= most
    assert len(store._memory) == held
    before = encodes()
    files.fetched.clear()
    store.get(urls[-1])
    assert files.fetched == []
    store.get(urls[-5])
    # The pixels are in the hot ones alone: they are fetched, and nothing is encoded.
    assert len(files.fetched) == int(keep_pixels)
    assert encodes() == before
    store.get(urls[0])
    assert files.fetched[-1] == urls[0]
    assert encodes() - before == 1


def test_back_to_an_image_after_a_restart_encodes_nothing_and_decodes_nothing(
    files: Files, model: SegmentAnything, tmp_path: Path, decoded: list[str]
) -> None:
    url = files.put("one.png", photo(1))
    before = store_for(files, model, folder=tmp_path).get(url)
    until_kept(tmp_path, 1)
    counted = encodes()
    for keep_pixels in (False, True):
        files.fetched.clear()
        decoded.clear()
        again = store_for(files, model, folder=tmp_path, keep_pixels=keep_pixels).get(url)
        assert files.fetched == [url], "the content has to be known, for it may be another one"
        assert (again.pixels is not None) == keep_pixels
        assert len(decoded) == keep_pixels, "pixels are for an encode, and for sharpening masks"
        assert again.identity == before.identity
        pairs = zip(again.embedding.features, before.embedding.features, strict=True)
        assert all(torch.equal(*pair) for pair in pairs), "the same, wherever it lay"
    assert encodes() == counted
    files.put("one.png", photo(2))
    store_for(files, model, folder=tmp_path).get(url)
    assert encodes() - counted == 1


def test_a_damaged_file_costs_an_encode_and_no_wrong_mask(
    files: Files, model: SegmentAnything, tmp_path: Path
) -> None:
    url = files.put("one.png", photo(1))
    before = store_for(files, model, folder=tmp_path).get(url)
    until_kept(tmp_path, 1)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    counted = encodes()
    again = store_for(files, model, folder=tmp_path).get(url)
    assert encodes() - counted == 1
    assert torch.equal(again.embedding.features[0], before.embedding.features[0])
    until_kept(tmp_path, 1)
    kept = KeptEmbeddings(tmp_path, 64 * MIB, model.describe()).get(before.identity)
    assert kept is not None, "made anew"


def until_kept(folder: Path, count: int) -> None:
    """Files are written after the click is answered."""
    deadline = time.monotonic() + 10
    while len(list(folder.glob("*.embedding"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_half_precision_moves_no_mask_that_one_could_see(files: Files) -> None:
    """With the demo's weights, whose masks are those of objects."""
    model = load_model(DEMO, "auto", "cpu")
    assert isinstance(model, SegmentAnything)
    store = store_for(files, model)
    overlaps = []
    for seed in range(2):
        pixels = photo(seed, 240, 320)
        exact, stored = model.encode(pixels), store.get(files.put(f"{seed}.png", pixels)).embedding
        for x, y in ((20, 30), (160, 120), (250, 200)):
            masks = [
                model.full_size(one, model.decode(one, [Click(x, y)])).mask()
                for one in (exact, stored)
            ]
            union = np.logical_or(*masks).sum()
            overlaps.append(np.logical_and(*masks).sum() / union if union else 1.0)
    assert min(overlaps) >= 0.995


def test_an_image_that_cannot_be_had_is_an_error_and_is_tried_again(
    store: EmbeddingStore, files: Files
) -> None:
    with pytest.raises(ImageError):
        store.get("/data/upload/1/late.png")
    assert store.get(files.put("late.png", photo(1))).embedding.original_size == (120, 160)


def test_encoding_ahead_makes_the_first_click_a_hit(store: EmbeddingStore, files: Files) -> None:
    url = files.put("one.png", photo(1))
    opened(store, "/data/upload/1/missing.png", url)
    hits, before = CACHE_HITS._value.get(), encodes()
    files.fetched.clear()
    store.get(url)
    assert CACHE_HITS._value.get() - hits == 1
    assert encodes() == before
    assert files.fetched == []


def test_whoever_prepares_is_told_how_far_each_image_is(
    files: Files, model: SegmentAnything, tmp_path: Path
) -> None:
    store = store_for(files, model, folder=tmp_path)
    urls = [files.put(f"{seed}.png", photo(seed)) for seed in range(3)]
    missing = "/data/upload/1/missing.png"
    first = store.prepare([*urls, missing], Priority.CREATED)
    assert set(first) <= {"waiting", "ready"}
    told: list = []
    deadline = time.monotonic() + 10
    while len(told) < 4 or told[:3] != ["ready"] * 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        seen = store.prepare([*urls, missing], Priority.CREATED)
        told = [*seen[:3], *(one for one in (*told[3:], seen[3]) if isinstance(one, ImageError))]
    assert "missing.png" in str(told[3])
    before = encodes()
    assert store.prepare(urls, Priority.CREATED) == ["ready"] * 3
    assert encodes() == before
    assert isinstance(store.prepare(["ftp://x"], Priority.CREATED)[0], ImageError)


def test_an_embedding_that_cannot_be_kept_is_said(
    files: Files, model: SegmentAnything, tmp_path: Path
) -> None:
    store = store_for(files, model, folder=tmp_path)
    tmp_path.rmdir()
    url = files.put("one.png", photo(1))
    opened(store, url)
    deadline = time.monotonic() + 10
    while not isinstance(told := store.prepare([url], Priority.CREATED)[0], CannotNow):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "cannot be kept" in str(told)
    assert store.get(url).embedding.original_size == (120, 160)


def test_a_click_that_waits_too_long_is_told_so_and_the_next_one_finds_it_done(
    files: Files, sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SegmentAnything(sam, "cpu")
    release, encode = threading.Event(), model.encode

    def held_up(pixels) -> Embedding:
        assert release.wait(10)
        return encode(pixels)

    monkeypatch.setattr(model, "encode", held_up)
    store = store_for(files, model, wait_seconds=0.05)
    url = files.put("one.png", photo(1))
    with pytest.raises(Busy, match="try again in a moment"):
        store.get(url)
    before = encodes()
    release.set()
    deadline = time.monotonic() + 10
    while store._queue.has(store._images.identity(url)):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    store.get(url)
    assert encodes() - before == 1


def test_a_known_image_is_answered_while_another_is_being_encoded(
    files: Files, sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SegmentAnything(sam, "cpu")
    store = store_for(files, model)
    known, cold = files.put("known.png", photo(1)), files.put("cold.png", photo(2))
    store.get(known)
    release, encoding = threading.Event(), threading.Event()
    encode = model.encode

    def held_up(pixels) -> Embedding:
        encoding.set()
        assert release.wait(10)
        return encode(pixels)

    monkeypatch.setattr(model, "encode", held_up)
    other = threading.Thread(target=store.get, args=(cold,))
    other.start()
    assert encoding.wait(5)
    started = time.monotonic()
    store.get(known)
    assert time.monotonic() - started < 0.5
    release.set()
    other.join()


def a_project(
    files: Files, model: SegmentAnything, folder: Path
) -> tuple[EmbeddingStore, str, list[str]]:
    """A store with memory for three, the image that somebody is at, and six more."""
    in_work = files.put("in_work.png", photo(0))
    one = store_for(files, model).get(in_work).nbytes
    store = store_for(files, model, max_bytes=3 * one, folder=folder)
    return store, in_work, [files.put(f"{seed}.png", photo(seed)) for seed in range(1, 7)]


def test_asking_ahead_for_what_was_made_in_between_drives_nothing_out(
    files: Files, model: SegmentAnything, tmp_path: Path
) -> None:
    store, in_work, urls = a_project(files, model, tmp_path)
    for url in urls:
        store.get(url)
    encoded = store.get(in_work)
    # Each became ready between the look for it and its place in the queue.
    asked = [(store._images.identity(url), url) for url in urls]
    for place in store._queue.add(asked, Priority.CREATED):
        assert place is not None
        place.result(20)
    assert store.get(in_work) is encoded


def test_looking_at_a_whole_project_drives_nothing_out_that_is_in_work(
    files: Files, model: SegmentAnything, tmp_path: Path
) -> None:
    store, in_work, urls = a_project(files, model, tmp_path)
    encoded = store.get(in_work)
    deadline = time.monotonic() + 20
    while store.prepare(urls, Priority.CREATED) != ["ready"] * 6:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert store.get(in_work) is encoded
    before = encodes()
    files.fetched.clear()
    for url in urls:
        store.get(url)
    assert encodes() == before
    assert files.fetched == []
