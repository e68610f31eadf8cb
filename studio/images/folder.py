"""The images of a folder, which are uploaded."""

import os
import unicodedata
from pathlib import Path

from studio.images.image import FoundImages, Image, why_no_image
from studio.output import printable

# Label Studio takes less than 250 MB in a request (TASKS_MAX_FILE_SIZE).
MAX_BYTES = 250 * 1000 * 1000
NO_TEXT = "its name is not in UTF-8; rename it"
NO_LINE = "its name has a line break or another control character; rename it"


def in_folder(folder: Path, leave_out: Path | None) -> FoundImages:
    """Return the images below ``folder``; hidden files and ``leave_out`` are not mentioned."""
    images: list[Image] = []
    ignored: list[tuple[str, str]] = []
    left_out = leave_out.resolve() if leave_out else None
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts):
            continue
        name = relative.as_posix()
        try:
            if not path.is_file() or path.resolve() == left_out:
                continue
            found = path.stat()
        except OSError as error:
            ignored.append((printable(name), f"cannot be read: {error.strerror}"))
            continue
        if reason := why_bad_name(name) or why_no_image(path.name, found.st_size):
            ignored.append((printable(name), reason))
        elif not os.access(path, os.R_OK):
            ignored.append((name, "cannot be read: Permission denied"))
        elif found.st_size >= MAX_BYTES:
            ignored.append((name, "larger than the 250 MB that Label Studio takes"))
        else:
            images.append(Image(name, path, size=found.st_size, modified=found.st_mtime_ns))
    return FoundImages(tuple(images), tuple(ignored))


def why_bad_name(name: str) -> str | None:
    """Return why a file of this name cannot be imported; None if it can."""
    if not is_text(name):
        return NO_TEXT
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in name):
        return NO_LINE
    return None


def is_text(name: str) -> bool:
    """Whether a file's name is in UTF-8; those in old archives may not be."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
