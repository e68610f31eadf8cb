"""The images of a folder, which are uploaded."""

import hashlib
from collections import defaultdict
from pathlib import Path

from studio.images.image import FoundImages, Image, why_no_image


def in_folder(folder: Path, leave_out: Path | None) -> FoundImages:
    """Return the images below ``folder``; hidden files and ``leave_out`` are not mentioned."""
    images, ignored = [], []
    left_out = leave_out.resolve() if leave_out else None
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or not path.is_file() or path.resolve() == left_out:
            continue
        if reason := why_no_image(path.name, path.stat().st_size):
            ignored.append((relative.as_posix(), reason))
        else:
            images.append(Image(relative.as_posix(), path))
    return FoundImages(tuple(images), tuple(ignored), _same_content(images))


def _same_content(images: list[Image]) -> tuple[tuple[str, ...], ...]:
    """Group images whose files are equal; only files of one size are read."""
    by_size: dict[int, list[tuple[str, Path]]] = defaultdict(list)
    for image in images:
        if image.path is not None:
            by_size[image.path.stat().st_size].append((image.source, image.path))
    by_content: dict[str, list[str]] = defaultdict(list)
    for alike in by_size.values():
        for source, path in alike if len(alike) > 1 else ():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            by_content[digest].append(source)
    return tuple(tuple(sources) for sources in by_content.values() if len(sources) > 1)
