"""What has arrived of a file so far, kept beside the place where the whole will be."""

import errno
import hashlib
import json
import os
from pathlib import Path

from weights.errors import WeightsError

CHUNK_BYTES = 1024 * 1024


class Partial:
    """`.NAME.part` beside NAME, and in `.NAME.part.json` the version that its server gave it.

    Nothing of it is buffered: after a kill the next one goes on behind the last byte that arrived.
    """

    def __init__(self, target: Path) -> None:
        """Read and hash what an earlier run left.

        Raises:
            WeightsError: the folder cannot be written.
        """
        self._target = target
        self._path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")
        self.size = 0
        self._digest = hashlib.sha256()
        try:
            self._file = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._file.seek(0)
        while chunk := self._file.read(CHUNK_BYTES):
            self._digest.update(chunk)
            self.size += len(chunk)

    def sha256(self) -> str:
        """Return the hash of what is here, in hexadecimal digits."""
        return self._digest.hexdigest()

    def version(self, url: str) -> str:
        """Return the entity tag or date that `url` gave what is here, or nothing."""
        try:
            note = json.loads(self._note.read_text())
            return note["version"] if note["url"] == url else ""
        except (OSError, ValueError, KeyError, TypeError):
            # Written by a run that was killed. Without it the hash alone decides.
            return ""

    def begin(self, url: str, version: str) -> None:
        """Forget what is here: what follows is the file's beginning."""
        self._note.unlink(missing_ok=True)
        self._file.truncate(0)
        self.size, self._digest = 0, hashlib.sha256()
        if version:
            self._note.write_text(json.dumps({"url": url, "version": version}))

    def append(self, chunk: bytes) -> None:
        """Write what arrived.

        Raises:
            WeightsError: the disk is full, or cannot be written.
        """
        try:
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._digest.update(chunk)
        self.size += len(chunk)

    def finish(self) -> None:
        """Give the file its name. Nobody writes to it by mistake from then on."""
        os.fsync(self._file.fileno())
        os.fchmod(self._file.fileno(), 0o444)
        self._note.unlink(missing_ok=True)
        self._path.replace(self._target)

    def discard(self) -> None:
        """Remove what is here."""
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave what is here for the next run; nothing at all leaves no trace."""
        self._file.close()
        if not self.size:
            self.discard()


def _cannot_write(path: Path, error: OSError) -> WeightsError:
    if error.errno == errno.ENOSPC:
        return WeightsError(
            f"the disk of {path.parent} is full; make room, then run the same command again: it "
            "goes on from where it stopped"
        )
    return WeightsError(f"{path.parent} cannot be written: {error.strerror}")
