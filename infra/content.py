"""What an image is built from, files and arguments, and one hash over both.

The list is the Dockerfile's own `Dockerfile.dockerignore`, which docker reads too: a first line `*`
shuts everything out and each line `!PATH` lets a file or folder in again. Only that form is read
here, so that a file cannot be in the image and not in the hash.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from infra.settings.facts import BATCH_IMAGE, REPOSITORY

# Made by running the code, never part of it.
GENERATED = ("__pycache__", ".pyc")


class ContextError(ValueError):
    """The list of what goes into an image cannot be used."""


def dockerfile(image: str) -> PurePosixPath:
    """Return where the image's Dockerfile is, relative to the repository."""
    folder = image if image == BATCH_IMAGE else f"backends/{image}"
    return PurePosixPath(folder, "Dockerfile")


def files(image: str, root: Path = REPOSITORY) -> list[PurePosixPath]:
    """Return the files that the image is built from, relative to `root`, in order.

    Raises:
        ContextError: if the list is not a whitelist, or names what is not there.
    """
    ignore = root / f"{dockerfile(image)}.dockerignore"
    found = {dockerfile(image)}
    for pattern in _allowed(ignore):
        path = root / pattern
        if not path.exists():
            raise ContextError(f"{ignore} lets in {pattern}, which does not exist")
        found |= {PurePosixPath(file.relative_to(root).as_posix()) for file in _below(path)}
    return sorted(found)


def content_hash(
    image: str, root: Path = REPOSITORY, arguments: Mapping[str, str] | None = None
) -> str:
    """Return 16 hexadecimal digits that change when the image would.

    Covered are each file's path, content and whether it is executable; not its date or owner. So
    are the build arguments, but for empty ones, which are the Dockerfile's own defaults.

    Raises:
        ContextError: as `files` does.
    """
    total = hashlib.sha256()
    for path in files(image, root):
        file = root / path
        executable = bool(file.stat().st_mode & 0o100)
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{path}\0{executable}\0{content}\n".encode())
    for name, value in sorted((arguments or {}).items()):
        if value:
            total.update(f"\0{name}\0{value}\n".encode())
    return total.hexdigest()[:16]


def _allowed(ignore: Path) -> Iterator[str]:
    try:
        text = ignore.read_text(encoding="utf-8")
    except OSError as fault:
        raise ContextError(f"{ignore} cannot be read ({fault})") from fault
    lines = [line.strip() for line in text.splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    if not patterns or patterns[0] != "*":
        raise ContextError(f"{ignore} has to begin with a line * that shuts everything out")
    for pattern in patterns[1:]:
        if pattern.startswith("!") and not any(sign in pattern for sign in "*?["):
            yield pattern[1:].strip("/")
        elif pattern.lstrip("*/") not in ("__pycache__", ".pyc", "__pycache__/"):
            raise ContextError(
                f"{ignore} has the line {pattern}: only !PATH is read here,"
                " a file or folder without wildcards"
            )


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for child in sorted(path.rglob("*")):
        if child.is_file() and not any(part.endswith(GENERATED) for part in child.parts):
            yield child
