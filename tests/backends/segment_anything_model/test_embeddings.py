import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.segment_anything_model.embeddings import EmbeddingStore, EncodeAhead
from backends.segment_anything_model.sam import Embedding, SegmentAnything
from backends.serving.images import ImageAccess, ImageError
from backends.serving.metrics import CACHE_HITS, ENCODES
from backends.serving.settings import ModelSettings
from tests.backends.files import TOKEN, Files
from tests.backends.segment_anything_model.conftest import photo

MIB = 1024 * 1024


def store_for(files: Files, model: SegmentAnything, max_bytes: int = 64 * MIB) -> EmbeddingStore:
    environment = {
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "IMAGE_HOSTS": files.url.removeprefix("http://"),
        "IMAGE_MAX_MB": "1",
        "IMAGE_MAX_MEGAPIXELS": "1",
        "IMAGE_TIMEOUT_SECONDS": "5",
    }
    access = ImageAccess(ModelSettings.from_environment(environment))
    return EmbeddingStore(access, model, max_bytes, keep_pixels=True)


@pytest.fixture
def store(files: Files, model: SegmentAnything) -> EmbeddingStore:
    return store_for(files, model)


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
    store.refresh(url)
    assert store.get(url) is old
    files.put("one.png", photo(2))
    store.refresh(url)
    assert store.get(url).identity != old.identity


def test_the_bytes_stay_bounded(files: Files, model: SegmentAnything) -> None:
    one = store_for(files, model).get(files.put("x.png", photo(0))).nbytes
    store = store_for(files, model, max_bytes=int(2.5 * one))
    urls = [files.put(f"{seed}.png", photo(seed)) for seed in range(3)]
    for url in urls:
        store.get(url)
    files.fetched.clear()
    store.get(urls[2])
    store.get(urls[0])
    assert files.fetched == [urls[0]]


def test_an_image_that_cannot_be_had_is_an_error_and_is_tried_again(
    store: EmbeddingStore, files: Files
) -> None:
    with pytest.raises(ImageError):
        store.get("/data/upload/1/late.png")
    assert store.get(files.put("late.png", photo(1))).embedding.original_size == (120, 160)


def test_encoding_ahead_makes_the_first_click_a_hit(store: EmbeddingStore, files: Files) -> None:
    url = files.put("one.png", photo(1))
    ahead = EncodeAhead(store)
    ahead.add("/data/upload/1/missing.png")
    ahead.add(url)
    deadline = time.monotonic() + 10
    while not files.fetched or store._cache.get(store._images.identity(url)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    hits = CACHE_HITS._value.get()
    store.get(url)
    assert CACHE_HITS._value.get() - hits == 1


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
