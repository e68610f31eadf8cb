"""The declared changes to Label Studio's pages, read, and made to a file's bytes: pure."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

DECLARED = Path(__file__).with_name("changes.toml")


@dataclass(frozen=True)
class Change:
    """One text of one file, replaced.

    Attributes:
        name: what `status` and the log call it.
        file: name in Label Studio's folder of compiled pages.
        sha256: of the whole file as it is installed.
        find: the text that stands there exactly once.
        replace: what comes in its place.
        why: for people.
    """

    name: str
    file: str
    sha256: str
    find: str
    replace: str
    why: str


@dataclass(frozen=True)
class Changed:
    """What became of the declared changes.

    Attributes:
        files: name -> bytes of each file that differs from the installed one.
        refused: name of a change -> why it was not made, one sentence; None for one that was.
    """

    files: Mapping[str, bytes]
    refused: Mapping[str, str | None]

    def digest(self, label_studio: str) -> str:
        """Twelve hexadecimal digits: others for another version of Label Studio or other files."""
        summed = hashlib.sha256(label_studio.encode())
        for name in sorted(self.files):
            summed.update(name.encode() + b"\0" + hashlib.sha256(self.files[name]).digest())
        return summed.hexdigest()[:12]

    @property
    def problems(self) -> list[str]:
        """A sentence for each change that was not made."""
        return [f"{name}: {reason}" for name, reason in self.refused.items() if reason]


class ChangeError(Exception):
    """A change does not fit the installed file; the message is one sentence."""


def pages_folder(label_studio: Path) -> Path:
    """Return the folder of the compiled pages that belong to the package ``label_studio``."""
    return label_studio.parent / "web" / "dist" / "apps" / "labelstudio"


def declared() -> list[Change]:
    """Return the changes of changes.toml."""
    return read_changes(DECLARED.read_text(encoding="utf-8"))


def read_changes(text: str) -> list[Change]:
    """Read changes.toml; a key too many or too few is a TypeError."""
    return [Change(**entry) for entry in tomllib.loads(text)["change"]]


def changed(changes: Iterable[Change], folder: Path) -> Changed:
    """Make ``changes`` to what is installed in ``folder``, in memory.

    The installed files are left alone: uv shares them by hard link with its cache and so with other
    environments. A change that does not fit is left out, and the other ones are made.
    """
    files: dict[str, bytes] = {}
    refused: dict[str, str | None] = {}
    for change in changes:
        try:
            installed = _installed(change, folder)
            files[change.file] = made(change, files.get(change.file, installed))
            refused[change.name] = None
        except ChangeError as error:
            refused[change.name] = str(error)
    return Changed(files, refused)


def made(change: Change, content: bytes) -> bytes:
    """Return ``content`` with the change made.

    Raises:
        ChangeError: the text to be replaced is not there exactly once.
    """
    find = change.find.encode()
    if (times := content.count(find)) != 1:
        raise ChangeError(f"{change.file} holds the text to be replaced {times} times, not once")
    return content.replace(find, change.replace.encode())


def _installed(change: Change, folder: Path) -> bytes:
    try:
        content = (folder / change.file).read_bytes()
    except OSError as error:
        raise ChangeError(f"{change.file} cannot be read: {error.strerror}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != change.sha256:
        raise ChangeError(
            f"{change.file} is not the file that the change was written for: "
            f"its SHA-256 begins with {found[:12]}, expected {change.sha256[:12]}"
        )
    return content
