"""The embeddings of the images that labelers are at: kept in memory, each made once."""

import logging
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.segment_anything_model.model import Embedding, InteractiveModel
from backends.serving.cache import SingleFlightCache
from backends.serving.device import sparing_memory
from backends.serving.errors import Unanswered
from backends.serving.images import Image, ImageAccess
from backends.serving.limits import taking_turns
from backends.serving.metrics import CACHE_BYTES, CACHE_HITS, CACHE_MISSES

log = logging.getLogger(__name__)

# Tasks that wait to be encoded ahead; of more, the newest are the ones that labelers have open.
MOST_WAITING = 64


@dataclass(frozen=True)
class EncodedImage:
    """An image as clicks need it.

    Attributes:
        identity: the identity of the image's content.
        embedding: what the encoder saw.
        pixels: uint8 RGB (H, W, 3) where masks are refined on the image itself, else None.
    """

    identity: str
    embedding: Embedding
    pixels: NDArray[np.uint8] | None

    @property
    def nbytes(self) -> int:
        return self.embedding.nbytes + (0 if self.pixels is None else self.pixels.nbytes)


class EmbeddingStore:
    """Embeddings by the identity of the image, never by a signed address.

    A click on a known image makes no trip to the network. A replaced image (same address, other
    content) is noticed when its task is opened again, which calls `refresh`.
    """

    def __init__(
        self, images: ImageAccess, model: InteractiveModel, max_bytes: int, keep_pixels: bool
    ) -> None:
        self._images = images
        self._model = model
        self._keep_pixels = keep_pixels
        self._encode_lock = threading.Lock()
        self._cache: SingleFlightCache[str, EncodedImage] = SingleFlightCache(
            max_bytes, lambda encoded: encoded.nbytes
        )

    def get(self, url: str) -> EncodedImage:
        """Return the encoded image of an address from task data.

        Raises:
            ImageError: the image cannot be had.
            Busy: others' images take too long.
        """
        source = self._images.identity(url)
        known = self._cache.get(source)
        if known is not None:
            CACHE_HITS.inc()
            return known
        CACHE_MISSES.inc()
        return self._keep(source, url)

    def refresh(self, url: str) -> None:
        """Make sure that the embedding of an address is that of its present content.

        Raises:
            ImageError: the image cannot be had.
        """
        source = self._images.identity(url)
        known = self._cache.get(source)
        if known is not None:
            if self._images.load(url).identity == known.identity:
                return
            self._cache.discard(source)
        self._keep(source, url)

    def _keep(self, source: str, url: str) -> EncodedImage:
        encoded = self._cache.get_or_compute(source, lambda: self._load_and_encode(url))
        CACHE_BYTES.set(self._cache.bytes_held)
        return encoded

    def _load_and_encode(self, url: str) -> EncodedImage:
        with self._images.loaded(url) as image:
            return self._encode(image)

    def _encode(self, image: Image) -> EncodedImage:
        with taking_turns(self._encode_lock, "other images have been read by the model"):
            embedding = sparing_memory(lambda: self._model.encode(image.pixels))
        return EncodedImage(image.identity, embedding, image.pixels if self._keep_pixels else None)


class EncodeAhead:
    """One thread that encodes the images of opened tasks, the newest first."""

    def __init__(self, store: EmbeddingStore) -> None:
        self._store = store
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._wake = threading.Condition()
        threading.Thread(target=self._run, name="encode-ahead", daemon=True).start()

    def add(self, url: str) -> None:
        """Encode the image of an address when those added later are done."""
        with self._wake:
            if url in self._waiting:
                self._waiting.remove(url)
            self._waiting.append(url)
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting:
                    self._wake.wait()
                url = self._waiting.pop()
            try:
                self._store.refresh(url)
            except Unanswered as error:
                log.warning("an image could not be encoded ahead: %s", error)
            # The thread must outlive any one image; the click on it will meet the same fault.
            except Exception:
                log.exception("encoding ahead failed")
