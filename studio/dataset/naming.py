"""What the files of a data set are called: as the pictures are."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from studio.dataset.labelled import Entry
from studio.project.project_file import SOURCE_KEY

# Label Studio puts eight digits in front of what is uploaded (data_import/uploader.py).
UPLOADED = re.compile(r"^[0-9a-f]{8}-")
# What no file may be called on some system.
FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f]')


def names_of(entries: Iterable[Entry], image_keys: Iterable[str]) -> dict[int, PurePosixPath]:
    """Return task id -> its picture's path in the data set, with suffix.

    No two paths are equal but for suffix and case, so that a mask can be called like its picture.
    Where several would have one name, the first of them has it: a picture that is labeled after
    one of a later task may take it over.

    Args:
        entries: in the order of their ids.
        image_keys: keys of the tasks' data that may hold an address, where nothing else does.
    """
    taken: set[str] = set()
    names = {}
    keys = list(image_keys)
    for entry in entries:
        path = _clean(_path(entry, keys)) or PurePosixPath(f"task-{entry.id}")
        stem = path.with_suffix("")
        # a.jpg and a.png: the second one's mask is a.png.png.
        for candidate in (stem, path, path.with_name(f"{stem.name}-task{entry.id}")):
            if _key(candidate) not in taken:
                break
        else:
            candidate = PurePosixPath(f"task-{entry.id}")
        taken.add(_key(candidate))
        names[entry.id] = candidate.with_name(candidate.name + path.suffix)
    return names


def _key(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _path(entry: Entry, image_keys: list[str]) -> str:
    source = entry.data.get(SOURCE_KEY)
    if not isinstance(source, str) or not source:
        addresses = [entry.data.get(key) for key in image_keys]
        source = next((one for one in addresses if isinstance(one, str)), "")
        path = PurePosixPath(unquote(urlsplit(source).path))
        return UPLOADED.sub("", path.name)
    if source.startswith("gs://"):  # Object names are not escaped.
        return source.removeprefix("gs://").partition("/")[2]
    return unquote(urlsplit(source).path) if "://" in source else source


def _clean(path: str) -> PurePosixPath | None:
    parts = [
        FORBIDDEN.sub("_", unicodedata.normalize("NFC", part)).strip(". ")
        for part in path.split("/")
    ]
    kept = [part for part in parts if part]
    return PurePosixPath(*kept) if kept else None
