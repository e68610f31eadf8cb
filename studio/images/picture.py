"""Whether a file is a whole picture that browsers show; as a rule it is not decoded for that."""

import hashlib
from pathlib import Path

from PIL import Image as Pictures
from PIL import UnidentifiedImageError

FORMATS = frozenset({"BMP", "GIF", "JPEG", "MPO", "PNG", "WEBP"})
# What a whole file has near its end; programs and telephones append more to it. A GIF's end is one
# byte, which is anywhere.
ENDS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}
TAIL_BYTES = 64 * 1024
# A JPEG's small picture, which has an end of its own, is within its first 64 KB or so.
START_BYTES = 80 * 1024
DAMAGED = "damaged, or not copied completely"


def why_unusable(path: Path) -> str | None:
    """Return why a file cannot be labeled, from what is in it; None if it can.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            with Pictures.open(file) as picture:
                kind = str(picture.format)
        except Pictures.DecompressionBombError:
            return (
                None  # Far too large to be looked at here; the backends have limits of their own.
            )
        except UnidentifiedImageError:
            file.seek(0)
            start = file.read(32)
            heic = start[4:8] == b"ftyp"
            return "HEIC or AVIF under another suffix; convert it to JPEG" if heic else DAMAGED
        # A damaged file makes Pillow's readers fail in many ways.
        except Exception:  # noqa: BLE001
            return DAMAGED
        if kind not in FORMATS:
            return f"{kind} under another suffix; convert it to JPEG or PNG"
        if kind in ENDS:
            size = file.seek(0, 2)
            file.seek(max(0 if kind == "PNG" else START_BYTES, size - TAIL_BYTES))
            if ENDS[kind] in file.read():
                return None
        elif kind != "GIF":
            return None
    return None if _decodes(path) else DAMAGED


def content_of(path: Path) -> str:
    """Return what a file's content is recognised by.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _decodes(path: Path) -> bool:
    try:
        with Pictures.open(path) as picture:
            # A JPEG at an eighth of its size: every byte is read, few pixels are made.
            picture.draft("L", (picture.width // 8, picture.height // 8))
            picture.load()
    except Exception:  # noqa: BLE001
        return False
    return True
