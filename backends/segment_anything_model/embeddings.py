"""The embeddings of the images that labelers are at: each made once, kept in three tiers.

Hot are the ones in work, as decoders take them. Then half-precision ones in memory; then, where a
folder is given, files, which outlive the process.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from backends.segment_anything_model.encode_queue import EncodeQueue, Job, Priority
from backends.segment_anything_model.kept import KeptEmbeddings
from backends.segment_anything_model.model import Embedding, InteractiveModel
from backends.segment_anything_model.packed import Packed
from backends.serving import computing
from backends.serving.cache import SingleFlightCache
from backends.serving.device import sparing_memory
from backends.serving.errors import Busy, CannotNow, Unanswered
from backends.serving.images import Image, ImageAccess
from backends.serving.memory import give_back
from backends.serving.metrics import CACHE_BYTES, CACHE_HITS, CACHE_MISSES

log = logging.getLogger(__name__)

# Label Studio gives up on a click after 100 s; the mask has to be made yet.
CLICK_WAIT_SECONDS = 90.0
# Of the memory for embeddings, what the hot ones have.
HOT_SHARE = 0.5
# Addresses whose content is known, and faults that nobody was told of yet.
REMEMBERED = 100_000

# "full": there was no place in the queue; ask again later.
State = Literal["ready", "waiting", "full"]


@dataclass(frozen=True, eq=False)
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

    A click on a known image makes no trip to the network; after a restart it makes one, which tells
    the content, and encodes nothing. A replaced image (same address, other content) is noticed when
    its task is opened again.

    Args:
        max_bytes: of the embeddings in memory, both tiers together.
        keep_pixels: whether masks are refined on the image itself.
        kept: the folder with what is on disk.
        wait_seconds: how long a click waits.
    """

    def __init__(
        self,
        images: ImageAccess,
        model: InteractiveModel,
        max_bytes: int,
        keep_pixels: bool,
        kept: KeptEmbeddings | None = None,
        wait_seconds: float = CLICK_WAIT_SECONDS,
    ) -> None:
        self._images = images
        self._model = model
        self._keep_pixels = keep_pixels
        self._kept = kept
        self._wait_seconds = wait_seconds
        hot_bytes = int(max_bytes * HOT_SHARE)
        self._hot: SingleFlightCache[str, EncodedImage] = SingleFlightCache(
            hot_bytes, lambda encoded: encoded.nbytes
        )
        self._memory: SingleFlightCache[str, Packed] = SingleFlightCache(
            max_bytes - hot_bytes, lambda packed: packed.nbytes
        )
        self._lock = threading.Lock()
        self._contents: LRUCache[str, str] = LRUCache(REMEMBERED)
        self._faults: LRUCache[str, Unanswered] = LRUCache(REMEMBERED)
        self._queue: EncodeQueue[EncodedImage] = EncodeQueue(self._make)

    @property
    def on_disk(self) -> bool:
        """Whether embeddings outlive the process."""
        return self._kept is not None

    def get(self, url: str) -> EncodedImage:
        """Return the encoded image of an address from task data.

        Raises:
            ImageError: the image cannot be had.
            Busy: others' images take too long. This one stays in the queue.
        """
        source = self._images.identity(url)
        known = self._resident(source)
        if known is not None:
            CACHE_HITS.inc()
            return known
        CACHE_MISSES.inc()
        (future,) = self._queue.add([(source, url)], Priority.CLICK)
        assert future is not None, "a click always finds a place"
        try:
            return future.result(self._wait_seconds)
        except TimeoutError:
            if future.done():
                raise  # It is the work's own.
            raise Busy(
                f"the model has been reading images for more than {self._wait_seconds:g} s; this "
                "one is among the next: try again in a moment"
            ) from None

    def prepare(self, urls: Sequence[str], priority: Priority) -> list[State | Unanswered]:
        """Encode images before anybody clicks on them; returns at once.

        Args:
            urls: addresses from task data, the most wanted first.

        Returns:
            How far each is, or, of those that are merely created, why it could not be had. That is
            told once: the next call tries again.
        """
        states: list[State | Unanswered] = []
        wanted: dict[int, tuple[str, str]] = {}
        for number, url in enumerate(urls):
            try:
                source = self._images.identity(url)
            except Unanswered as error:
                states.append(error)
                continue
            states.append(self._state(source, priority))
            # One that is ready, and open, may have been replaced.
            if states[-1] == "waiting" or (states[-1] == "ready" and priority == Priority.OPENED):
                wanted[number] = (source, url)
        places = self._queue.add(list(wanted.values()), priority) if wanted else []
        for number, future in zip(wanted, places, strict=True):
            if states[number] == "waiting" and future is None:
                states[number] = "full"
        return states

    def _state(self, source: str, priority: Priority) -> State | Unanswered:
        with self._lock:
            fault = self._faults.pop(source, None)
            content = self._contents.get(source)
        # Who has a task open wants another try, whatever became of the last one.
        if fault is not None and priority == Priority.CREATED:
            return fault
        # Ready is what stays: with a folder what is there.
        if self._kept is not None:
            ready = content is not None and content in self._kept
        else:
            packed = self._memory.get(content) if content is not None else None
            ready = packed is not None or self._hot.get(source) is not None
        return "ready" if ready else "waiting"

    def _resident(self, source: str, becomes_hot: bool = True) -> EncodedImage | None:
        """What can be had at once: a hot one, or what was made of the same image before."""
        known = self._hot.get(source)
        if known is not None or self._keep_pixels:
            return known
        with self._lock:
            content = self._contents.get(source)
        packed = self._packed(content) if content is not None else None
        if packed is None:
            return None
        if not becomes_hot:
            return self._encoded(packed, None)
        # All who come at the same moment get one embedding.
        return self._hot.get_or_compute(source, lambda: self._encoded(packed, None))

    def _packed(self, content: str) -> Packed | None:
        packed = self._memory.get(content)
        if packed is None and self._kept is not None:
            packed = self._kept.get(content)
            if packed is not None:
                self._memory.put(content, packed)
        return packed

    def _packed_anew(self, image: Image) -> Packed:
        embedding = sparing_memory(lambda: self._model.encode(image.pixels))
        return Packed.of(image.identity, embedding)

    def _encoded(self, packed: Packed, pixels: NDArray[np.uint8] | None) -> EncodedImage:
        embedding = self._model.brief.do(
            lambda: self._model.readied(packed.embedding(self._model.device))
        )
        return EncodedImage(packed.identity, embedding, pixels)

    def _make(self, job: Job[EncodedImage]) -> EncodedImage:
        """Do a job of the queue, in one of its threads."""
        try:
            return self._load_and_encode(job)
        except Exception as error:
            self._note(job, error)
            raise
        finally:
            # The encoder's memory, and that of the pixels, which this thread has let go of by now.
            # Where others wait, the next one takes it.
            if self._model.device.type == "cpu" and not self._queue.has_others(job):
                give_back()

    def _load_and_encode(self, job: Job[EncodedImage]) -> EncodedImage:
        # Who asked ahead may find it made in between. Nobody clicks on it yet, so it drives nothing
        # out of what is hot.
        ahead = job.priority == Priority.CREATED
        known = self._resident(job.source, becomes_hot=not ahead)
        if known is not None and not job.may_be_stale:
            return known
        with self._images.loaded(job.url) as image:
            if known is not None and known.identity == image.identity:
                return known
            packed = self._packed(image.identity)
            if packed is None:
                _ = image.pixels  # While others are encoded.
                with self._queue.turn(job):
                    packed = computing.at_length(lambda: self._packed_anew(image))
                self._store(job, packed)
            encoded = self._encoded(packed, image.pixels if self._keep_pixels else None)
        if job.priority <= Priority.OPENED or (self._keep_pixels and job.priority == Priority.NEXT):
            self._hot.put(job.source, encoded)
        with self._lock:
            self._contents[job.source] = image.identity
        CACHE_BYTES.set(self._hot.bytes_held + self._memory.bytes_held)
        return encoded

    def _store(self, job: Job[EncodedImage], packed: Packed) -> None:
        if job.priority == Priority.CREATED and self._keep(job, packed):
            return  # A thousand of these must not drive out what labelers are at.
        self._memory.put(packed.identity, packed)
        if job.priority != Priority.CREATED:
            # When those who wait for it have it.
            job.future.add_done_callback(lambda _: self._keep(job, packed))

    def _keep(self, job: Job[EncodedImage], packed: Packed) -> bool:
        if self._kept is None:
            return False
        kept = self._kept.put(packed)
        if not kept:
            self._note(job, CannotNow("its embedding cannot be kept; the backend's log says why"))
        return kept

    def _note(self, job: Job[EncodedImage], error: Exception) -> None:
        """Keep a fault for whoever asks how far the image is; the click on it meets it again."""
        told = "the model failed on it; the backend's log says how"
        fault = error if isinstance(error, Unanswered) else CannotNow(told)
        if not job.is_click:  # Whoever clicked has it logged.
            traceback = None if fault is error else error
            log.warning("an image could not be encoded ahead: %s", error, exc_info=traceback)
        with self._lock:
            self._faults[job.source] = fault
