"""One file of a model's weights."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file of a model's weights.

    Attributes:
        name: its name in the model's folder.
        url: where it is: https, http, gs or file.
        sha256: of its content, 64 hexadecimal digits.
        size: in bytes; None for a file that was given by its address.
    """

    name: str
    url: str
    sha256: str
    size: int | None = None


Report = Callable[[File, int, int | None], None]
"""What is told while a file arrives: the file, the bytes that are here, and how many it has."""


def is_digest(text: str) -> bool:
    """Return whether a text is a SHA-256 in lower-case hexadecimal digits."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def is_file_name(text: str) -> bool:
    """Return whether a text names a file in a folder, and not one elsewhere or a hidden one."""
    return bool(text) and not set(text) & set("/\\\0") and not text.startswith(".")


def megabytes(size: int) -> str:
    """Return a number of bytes in words, in units of 1000 as file managers show them."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
