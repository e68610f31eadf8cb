"""The weights of all clones of a user, each file once: by its hash, and in a folder a model."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from weights.access import Access
from weights.carried import carried
from weights.catalogue import Model
from weights.download import download, silent
from weights.errors import WeightsError
from weights.file import File, Report, megabytes


class Cache:
    """A folder of weights.

    files/SHA256 is a file's content; SHA256.sealed beside it its size and time when its hash was
    checked; models/DIGEST/MODEL/NAME a link to it under the name that the model's loader expects.
    """

    def __init__(self, folder: Path, access: Access, tell: Callable[[str], None] = print) -> None:
        """Nothing is made before the first fetch.

        Args:
            tell: gets a sentence about what a person should know: a damaged file, another process.
        """
        self.folder = folder
        self._access = access
        self._tell = tell

    def path(self, model: Model) -> Path:
        """Return where a model is, or will be: its file, or the folder of its files."""
        folder = self._folder_of(model)
        return folder if model.is_folder else folder / model.files[0].name

    def missing(self, model: Model) -> list[File]:
        """Return the files that have to be fetched. A file that was changed is one of them.

        Raises:
            WeightsError: the cache cannot be read.
        """
        with self._plain_errors():
            return [file for file in model.files if not self._is_whole(file)]

    def left(self, model: Model) -> int | None:
        """Return how many bytes are still to be fetched; None where a size is not known."""
        total = 0
        for file in self.missing(model):
            if file.size is None:
                return None
            part = self._content(file).with_name(f".{file.sha256}.part")
            total += file.size - (part.stat().st_size if part.is_file() else 0)
        return total

    def fetch(self, model: Model, report: Report = silent) -> Path:
        """Fetch what is missing of a model. Return its file, or the folder of its files.

        Several processes may do this at once: the second waits for the first.

        Raises:
            WeightsError: a file cannot be had, or the cache cannot be written.
        """
        for file in model.files:
            self.fetch_file(file, report)
        with self._plain_errors():
            self._link(model)
        return self.path(model)

    def fetch_file(self, file: File, report: Report = silent) -> Path:
        """Fetch a file where it is missing. Return where its content is, under its hash.

        Raises:
            WeightsError: as `fetch` does.
        """
        with self._plain_errors():
            if not self._is_whole(file):
                self._fetch(file, report)
        return self._content(file)

    def check(self, file: File) -> bool | None:
        """Read a file again and compare its hash. None where it is not here.

        Raises:
            WeightsError: the cache cannot be read.
        """
        content = self._content(file)
        with self._plain_errors():
            return hash_of(content) == file.sha256 if content.is_file() else None

    def _fetch(self, file: File, report: Report) -> None:
        content = self._content(file)
        content.parent.mkdir(parents=True, exist_ok=True)
        with self._lock(file):
            if self._is_whole(file):  # Another process was faster.
                return
            if content.is_file():
                self._tell(f"{file.name} was damaged in {self.folder}; it is fetched again")
                content.unlink()
            if (own := carried(file.sha256)) is not None:
                _put(content, lambda draft: shutil.copyfile(own, draft))
                self._seal(file)
                return
            room = shutil.disk_usage(content.parent).free
            if file.size is not None and room < file.size:
                raise WeightsError(
                    f"{file.name} has {megabytes(file.size)}, and the disk of {self.folder} has "
                    f"{megabytes(room)} left. Make room, or name another folder: XDG_CACHE_HOME=..."
                )
            download(file, content, self._access, report)
            self._seal(file)

    def _is_whole(self, file: File) -> bool:
        """Compare size and time with those when the hash was checked; after a change, the hash."""
        content = self._content(file)
        if not content.is_file():
            return False
        seal = self._seal_of(file)
        if seal.is_file() and seal.read_text() == _state(content):
            return True
        if hash_of(content) != file.sha256:
            return False
        self._seal(file)
        return True

    def _seal(self, file: File) -> None:
        _put(self._seal_of(file), lambda draft: draft.write_text(_state(self._content(file))))

    def _link(self, model: Model) -> None:
        folder = self._folder_of(model)
        folder.mkdir(parents=True, exist_ok=True)
        for file in model.files:
            target = os.path.relpath(self._content(file), folder)
            link = folder / file.name
            if not link.is_symlink() or os.readlink(link) != target:
                _put(link, lambda draft, target=target: draft.symlink_to(target))

    def _folder_of(self, model: Model) -> Path:
        """Return a folder with the model's name, which the backend's version begins with."""
        facts = "".join(f"{file.name}={file.sha256}\n" for file in model.files)
        digest = hashlib.sha256(facts.encode()).hexdigest()[:16]
        return self.folder / "models" / digest / model.name

    def _content(self, file: File) -> Path:
        return self.folder / "files" / file.sha256

    def _seal_of(self, file: File) -> Path:
        return self.folder / "files" / f"{file.sha256}.sealed"

    @contextmanager
    def _lock(self, file: File) -> Iterator[None]:
        """Hold the right to fetch a file; the kernel gives it back when this process ends."""
        with (self.folder / "files" / f"{file.sha256}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._tell(f"another process fetches {file.name}; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WeightsError(
                f"the cache of weights {self.folder} cannot be used: {error}. XDG_CACHE_HOME=... "
                "puts it into another folder"
            ) from error


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _state(content: Path) -> str:
    facts = content.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _put(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file or a link beside its place and move it there, whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    make(draft)
    draft.replace(path)
