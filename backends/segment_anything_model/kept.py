"""Embeddings in a folder: what one process has encoded, no later one encodes again.

A file is written beside its place and renamed, so it is there whole or not at all; after a power
cut a whole name may still hold half a file, which its SHA-256 tells. Such a file is removed, and
the image encoded anew.
"""

import hashlib
import logging
import os
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from backends.segment_anything_model.packed import DamagedEntry, Packed
from backends.serving.images.identity import of_content_alone

log = logging.getLogger(__name__)

# Changes whenever the same picture and the same weights would give another embedding.
PREPROCESSING = 1
SUFFIX = ".embedding"
# What a killed process left half written. Another one may be writing the younger ones.
ABANDONED_SECONDS = 3600


def key_of(identity: str, model: str) -> str:
    """Return what the embedding of an image's content is kept under.

    Args:
        model: names the weights.
    """
    return f"{of_content_alone(identity)} {model} {PREPROCESSING}"


def file_of(key: str) -> str:
    """Return the name of the file that keeps what is under a key."""
    return hashlib.sha256(key.encode()).hexdigest() + SUFFIX


class KeptEmbeddings:
    """A folder of packed embeddings, bounded in bytes: what was not used for longest goes first.

    A folder that cannot be read or written costs encodes and never an answer.

    Args:
        folder: made if it is missing, for this user alone.
        max_bytes: of all files in it, of whichever model.
        model: names the weights.
    """

    def __init__(self, folder: Path, max_bytes: int, model: str) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._model = model
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._look()
        except OSError as error:
            log.warning("%s cannot hold embeddings: %s", folder, error.strerror)

    def __contains__(self, identity: str) -> bool:
        """Whether there is a file for an image's content; only `get` knows if it is whole."""
        with self._lock:
            return file_of(key_of(identity, self._model)) in self._sizes

    def get(self, identity: str) -> Packed | None:
        """Return the embedding of an image's content, or None."""
        key = key_of(identity, self._model)
        name = file_of(key)
        path = self._folder / name
        try:
            packed = Packed.from_bytes(path.read_bytes(), key)
        except FileNotFoundError:
            self._forget(name)
            return None
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error.strerror)
            return None
        except DamagedEntry as error:
            log.warning("%s is thrown away: %s", path, error)
            self._remove(name)
            return None
        with self._lock:
            if name in self._sizes:
                self._sizes.move_to_end(name)
        with suppress(OSError):
            now = time.time_ns()
            os.utime(path, ns=(now, now))  # For the order after the next start.
        return packed

    def put(self, packed: Packed) -> bool:
        """Keep an embedding; return whether it is kept."""
        key = key_of(packed.identity, self._model)
        name, data = file_of(key), packed.to_bytes(key)
        if len(data) > self._max_bytes:
            log.warning("an embedding of %d bytes is larger than all may be", len(data))
            return False
        draft = self._folder / f"{name}.{os.getpid()}-{threading.get_ident()}.part"
        try:
            self._make_room(len(data))
            draft.write_bytes(data)
            draft.replace(self._folder / name)
        except OSError as error:
            log.warning("an embedding cannot be kept in %s: %s", self._folder, error.strerror)
            with suppress(OSError):
                draft.unlink()
            return False
        with self._lock:
            self._bytes += len(data) - self._sizes.pop(name, 0)
            self._sizes[name] = len(data)
        self._make_room(0)
        return True

    @property
    def bytes_held(self) -> int:
        with self._lock:
            return self._bytes

    def _look(self) -> None:
        """Take stock of the folder, the file that was not used for longest first."""
        found = []
        for entry in os.scandir(self._folder):
            state = entry.stat()
            if entry.name.endswith(SUFFIX):
                found.append((state.st_mtime_ns, entry.name, state.st_size))
            elif entry.name.endswith(".part") and time.time() - state.st_mtime > ABANDONED_SECONDS:
                Path(entry.path).unlink(missing_ok=True)
        self._sizes = OrderedDict((name, size) for _, name, size in sorted(found))
        self._bytes = sum(self._sizes.values())
        self._make_room(0)

    def _make_room(self, size: int) -> None:
        while True:
            with self._lock:
                if not self._sizes or self._bytes + size <= self._max_bytes:
                    return
                oldest = next(iter(self._sizes))
            self._remove(oldest)

    def _remove(self, name: str) -> None:
        self._forget(name)
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be removed: %s", self._folder / name, error.strerror)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._bytes -= self._sizes.pop(name, 0)
