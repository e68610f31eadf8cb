"""The encoding of a text file, which the file does not say."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from studio.errors import CatalogueError, StudioError

MARKS = (
    # UTF-32's mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What spreadsheets of the West write, of other alphabets, and of older machines.
WESTERN = "cp1252"
OTHERS = ("cp1250", "cp1251", "cp1253", "cp1254", "cp850", "shift_jis", "gb18030", "big5", "euc_kr")
NAMES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
EXAMPLES = 3


@dataclass(frozen=True)
class Text:
    """A file's text, and the encoding that it was read in as a person calls it."""

    content: str
    encoding: str


def decode(content: bytes, name: str, encoding: str = "") -> Text:
    """Return the text of ``content``.

    Args:
        name: what the file is called in messages.
        encoding: the one to take; found out if "".

    Raises:
        CatalogueError: ``encoding`` is not that of the file.
    """
    if encoding:
        return Text(_decoded(content, name, encoding), NAMES.get(encoding, encoding))
    if found := _certain(content):
        said = NAMES.get(found.removesuffix("-le").removesuffix("-be"), found.upper())
        return Text(_decoded(content, name, found), said)
    try:
        return Text(_without_marks(content.decode("utf-8")), "UTF-8")
    except UnicodeDecodeError:
        found = _guess(content)
    text = content.decode(found)
    words = ", ".join(dict.fromkeys(re.findall(r"\w*[^\x00-\x7f]\w*", text)[:EXAMPLES]))
    return Text(text, f"{NAMES.get(found, found)}, going by its letters ({words})")


def read_text(path: Path) -> str:
    """Return the text of a file that a person wrote, lines ending in line feeds.

    It is in UTF-8, or in UTF-16 or UTF-32 as its first bytes say. Nothing is guessed: a letter that
    is taken for another one would be seen by every labeler.

    Raises:
        StudioError: it is in another encoding.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    try:
        text = _without_marks(content.decode(_certain(content) or "utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StudioError(
            f"{path}, line {line}: this is not in UTF-8; save the file again, in UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _certain(content: bytes) -> str:
    """Return an encoding that the bytes leave no doubt about; "" where they do."""
    for mark, found in MARKS:
        if content.startswith(mark):
            return found
    # Text of our alphabets in UTF-16 has a zero in nearly every other byte.
    for zeros, found in ((content[1::2], "utf-16-le"), (content[::2], "utf-16-be")):
        if zeros.count(0) > len(zeros) / 2:
            return found
    return ""


def _guess(content: bytes) -> str:
    """Return a likely encoding. A short table is too little to tell the Western ones apart."""
    best = charset_normalizer.from_bytes(content, cp_isolation=[WESTERN, *OTHERS]).best()
    if best is not None and WESTERN not in best.could_be_from_charset:
        return best.encoding
    try:
        content.decode(WESTERN)
    except UnicodeDecodeError:
        return "latin-1"  # Every byte has a meaning in it.
    return WESTERN


def _decoded(content: bytes, name: str, encoding: str) -> str:
    try:
        return _without_marks(content.decode(encoding))
    except UnicodeError as error:
        # Some decoders do not say where.
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content.count(b"\n", 0, start) + 1
        raise CatalogueError(
            f"{name}, line {line}: this is not in the encoding {encoding}; correct or omit "
            "`encoding` in the project file"
        ) from None


def _without_marks(text: str) -> str:
    """A tool that saves a file again may add a second mark."""
    return text.lstrip("\ufeff")
